#include "github/documents.h"

#include <algorithm>
#include <array>
#include <vector>

namespace cloudfolio::github {
namespace {

constexpr std::array<std::string_view, 7> kReadmeForms{
    "readme.md",  "readme.markdown", "readme.rst", "readme.adoc",
    "readme.org", "readme.txt",      "readme"};
constexpr std::string_view kLfsStart = "version https://git-lfs.github.com/spec/v1";

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  return out;
}

// Smaller is better; nothing if it is not that document at all.
std::optional<std::size_t> rank(DocumentKind kind, std::string_view name) {
  if (name == file_name_of(kind)) return 0;
  const std::string folded = lower(name);
  if (folded == lower(file_name_of(kind))) return 1;
  if (kind != DocumentKind::readme) return std::nullopt;
  const auto form = std::find(kReadmeForms.begin(), kReadmeForms.end(), folded);
  if (form == kReadmeForms.end()) return std::nullopt;
  return 1 + std::size_t(form - kReadmeForms.begin());
}

// How many bytes at the end begin a character without ending it.
std::size_t broken_end(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;  // Goes on with the byte before.
    const std::size_t whole = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return back < whole ? back : 0;
  }
  return 0;
}

}  // namespace

const TreeEntry* find_document(DocumentKind kind, std::span<const TreeEntry> tree) {
  const TreeEntry* best = nullptr;
  std::pair<std::size_t, std::string_view> best_rank;
  for (const TreeEntry& entry : tree) {
    if (entry.type != TreeEntry::Type::blob || entry.path.find('/') != std::string::npos) continue;
    const auto found = rank(kind, entry.path);
    if (!found) continue;
    const std::pair<std::size_t, std::string_view> own{*found, entry.path};
    if (best && best_rank <= own) continue;
    best = &entry;
    best_rank = own;
  }
  return best;
}

std::optional<std::string> resolve_link(std::string_view from_path, std::string_view target) {
  if (target.empty() || target.front() == '/') return std::nullopt;
  std::vector<std::string> parts;
  const auto add = [&](std::string_view path) {
    for (std::size_t at = 0; at <= path.size();) {
      const std::size_t slash = std::min(path.find('/', at), path.size());
      const std::string_view part = path.substr(at, slash - at);
      at = slash + 1;
      if (part.empty() || part == ".") continue;
      if (part != "..") {
        parts.emplace_back(part);
        continue;
      }
      if (parts.empty()) return false;
      parts.pop_back();
    }
    return true;
  };
  const auto slash = from_path.rfind('/');
  if (slash != std::string_view::npos) add(from_path.substr(0, slash));
  if (!add(target) || parts.empty()) return std::nullopt;
  std::string out = parts.front();
  for (std::size_t at = 1; at < parts.size(); ++at) out += "/" + parts[at];
  return out;
}

void set_absent(Document& document, std::string note) {
  document = Document();
  document.state = Document::State::absent;
  document.note = std::move(note);
}

void set_binary(Document& document) {
  document.state = Document::State::binary;
  document.text.clear();
  document.note = "not text: binary, or not UTF-8";
}

void set_text(Document& document, std::string_view text, bool is_cut) {
  document.note.clear();
  if (text.starts_with(kLfsStart)) {
    document.state = Document::State::binary;
    document.text.clear();
    document.note = "the file itself is in Git LFS; the repository holds a pointer";
    return;
  }
  const bool cut = is_cut || text.size() > kDocumentBytesMax;
  if (cut) text = text.substr(0, kDocumentTextBytesMax);
  if (cut) text.remove_suffix(broken_end(text));
  document.state = cut ? Document::State::truncated : Document::State::present;
  document.text = std::string(text);
  if (cut) document.note = "only the beginning is kept";
}

void set_bytes(Document& document, std::string bytes) {
  if (!is_text(bytes)) return set_binary(document);
  set_text(document, bytes, false);
}

bool is_text(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto lead = static_cast<unsigned char>(bytes[at]);
    if (lead == 0) return false;
    if (lead < 0x80) {
      ++at;
      continue;
    }
    const std::size_t more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (lead < 0xc2 || lead > 0xf4 || bytes.size() - at <= more) return false;
    for (std::size_t next = 1; next <= more; ++next)
      if ((static_cast<unsigned char>(bytes[at + next]) & 0xc0) != 0x80) return false;
    const auto second = static_cast<unsigned char>(bytes[at + 1]);
    // Overlong forms, surrogates, beyond U+10FFFF (Unicode 15, table 3-7).
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
        (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f))
      return false;
    at += more + 1;
  }
  return true;
}

}  // namespace cloudfolio::github

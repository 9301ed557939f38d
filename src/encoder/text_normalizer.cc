#include "encoder/text_normalizer.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdint>
#include <span>

namespace cloudfolio::encoder {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

#include "encoder/unicode_differences.inc"

bool in(std::span<const Range> ranges, char32_t c) {
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), c,
                       [](char32_t value, const Range& range) { return value < range.first; });
  return after != ranges.begin() && c <= std::prev(after)->last;
}

utf8proc_category_t category(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

bool is_space(char32_t c) {
  if (c == ' ' || (c >= 0x09 && c <= 0x0D) || c == 0x85) return true;
  if (c < 0x80) return false;
  const auto kind = category(c);
  return kind == UTF8PROC_CATEGORY_ZS || kind == UTF8PROC_CATEGORY_ZL ||
         kind == UTF8PROC_CATEGORY_ZP;
}

// Vertical tab, form feed and next line are white space and controls at once: controls come first.
bool is_removed(char32_t c) {
  if (c == '\t' || c == '\n' || c == '\r') return false;
  if (c == 0xFFFD) return true;
  const auto kind = category(c);
  if (kind == UTF8PROC_CATEGORY_CF) return !in(kNewerFormats, c);
  return kind == UTF8PROC_CATEGORY_CC || kind == UTF8PROC_CATEGORY_CO;
}

// 0x2B920 is what Hugging Face writes, where Unicode's block begins at 0x2B820.
bool is_cjk(char32_t c) {
  constexpr Range kBlocks[] = {{0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFAFF},
                               {0x20000, 0x2A6DF}, {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F},
                               {0x2B920, 0x2CEAF}, {0x2F800, 0x2FA1F}};
  return c >= 0x3400 && in(kBlocks, c);
}

bool is_mark(char32_t c) {
  if (c == 0x1734) return true;
  return category(c) == UTF8PROC_CATEGORY_MN && !in(kNewerMarks, c);
}

char32_t lower(char32_t c) {
  for (const CaseRange& range : kNewerCapitals) {
    if (c >= range.first && c <= range.last) {
      return static_cast<char32_t>(static_cast<std::int32_t>(c) + range.offset);
    }
  }
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
}

int combining_class(char32_t c) {
  return utf8proc_get_property(static_cast<utf8proc_int32_t>(c))->combining_class;
}

// A longest canonical decomposition has 4 code points.
constexpr utf8proc_ssize_t kDecompositionMax = 32;

void append_decomposed(char32_t c, std::u32string& out) {
  utf8proc_int32_t parts[kDecompositionMax];
  int last_boundclass = 0;
  const auto count = c == 0x11938 ? 0  // Not in Hugging Face's table of decompositions.
                                  : utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), parts,
                                                            kDecompositionMax, UTF8PROC_DECOMPOSE,
                                                            &last_boundclass);
  if (count <= 0 || count > kDecompositionMax) {
    out.push_back(c);
    return;
  }
  for (utf8proc_ssize_t i = 0; i < count; ++i) out.push_back(static_cast<char32_t>(parts[i]));
}

// Canonical order: each run of combining characters sorted by class, equals in their order.
void order_marks(std::u32string& text) {
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] < 0x300 || combining_class(text[i]) == 0) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && combining_class(text[end]) != 0) ++end;
    std::stable_sort(text.begin() + static_cast<std::ptrdiff_t>(i),
                     text.begin() + static_cast<std::ptrdiff_t>(end), [](char32_t a, char32_t b) {
                       return combining_class(a) < combining_class(b);
                     });
    i = end;
  }
}

void append_cleaned(char32_t c, std::u32string& out) {
  if (is_removed(c)) return;
  if (is_space(c)) {
    out.push_back(U' ');
  } else if (is_cjk(c)) {
    out.push_back(U' ');
    append_decomposed(c, out);
    out.push_back(U' ');
  } else {
    append_decomposed(c, out);
  }
}

}  // namespace

std::u32string normalized(std::string_view utf8) {
  std::u32string text;
  text.reserve(utf8.size());
  bool ascii = true;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(utf8.data());
  const auto size = static_cast<utf8proc_ssize_t>(utf8.size());
  for (utf8proc_ssize_t at = 0; at < size;) {
    const auto byte = bytes[at];
    if (byte >= 0x20 && byte < 0x7F) {
      text.push_back(byte);
      ++at;
      continue;
    }
    utf8proc_int32_t c = 0;
    const auto length = utf8proc_iterate(bytes + at, size - at, &c);
    at += std::max<utf8proc_ssize_t>(length, 1);
    if (length <= 0) continue;
    ascii = ascii && c < 0x80;
    append_cleaned(static_cast<char32_t>(c), text);
  }
  if (!ascii) {
    order_marks(text);
    std::erase_if(text, [](char32_t c) { return c >= 0x300 && is_mark(c); });
  }
  for (char32_t& c : text) {
    if (c < 0x80) {
      if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
    } else {
      c = lower(c);
    }
  }
  return text;
}

bool is_punctuation(char32_t c) {
  if (c < 0x80) {
    return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) ||
           (c >= 123 && c <= 126);
  }
  const auto kind = category(c);
  const bool ours = kind >= UTF8PROC_CATEGORY_PC && kind <= UTF8PROC_CATEGORY_PO;
  return ours != in(kOtherPunctuation, c);
}

}  // namespace cloudfolio::encoder

#include "retrieval/inline_text.h"

#include <array>
#include <cctype>
#include <utility>

namespace cloudfolio::retrieval {
namespace {

// How far a bracket may be from its partner: bounds the work on hostile text.
constexpr std::size_t kSpanBytesMax = 1000;
constexpr int kDepthMax = 4;

bool is_alnum(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || (static_cast<unsigned char>(c) & 0x80);
}
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

// The partner of the bracket at `at`, or npos.
std::size_t partner(std::string_view text, std::size_t at, char open, char close) {
  std::size_t depth = 0;
  const std::size_t end = std::min(text.size(), at + kSpanBytesMax);
  for (std::size_t i = at; i < end; ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == open) {
      ++depth;
    } else if (text[i] == close && --depth == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

// After the ']' at `close`: the end of "(target)" or "[reference]", or npos where there is none.
std::size_t target_end(std::string_view text, std::size_t close) {
  const std::size_t next = close + 1;
  if (next >= text.size()) return std::string_view::npos;
  if (text[next] == '(') return partner(text, next, '(', ')');
  if (text[next] == '[') return partner(text, next, '[', ']');
  return std::string_view::npos;
}

std::size_t url_length(std::string_view text) {
  for (std::string_view scheme : {"https://", "http://", "mailto:", "git://", "ftp://"}) {
    if (!text.starts_with(scheme)) continue;
    std::size_t end = scheme.size();
    while (end < text.size() && !is_space(text[end]) &&
           std::string_view("()<>[]\"'`,|").find(text[end]) == std::string_view::npos) {
      ++end;
    }
    return end;
  }
  return 0;
}

bool is_tag_name(std::string_view name) {
  static constexpr auto kNames = std::to_array<std::string_view>(
      {"a",      "abbr",  "b",       "blockquote", "br",     "center", "code",  "dd",     "details",
       "div",    "dl",    "dt",      "em",         "font",   "h1",     "h2",    "h3",     "h4",
       "h5",     "h6",    "hr",      "i",          "iframe", "img",    "input", "kbd",    "li",
       "object", "ol",    "p",       "picture",    "pre",    "source", "span",  "strong", "sub",
       "sup",    "svg",   "table",   "tbody",      "td",     "th",     "thead", "tr",     "u",
       "ul",     "video", "summary", "samp",       "s",      "small",  "embed"});
  std::string lower;
  for (char c : name) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (std::string_view known : kNames) {
    if (lower == known) return true;
  }
  return false;
}

// The character that an entity at the start of `text` stands for, and the entity's length.
std::pair<std::string_view, std::size_t> entity(std::string_view text) {
  static constexpr auto kEntities =
      std::to_array<std::pair<std::string_view, std::string_view>>({{"&amp;", "&"},
                                                                    {"&lt;", "<"},
                                                                    {"&gt;", ">"},
                                                                    {"&quot;", "\""},
                                                                    {"&#39;", "'"},
                                                                    {"&apos;", "'"},
                                                                    {"&nbsp;", " "},
                                                                    {"&ndash;", "-"},
                                                                    {"&mdash;", "-"},
                                                                    {"&copy;", " "}});
  for (const auto& [name, character] : kEntities) {
    if (text.starts_with(name)) return {character, name.size()};
  }
  return {"&", 1};
}

std::string collapsed(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    const bool space = is_space(c) || static_cast<unsigned char>(c) < 0x20;
    if (!space) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// At a backtick: code is taken as it stands.
std::size_t append_code(std::string_view text, std::size_t at, std::string& out) {
  std::size_t run = 1;
  while (at + run < text.size() && text[at + run] == '`') ++run;
  const auto near = text.substr(0, std::min(text.size(), at + kSpanBytesMax));
  const std::size_t end =
      run > 3 ? std::string_view::npos : near.find(std::string(run, '`'), at + run);
  if (end == std::string_view::npos) return at + run;
  out += text.substr(at + run, end - at - run);
  return end + run;
}

// At an underscore: a mark of emphasis, or part of a name.
std::size_t append_underscore(std::string_view text, std::size_t at, std::string& out) {
  const auto word_at = [&](std::size_t i) { return i < text.size() && is_alnum(text[i]); };
  const bool after_word = !out.empty() && is_alnum(out.back());
  if (!word_at(at + 1)) return at + 1;
  if (!after_word) {
    const std::size_t end = text.substr(0, std::min(text.size(), at + 200)).find('_', at + 1);
    if (end != std::string_view::npos && !word_at(end + 1)) return at + 1;
  }
  out += '_';
  return at + 1;
}

// Past what an earlier line or character opened; npos where it goes on after this line.
std::size_t past(std::string_view text, std::size_t at, std::string_view end) {
  const std::size_t found = text.find(end, at);
  return found == std::string_view::npos ? found : found + end.size();
}

}  // namespace

std::string InlineText::read(std::string_view line) {
  std::string out;
  out.reserve(line.size());
  append(line, out, 0);
  return collapsed(out);
}

// At a '<' that may open a tag, a comment or an autolink: the position after it.
std::size_t InlineText::append_tag(std::string_view text, std::size_t at, std::string& out) {
  if (text.substr(at).starts_with("<!--")) {
    in_comment_ = true;
    return at + 4;
  }
  const std::size_t url = url_length(text.substr(at + 1));
  if (url > 0 && at + 1 + url < text.size() && text[at + 1 + url] == '>') return at + url + 2;
  std::size_t name = at + 1;
  if (name < text.size() && text[name] == '/') ++name;
  std::size_t name_end = name;
  while (name_end < text.size() && std::isalnum(static_cast<unsigned char>(text[name_end]))) {
    ++name_end;
  }
  if (!is_tag_name(text.substr(name, name_end - name))) {
    out += '<';
    return at + 1;
  }
  const std::size_t close = text.find('>', name_end);
  if (text[name - 1] == '/' || !out.empty()) out += ' ';
  if (close == std::string_view::npos) {
    in_tag_ = true;
    return text.size();
  }
  return close + 1;
}

// At a '[' or "![": links keep their words, images and footnote marks go.
std::size_t InlineText::append_bracket(std::string_view text, std::size_t at, std::string& out,
                                       int depth) {
  const bool image = text[at] == '!';
  const std::size_t open = at + (image ? 1 : 0);
  const std::size_t close = partner(text, open, '[', ']');
  if (close != std::string_view::npos) {
    const std::size_t end = target_end(text, close);
    if (end != std::string_view::npos && depth < kDepthMax) {
      if (!image) append(text.substr(open + 1, close - open - 1), out, depth + 1);
      return end + 1;
    }
    if (text[open + 1] == '^') return close + 1;
  }
  out += text[at];
  return at + 1;
}

void InlineText::append(std::string_view text, std::string& out, int depth) {
  std::size_t i = 0;
  while (i < text.size()) {
    if (in_comment_ || in_tag_) {
      i = past(text, i, in_comment_ ? "-->" : ">");
      if (i == std::string_view::npos) return;
      (in_comment_ ? in_comment_ : in_tag_) = false;
      continue;
    }
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (c == '\\' && std::ispunct(static_cast<unsigned char>(next))) {
      out += next;
      i += 2;
    } else if (c == '`') {
      i = append_code(text, i, out);
    } else if (c == '[' || (c == '!' && next == '[')) {
      i = append_bracket(text, i, out, depth);
    } else if (c == '<') {
      i = append_tag(text, i, out);
    } else if (c == '&') {
      const auto [character, length] = entity(text.substr(i, 8));
      out += character;
      i += length;
    } else if (c == '*' || (c == '~' && next == '~')) {
      i += c == '~' ? 2 : 1;
    } else if (c == '_') {
      i = append_underscore(text, i, out);
    } else if (std::size_t url = url_length(text.substr(i)); url > 0) {
      i += url;
    } else {
      out += c;
      ++i;
    }
  }
}

std::string_view cut_utf8(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace cloudfolio::retrieval

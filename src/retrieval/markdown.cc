#include "retrieval/markdown.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include "retrieval/inline_text.h"

namespace cloudfolio::retrieval {
namespace {

// A heading over several lines of HTML is looked for this far.
constexpr std::size_t kHtmlHeadingLinesMax = 6;
// A line of prose is cut into blocks of this size, so that one line is never a whole book.
constexpr std::size_t kBlockBytesMax = 16 * 1024;

bool is_blank(std::string_view line) {
  return std::all_of(line.begin(), line.end(), [](unsigned char c) { return c <= ' '; });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

// The character of a line that is nothing but one punctuation mark, at least `count_min` times.
char underline_of(std::string_view line, std::size_t count_min) {
  const std::string_view mark = trimmed(line);
  if (mark.size() < count_min || mark.empty()) return 0;
  const char c = mark.front();
  if (std::string_view("=-~^\"'`#*+.:_").find(c) == std::string_view::npos) return 0;
  return mark.find_first_not_of(c) == std::string_view::npos ? c : '\0';
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

// What stands before the words of a line: quote marks and list marks.
std::string_view without_marks(std::string_view line) {
  line = trimmed(line);
  while (line.starts_with('>')) line = trimmed(line.substr(1));
  if (line.size() > 1 && std::string_view("-*+").find(line[0]) != std::string_view::npos &&
      line[1] == ' ') {
    line = trimmed(line.substr(2));
  } else {
    std::size_t digits = 0;
    while (digits < line.size() && digits < 4 &&
           std::isdigit(static_cast<unsigned char>(line[digits]))) {
      ++digits;
    }
    if (digits > 0 && digits + 1 < line.size() && (line[digits] == '.' || line[digits] == ')') &&
        line[digits + 1] == ' ') {
      line = trimmed(line.substr(digits + 2));
    }
  }
  if (line.starts_with("[ ] ") || line.starts_with("[x] ") || line.starts_with("[X] ")) {
    line.remove_prefix(4);
  }
  return line;
}

// "[name]: https://…": says where a link goes, to nobody who reads.
bool is_link_definition(std::string_view line) {
  line = trimmed(line);
  if (!line.starts_with('[') || line.starts_with("[^")) return false;
  const std::size_t close = line.substr(0, 500).find("]:");
  return close != std::string_view::npos && close > 1;
}

class Parser {
 public:
  Parser(std::string_view text, Markup markup) : markup_(markup), lines_(lines_of(text)) {}

  std::vector<Section> run() {
    open_section("", 0, 1);
    skip_front_matter();
    while (at_ < lines_.size()) read_line();
    close_block();
    close_section();
    return std::move(sections_);
  }

 private:
  std::string_view line(std::size_t i) const {
    return i < lines_.size() ? lines_[i] : std::string_view();
  }

  void skip_front_matter() {
    if (markup_ != Markup::markdown || line(0) != "---") return;
    for (std::size_t i = 1; i < std::min<std::size_t>(lines_.size(), 100); ++i) {
      if (line(i) == "---") {
        at_ = i + 1;
        return;
      }
    }
  }

  void read_line() {
    if (is_blank(line(at_))) {
      close_block();
      inline_.reset();
      ++at_;
      return;
    }
    if (!inline_.open() && (read_fence() || read_heading() || read_directive())) return;
    if (markup_ == Markup::markdown &&
        (is_link_definition(line(at_)) || is_table_rule(line(at_)))) {
      ++at_;
      return;
    }
    add_prose(line(at_));
    ++at_;
  }

  // A fenced block of code, to its end or the document's.
  bool read_fence() {
    if (markup_ == Markup::plain) return false;
    const std::string_view open = trimmed(line(at_));
    const char mark = open.empty() ? '\0' : open.front();
    if (mark != '`' && mark != '~') return false;
    std::size_t run = 0;
    while (run < open.size() && open[run] == mark) ++run;
    if (run < 3 || open.substr(run).find('`') != std::string_view::npos) return false;
    close_block();
    std::size_t first = at_++;
    std::string code;
    for (; at_ < lines_.size(); ++at_) {
      const std::string_view inner = trimmed(line(at_));
      if (inner.size() >= run && inner.find_first_not_of(mark) == std::string_view::npos) break;
      if (code.size() > kBlockBytesMax) {
        add_code(std::move(code), first, at_);
        code.clear();
        first = at_;
      }
      code.append(line(at_)).append("\n");
    }
    at_ = std::min(at_ + 1, lines_.size());
    add_code(std::move(code), first, at_);
    return true;
  }

  void add_code(std::string code, std::size_t from, std::size_t to) {
    while (code.ends_with('\n')) code.pop_back();
    if (is_blank(code)) return;
    sections_.back().blocks.push_back(
        {Block::Kind::code, from + 1, to, std::move(code), source_of(from, to)});
  }

  bool read_heading() {
    return (markup_ == Markup::markdown && (read_atx() || read_html_heading())) ||
           read_underlined();
  }

  bool read_atx() {
    std::string_view text = line(at_);
    std::size_t indent = 0;
    while (indent < text.size() && text[indent] == ' ') ++indent;
    if (indent > 3) return false;
    text.remove_prefix(indent);
    std::size_t level = 0;
    while (level < text.size() && text[level] == '#') ++level;
    if (level == 0 || level > 6) return false;
    text.remove_prefix(level);
    // "#Title" without a blank is no heading to CommonMark, but was one to older READMEs.
    if (!text.empty() && text[0] != ' ' && text[0] != '\t' &&
        !std::isupper(static_cast<unsigned char>(text[0]))) {
      return false;
    }
    text = trimmed(text);
    while (text.ends_with('#')) text.remove_suffix(1);
    start_heading(text, level, at_, at_ + 1);
    return true;
  }

  bool read_html_heading() {
    const std::string_view text = trimmed(line(at_));
    if (text.size() < 4 || text[0] != '<' || (text[1] != 'h' && text[1] != 'H') || text[2] < '1' ||
        text[2] > '6' || (text[3] != '>' && text[3] != ' ')) {
      return false;
    }
    const std::string end = std::string("</h") + text[2];
    std::string whole;
    for (std::size_t i = at_; i < std::min(lines_.size(), at_ + kHtmlHeadingLinesMax); ++i) {
      std::string lower(line(i));
      for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      whole.append(line(i)).append(" ");
      if (lower.find(end) == std::string::npos) continue;
      start_heading(whole, static_cast<std::size_t>(text[2] - '0'), at_, i + 1);
      return true;
    }
    return false;
  }

  // A title with a line of marks under it (and, in reStructuredText, perhaps over it).
  bool read_underlined() {
    const bool rst = markup_ == Markup::restructured_text;
    const char over = rst ? underline_of(line(at_), 3) : '\0';
    const std::size_t title = at_ + (over != 0 ? 1 : 0);
    if (is_blank(line(title))) return false;
    const char under = underline_of(line(title + 1), rst ? 3 : 2);
    if (under == 0 || underline_of(line(title), 2) != 0) return false;
    if (over != 0 && under != over) return false;
    const std::string_view text = trimmed(line(title));
    if (rst) {
      if (trimmed(line(title + 1)).size() + 2 < text.size()) return false;
    } else {
      const bool begins_paragraph = !block_open_;
      const bool marked = without_marks(text).size() != text.size() || text.front() == '|';
      if ((under != '=' && under != '-') || marked || !begins_paragraph) return false;
    }
    const std::size_t level = rst ? underline_level(over, under) : (under == '=' ? 1 : 2);
    start_heading(text, level, at_, title + 2);
    return true;
  }

  // reStructuredText orders its marks by their first appearance.
  std::size_t underline_level(char over, char under) {
    const std::pair<char, char> style(over, under);
    const auto found = std::find(styles_.begin(), styles_.end(), style);
    if (found != styles_.end()) return static_cast<std::size_t>(found - styles_.begin()) + 1;
    styles_.push_back(style);
    return styles_.size();
  }

  // Lines of reStructuredText that are instructions.
  bool read_directive() {
    if (markup_ != Markup::restructured_text) return false;
    const std::string_view text = trimmed(line(at_));
    const bool directive = text.starts_with(".. ") || text == "..";
    const bool option = text.starts_with(':') && text.find(": ", 1) != std::string_view::npos;
    if (!directive && !option) return false;
    ++at_;
    return true;
  }

  static bool is_table_rule(std::string_view text) {
    return text.find('-') != std::string_view::npos &&
           text.find_first_not_of("|-: \t=+") == std::string_view::npos;
  }

  void start_heading(std::string_view raw, std::size_t level, std::size_t from, std::size_t next) {
    close_block();
    close_section();
    InlineText heading;
    std::string text = markup_ == Markup::plain ? std::string(trimmed(raw)) : heading.read(raw);
    while (text.ends_with(':') || text.ends_with(' ')) text.pop_back();
    open_section(cut_utf8(text, kHeadingBytesMax), level, from + 1);
    sections_.back().line_to = next;
    at_ = next;
  }

  void open_section(std::string_view heading, std::size_t level, std::size_t line_from) {
    while (!path_.empty() && path_.back().second >= level) path_.pop_back();
    if (!heading.empty()) path_.emplace_back(std::string(heading), level);
    Section section;
    section.level = level;
    section.line_from = line_from;
    section.line_to = line_from;
    for (const auto& [text, unused] : path_) section.heading_path.push_back(text);
    sections_.push_back(std::move(section));
  }

  // The section before the first heading is kept only where something stands in it.
  void close_section() {
    Section& section = sections_.back();
    if (section.level == 0 && section.blocks.empty()) {
      sections_.pop_back();
      return;
    }
    if (section.blocks.empty()) return;
    section.line_to = std::max(section.line_to, section.blocks.back().line_to);
    if (section.level == 0) section.line_from = section.blocks.front().line_from;
  }

  void add_prose(std::string_view raw) {
    std::string text;
    if (markup_ == Markup::plain) {
      text = std::string(trimmed(raw));
    } else {
      std::string cells(without_marks(raw));
      const bool table = cells.starts_with('|') || cells.find(" | ") != std::string::npos;
      if (table) std::replace(cells.begin(), cells.end(), '|', ' ');
      text = inline_.read(cells);
    }
    const bool has_word = std::any_of(text.begin(), text.end(), [](unsigned char c) {
      return std::isalnum(c) != 0 || (c & 0x80) != 0;
    });
    if (!has_word) return;
    auto& blocks = sections_.back().blocks;
    if (block_open_ && blocks.back().text.size() + text.size() > kBlockBytesMax) close_block();
    if (!block_open_) {
      blocks.push_back({Block::Kind::prose, at_ + 1, at_ + 1, {}, {}});
      block_open_ = true;
    }
    Block& block = blocks.back();
    if (!block.text.empty()) block.text += ' ';
    block.text += text;
    block.line_to = at_ + 1;
    block.source = source_of(block.line_from - 1, at_ + 1);
  }

  // Lines [from, to) as they stand in the document.
  std::string_view source_of(std::size_t from, std::size_t to) const {
    const char* begin = lines_[from].data();
    const char* end = lines_[to - 1].data() + lines_[to - 1].size();
    return {begin, static_cast<std::size_t>(end - begin)};
  }

  void close_block() { block_open_ = false; }

  Markup markup_;
  std::vector<std::string_view> lines_;
  std::size_t at_ = 0;
  InlineText inline_;
  bool block_open_ = false;
  std::vector<std::pair<std::string, std::size_t>> path_;  // Heading and level.
  std::vector<std::pair<char, char>> styles_;
  std::vector<Section> sections_;
};

}  // namespace

Markup markup_of(std::string_view path) {
  std::string lower(path);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (lower.ends_with(".rst") || lower.ends_with(".rest")) return Markup::restructured_text;
  for (std::string_view end : {".txt", ".adoc", ".asciidoc", ".org", ".pod"}) {
    if (lower.ends_with(end)) return Markup::plain;
  }
  return Markup::markdown;
}

std::string Section::body() const {
  std::string out;
  for (const Block& block : blocks) {
    if (!out.empty()) out += '\n';
    out += block.text;
  }
  return out;
}

std::vector<Section> sections_of(std::string_view text, Markup markup) {
  return Parser(text, markup).run();
}

std::size_t prose_character_count(const std::vector<Section>& sections) {
  std::size_t count = 0;
  for (const Section& section : sections) {
    for (const Block& block : section.blocks) {
      if (block.kind != Block::Kind::prose) continue;
      count += static_cast<std::size_t>(
          std::count_if(block.text.begin(), block.text.end(), [](unsigned char c) {
            return c > ' ' && (c & 0xC0) != 0x80;  // Characters, not their continuation bytes.
          }));
    }
  }
  return count;
}

}  // namespace cloudfolio::retrieval

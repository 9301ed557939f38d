#include <algorithm>
#include <array>
#include <boost/json/value.hpp>
#include <charconv>
#include <cmath>
#include <vector>

#include "json/json.h"

namespace cloudfolio::json {
namespace {

struct Style {
  std::string_view comma = ",";
  std::string_view colon = ":";
  int indent = 0;  // Spaces a level; 0: one line.
  enum class Keys { as_they_are, sorted } keys = Keys::as_they_are;
  enum class Text { utf8, ascii } text = Text::utf8;
  enum class NotANumber { null, pythons } not_a_number = NotANumber::null;
};

constexpr std::uint32_t kReplacement = 0xFFFD;

// Reads one code point at `at` and moves past it; U+FFFD for a malformed byte.
std::uint32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t index) -> std::uint32_t {
    return index < text.size() ? static_cast<unsigned char>(text[index]) : 0u;
  };
  const std::uint32_t lead = byte(at);
  const std::size_t length = lead < 0x80 ? 1 : (lead >> 5) == 6 ? 2 : (lead >> 4) == 14 ? 3 : 4;
  if (length == 1) return ++at, lead;
  if (length == 4 && (lead >> 3) != 30) return ++at, kReplacement;
  std::uint32_t point = lead & (0x7Fu >> length);
  for (std::size_t index = 1; index < length; ++index) {
    const std::uint32_t next = byte(at + index);
    if ((next & 0xC0) != 0x80) return ++at, kReplacement;
    point = (point << 6) | (next & 0x3F);
  }
  constexpr std::array<std::uint32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  if (point < kLeast[length] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
    return ++at, kReplacement;
  at += length;
  return point;
}

class Writer {
 public:
  explicit Writer(Style style) : style_(style) {}

  void write(const Value& value, int depth) {
    switch (value.kind()) {
      case boost::json::kind::null:
        out_ += "null";
        return;
      case boost::json::kind::bool_:
        out_ += value.get_bool() ? "true" : "false";
        return;
      case boost::json::kind::int64:
        return write_integer(value.get_int64());
      case boost::json::kind::uint64:
        return write_integer(value.get_uint64());
      case boost::json::kind::double_:
        return write_double(value.get_double());
      case boost::json::kind::string:
        return write_text(view(value.get_string()));
      case boost::json::kind::array:
        return write_array(value.get_array(), depth);
      case boost::json::kind::object:
        return write_object(value.get_object(), depth);
    }
  }

  std::string take() { return std::move(out_); }

 private:
  void new_line(int depth) {
    if (style_.indent == 0) return;
    out_ += '\n';
    out_.append(static_cast<std::size_t>(style_.indent * depth), ' ');
  }

  void write_array(const Array& array, int depth) {
    if (array.empty()) {
      out_ += "[]";
      return;
    }
    out_ += '[';
    bool first = true;
    for (const Value& element : array) {
      if (!first) out_ += style_.comma;
      first = false;
      new_line(depth + 1);
      write(element, depth + 1);
    }
    new_line(depth);
    out_ += ']';
  }

  void write_object(const Object& object, int depth) {
    if (object.empty()) {
      out_ += "{}";
      return;
    }
    std::vector<const boost::json::key_value_pair*> entries;
    entries.reserve(object.size());
    for (const auto& entry : object) entries.push_back(&entry);
    // UTF-8 sorts by bytes as by code points, and std::string_view compares bytes as unsigned.
    if (style_.keys == Style::Keys::sorted)
      std::sort(entries.begin(), entries.end(),
                [](auto* one, auto* other) { return one->key() < other->key(); });
    out_ += '{';
    for (std::size_t index = 0; index < entries.size(); ++index) {
      if (index > 0) out_ += style_.comma;
      new_line(depth + 1);
      const auto key = entries[index]->key();
      write_text({key.data(), key.size()});
      out_ += style_.colon;
      write(entries[index]->value(), depth + 1);
    }
    new_line(depth);
    out_ += '}';
  }

  template <class Number>
  void write_integer(Number number) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out_.append(digits.data(), end);
  }

  // The shortest digits that read back the same, laid out as Python's repr() does: positional for
  // exponents from -4 to 15, else scientific with at least two exponent digits.
  void write_double(double number) {
    if (!std::isfinite(number)) {
      if (style_.not_a_number == Style::NotANumber::null)
        out_ += "null";
      else
        out_ += std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
      return;
    }
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                   std::chars_format::scientific)
                         .ptr;
    std::string_view shown(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
    if (shown.starts_with('-')) {
      out_ += '-';
      shown.remove_prefix(1);
    }
    const std::size_t e = shown.find('e');
    int exponent = 0;
    const std::string_view power = shown.substr(shown[e + 1] == '+' ? e + 2 : e + 1);
    std::from_chars(power.data(), power.data() + power.size(), exponent);
    if (exponent < -4 || exponent >= 16) {
      out_ += shown;  // to_chars writes two exponent digits and the sign, as Python does.
      return;
    }
    std::string digits(1, shown[0]);
    if (e > 2) digits += shown.substr(2, e - 2);
    if (exponent < 0) {
      out_ += "0.";
      out_.append(static_cast<std::size_t>(-exponent - 1), '0');
      out_ += digits;
      return;
    }
    const auto whole = static_cast<std::size_t>(exponent) + 1;
    if (digits.size() < whole) digits.append(whole - digits.size(), '0');
    out_.append(digits, 0, whole);
    out_ += '.';
    out_ += digits.size() > whole ? std::string_view(digits).substr(whole) : "0";
  }

  void write_text(std::string_view text) {
    out_ += '"';
    std::size_t plain_from = 0;
    std::size_t at = 0;
    while (at < text.size()) {
      const auto byte = static_cast<unsigned char>(text[at]);
      const bool plain = byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
      if (plain) {
        ++at;
        continue;
      }
      out_.append(text, plain_from, at - plain_from);
      const std::size_t start = at;
      const std::uint32_t point = next_code_point(text, at);
      write_special(point, text.substr(start, at - start));
      plain_from = at;
    }
    out_.append(text, plain_from, text.size() - plain_from);
    out_ += '"';
  }

  // `bytes` are the code point as it stood in the text.
  void write_special(std::uint32_t point, std::string_view bytes) {
    switch (point) {
      case '"':
        out_ += "\\\"";
        return;
      case '\\':
        out_ += "\\\\";
        return;
      case '\b':
        out_ += "\\b";
        return;
      case '\f':
        out_ += "\\f";
        return;
      case '\n':
        out_ += "\\n";
        return;
      case '\r':
        out_ += "\\r";
        return;
      case '\t':
        out_ += "\\t";
        return;
    }
    const bool ascii = style_.text == Style::Text::ascii;
    if (point >= 0x20 && !ascii) {
      if (point == kReplacement)
        out_ += "\xEF\xBF\xBD";
      else
        out_ += bytes;
    } else if (point >= 0x10000) {
      write_escape(0xD800 + ((point - 0x10000) >> 10));
      write_escape(0xDC00 + ((point - 0x10000) & 0x3FF));
    } else {
      write_escape(point);
    }
  }

  void write_escape(std::uint32_t unit) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    out_ += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out_ += kDigits[(unit >> shift) & 0xF];
  }

  const Style style_;
  std::string out_;
};

std::string write_in(const Style& style, const Value& value) {
  Writer writer(style);
  writer.write(value, 0);
  return writer.take();
}

}  // namespace

std::string write(const Value& value) {
  return write_in({}, value);
}

std::string write_pretty(const Value& value) {
  Style style;
  style.colon = ": ";
  style.indent = 2;
  return write_in(style, value);
}

std::string python_dumps(const Value& value) {
  Style style;
  style.comma = ", ";
  style.colon = ": ";
  style.keys = Style::Keys::sorted;
  style.text = Style::Text::ascii;
  style.not_a_number = Style::NotANumber::pythons;
  return write_in(style, value);
}

}  // namespace cloudfolio::json

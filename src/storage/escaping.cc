#include "storage/rules.h"

namespace cloudfolio::storage {

namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";

bool is_plain_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

template <class Plain>
std::string escape(std::string_view text, char mark, Plain plain) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    if (plain(c)) {
      escaped += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      escaped += {mark, kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return escaped;
}

template <class Plain>
std::optional<std::string> unescape(std::string_view escaped, char mark, Plain plain) {
  std::string text;
  text.reserve(escaped.size());
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] != mark) {
      if (!plain(escaped[i])) return std::nullopt;
      text += escaped[i];
      continue;
    }
    if (i + 2 >= escaped.size()) return std::nullopt;
    const auto high = kHex.find(escaped[i + 1]);
    const auto low = kHex.find(escaped[i + 2]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    const char c = static_cast<char>(high << 4 | low);
    if (plain(c)) return std::nullopt;  // It would have been written as it is.
    text += c;
    i += 2;
  }
  return text;
}

bool plain_in_metadata(char c) {
  return c > ' ' && c <= '~' && c != '%';
}

bool plain_in_key(char c) {
  return is_plain_word(c) || c == '-' || c == '.' || c == ':' || c == ',' || c == '@' || c == '|' ||
         c == '~' || c == '!' || c == '*' || c == '(' || c == ')' || c == '=' || c == ';';
}

}  // namespace

std::string to_metadata_value(std::string_view text) {
  return text.empty() ? "%" : escape(text, '%', plain_in_metadata);
}

std::optional<std::string> from_metadata_value(std::string_view value) {
  if (value == "%") return "";
  if (value.empty()) return std::nullopt;
  return unescape(value, '%', plain_in_metadata);
}

std::string to_table_key(std::string_view text) {
  return escape(text, '_', plain_in_key);
}

std::optional<std::string> from_table_key(std::string_view key) {
  return unescape(key, '_', plain_in_key);
}

}  // namespace cloudfolio::storage

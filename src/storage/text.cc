#include "storage/text.h"

#include <cstdint>

namespace cloudfolio::storage {

namespace {

struct Character {
  std::uint32_t code_point = 0;
  std::size_t byte_count = 0;  // 0: not UTF-8.
};

Character first_character(std::string_view text) {
  const auto at = [&](std::size_t i) { return std::uint32_t(static_cast<unsigned char>(text[i])); };
  const std::uint32_t lead = at(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t byte_count = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < byte_count) return {};
  std::uint32_t code_point = lead & (0x7fu >> byte_count);
  for (std::size_t i = 1; i < byte_count; ++i) {
    if ((at(i) & 0xc0) != 0x80) return {};
    code_point = code_point << 6 | (at(i) & 0x3f);
  }
  constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
  if (code_point < kSmallest[byte_count] || surrogate || code_point > 0x10ffff) return {};
  return {code_point, byte_count};
}

}  // namespace

std::optional<std::size_t> utf16_units(std::string_view text) {
  std::size_t units = 0;
  while (!text.empty()) {
    const Character character = first_character(text);
    if (character.byte_count == 0) return std::nullopt;
    units += character.code_point > 0xffff ? 2 : 1;
    text.remove_prefix(character.byte_count);
  }
  return units;
}

bool has_control_characters(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return true;
    // U+0080 to U+009F are the bytes C2 80 to C2 9F.
    if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) {
      return true;
    }
  }
  return false;
}

}  // namespace cloudfolio::storage

#pragma once
// What the naming rules ask of text. Only this room's sources use it.

#include <cstddef>
#include <optional>
#include <string_view>

namespace cloudfolio::storage {

// The length in UTF-16 units, in which Azure counts; nullopt if it is not UTF-8 (RFC 3629: no
// overlong forms, no surrogates, nothing above U+10FFFF).
std::optional<std::size_t> utf16_units(std::string_view text);

// U+0000 to U+001F, and U+007F to U+009F, in text that is UTF-8.
bool has_control_characters(std::string_view text);

}  // namespace cloudfolio::storage

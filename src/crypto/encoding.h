#pragma once
// Bytes as text: hex, and base64 (RFC 4648) in both alphabets.
//
// Decoding is strict: what encoding would not have written (but for upper-case hex, and for
// base64url, padding) reads as nullopt.

#include <optional>
#include <string>
#include <string_view>

namespace cloudfolio::crypto {

std::string to_hex(std::string_view bytes);  // Lower case.
std::optional<std::string> from_hex(std::string_view text);

std::string to_base64(std::string_view bytes);  // With padding.
std::optional<std::string> from_base64(std::string_view text);

std::string to_base64url(std::string_view bytes);  // `-` and `_`, no padding: tokens and URLs.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace cloudfolio::crypto

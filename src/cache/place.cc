#include "cache/place.h"

#include <algorithm>

#include "crypto/hash.h"

namespace cloudfolio::cache {

namespace {

constexpr std::size_t kScopeDigits = 16;

}  // namespace

Scope Scope::of(std::string_view api_url, std::int64_t id) {
  const std::string named =
      "cloudfolio credential scope\n" + std::string(api_url) + "\n" + std::to_string(id);
  return Scope(crypto::sha256_hex(named).substr(0, kScopeDigits));
}

std::optional<Scope> Scope::from(std::string_view text) {
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  if (text.size() != kScopeDigits || !digits) return std::nullopt;
  return Scope(std::string(text));
}

std::string identity_scope(const Scope& scope) {
  return scope.is_public() ? "public" : "private:" + scope.text();
}

}  // namespace cloudfolio::cache

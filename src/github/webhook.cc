#include "github/webhook.h"

#include "crypto/encoding.h"
#include "crypto/hash.h"

namespace cloudfolio::github {

bool signature_matches(const Secret& secret, std::string_view raw_body,
                       std::string_view signature_header) {
  constexpr std::string_view kPrefix = "sha256=";
  if (secret.empty() || !signature_header.starts_with(kPrefix)) return false;
  const std::string expected =
      crypto::to_hex(crypto::as_view(crypto::hmac_sha256(secret, raw_body)));
  return crypto::equal_in_constant_time(expected, signature_header.substr(kPrefix.size()));
}

}  // namespace cloudfolio::github

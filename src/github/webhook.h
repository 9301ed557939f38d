#pragma once
// Webhooks: whether a delivery really comes from GitHub.

#include <string_view>

#include "base/secret.h"

namespace cloudfolio::github {

// True if `signature_header` (X-Hub-Signature-256, "sha256=<64 hex>") is the HMAC-SHA-256 of the
// raw body under `secret`. Compares in constant time. False for an empty secret.
bool signature_matches(const Secret& secret, std::string_view raw_body,
                       std::string_view signature_header);

}  // namespace cloudfolio::github

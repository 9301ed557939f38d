#pragma once
// Signing with the account's key ("Authorize with Shared Key", learn.microsoft.com/rest/api/
// storageservices/authorize-with-shared-key).
//
// Pure functions; the time is in the request's x-ms-date.

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "storage/azure/wire_request.h"

namespace cloudfolio::storage::azure {

// What is signed. `url_path` is the path as it is sent, the endpoint's own part included.
std::string string_to_sign(ServiceKind kind, std::string_view account, std::string_view url_path,
                           const WireRequest& request);

// "SharedKey account:signature". invalid_argument: the key is no base64.
Result<std::string> shared_key_authorization(ServiceKind kind, std::string_view account,
                                             const Secret& key, std::string_view url_path,
                                             const WireRequest& request);

// base64(HMAC-SHA256(base64-decoded key, text)).
Result<std::string> sign(const Secret& key, std::string_view text);

// The order in which the services sort header names, which is no byte order: `-` counts only
// between names that are otherwise equal, then `_`, digits, letters. Names are in lower case.
bool sorts_before(std::string_view one, std::string_view other);

}  // namespace cloudfolio::storage::azure

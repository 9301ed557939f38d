#pragma once
// A Session with a server's HTTP API: what the command line uses while `cloudfolio serve` owns the
// store.

#include <memory>
#include <string>

#include "base/secret.h"
#include "roles/session.h"

namespace cloudfolio::http {
class Client;
}

namespace cloudfolio::roles {

// `url` is the server's origin; `token` (may be empty) is sent as a bearer token to it only.
std::unique_ptr<Session> open_remote_session(std::string url, Secret token,
                                             std::unique_ptr<http::Client> client);

}  // namespace cloudfolio::roles

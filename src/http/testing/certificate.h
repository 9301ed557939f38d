#pragma once
// A certificate made for one test: self-signed, for localhost and 127.0.0.1, good for a day.

#include <filesystem>

#include "http/server.h"

namespace cloudfolio::http {

// Writes certificate.pem and key.pem into the folder. The certificate is also what a client names
// as its authority.
Server::Tls make_certificate(const std::filesystem::path& folder);

}  // namespace cloudfolio::http

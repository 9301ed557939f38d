#pragma once
// The gateway of this process: the HTTP server, its routes, and who may call them.

#include <memory>
#include <string>

#include "gateway/gateway.h"
#include "http/server.h"
#include "roles/config.h"
#include "roles/system.h"

namespace cloudfolio::roles {

class GatewayRole {
 public:
  // Serves `system` at `listen` (HOST:PORT; port 0: a free one). `config` and `system` (with its
  // orchestrations) outlive it. Errors: invalid_argument (the address, a token, an address that the
  // network reaches without tokens), unavailable (the port is taken).
  static Result<std::unique_ptr<GatewayRole>> open(const Config& config, System& system,
                                                   const std::string& listen);

  // "http://127.0.0.1:7071"
  std::string origin() const { return server_->origin(); }
  // Answers what is running and stops; deadline_exceeded where that took longer.
  Status drain(std::chrono::milliseconds longest) { return server_->drain(longest); }

 private:
  GatewayRole() = default;
  std::unique_ptr<gateway::Gateway> gateway_;
  std::unique_ptr<http::Server> server_;  // Calls the gateway, so declared after it.
};

}  // namespace cloudfolio::roles

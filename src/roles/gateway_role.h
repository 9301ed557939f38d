#pragma once
// The gateway of this process: the HTTP server, its routes, and who may call them.

#include <atomic>
#include <memory>
#include <string>

#include "gateway/gateway.h"
#include "http/server.h"
#include "roles/config.h"
#include "roles/system.h"

namespace cloudfolio::roles {

class GatewayRole {
 public:
  // Serves `system` at `listen` (HOST:PORT; port 0: a free one), or the socket `listener` where one
  // is given, whatever its address. `config` and `system` (with its orchestrations)
  // outlive it. Errors: invalid_argument (the address, a token, an address that the network reaches
  // without tokens), unavailable (the port is taken).
  static Result<std::unique_ptr<GatewayRole>> open(const Config& config, System& system,
                                                   const std::string& listen,
                                                   runtime::Descriptor listener = {});
  // Whether `listen` and the tokens are ones that open() would take. Errors: invalid_argument.
  static Status check(const Config& config, const std::string& listen);
  // Whether open() would serve a predecessor's socket under this configuration. Errors:
  // invalid_argument: it has another port than `listen`, or needs tokens.
  static Status check_successor(const Config& config, const std::string& listen, int listener);

  // "http://127.0.0.1:7071"
  std::string origin() const { return server_->origin(); }
  Result<runtime::Descriptor> share_listener() const { return server_->share_listener(); }
  // From now on load balancers are told to send requests elsewhere; they are still answered.
  void say_not_ready() { ready_ = false; }
  // Answers what is running and stops (see http::Server::drain); deadline_exceeded where that took
  // longer.
  Status drain(std::chrono::milliseconds longest, std::chrono::milliseconds patience) {
    return server_->drain(longest, patience);
  }

 private:
  GatewayRole() = default;
  std::atomic<bool> ready_{true};
  std::unique_ptr<gateway::Gateway> gateway_;
  std::unique_ptr<http::Server> server_;  // Calls the gateway, so declared after it.
};

}  // namespace cloudfolio::roles

#pragma once
// ClientServer: answers QueuedClients of other processes with a Client of this one.
//
// Promises: a request is answered once; one that was carried out when the process died before it
//   answered is carried out again, so writes are at-least-once here (a start of a live instance is
//   a conflict and changes nothing; an event may be raised twice).
// Threads:  its own. Lifetime: client, storage, clock and log outlive it; the destructor stops it.

#include <memory>

#include "durable/client.h"
#include "storage/storage.h"
#include "telemetry/log.h"

namespace cloudfolio::durable {

class ClientServer {
 public:
  struct Parts {
    Client& client;
    storage::Storage& storage;
    const Clock& clock;
    telemetry::Log& log;
  };
  static Result<std::unique_ptr<ClientServer>> open(Parts parts, int threads_count = 2);
  ~ClientServer();

  // Removes replies that nobody fetched for an hour, one page from `continuation` on; gives the
  // next continuation, empty at the end.
  Result<std::string> sweep(const Context& ctx, const std::string& continuation);

 private:
  class State;
  explicit ClientServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cloudfolio::durable

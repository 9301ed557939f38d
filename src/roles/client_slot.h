#pragma once
// ClientSlot: the scheduler's client, for activities that are registered before the scheduler
// opens.

#include <future>

#include "durable/client.h"

namespace cloudfolio::roles {

class ClientSlot {
 public:
  // Once; null where the scheduler did not open.
  void set(durable::Client* client) { promise_.set_value(client); }
  // Waits until set; an activity may run before open() has returned.
  Result<durable::Client*> get() const {
    durable::Client* const client = future_.get();
    if (client == nullptr) return Error(Code::cancelled, "the scheduler did not start");
    return client;
  }

 private:
  std::promise<durable::Client*> promise_;
  std::shared_future<durable::Client*> future_ = promise_.get_future().share();
};

}  // namespace cloudfolio::roles

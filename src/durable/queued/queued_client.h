#pragma once
// QueuedClient: durable::Client of a process that has no orchestrations of its own. It asks the one
// that has them, through the store.
//
// Promises: as durable/client.h says. A request that was sent and not answered in time may still
//   take effect: an orchestrator that is away finds it when it comes back. Reads are forgotten
//   after kReadKeptFor.
// Errors:   besides Client's: deadline_exceeded after `answer_within` without an orchestrator.
// Threads:  thread-safe. Lifetime: storage, clock and random outlive it.

#include <chrono>
#include <functional>
#include <memory>

#include "base/random.h"
#include "durable/client.h"
#include "durable/queued/client_message.h"
#include "storage/storage.h"

namespace cloudfolio::durable {

inline constexpr std::chrono::seconds kReadKeptFor{60};

class QueuedClient final : public Client {
 public:
  struct Parts {
    storage::Storage& storage;
    const Clock& clock;
    SharedRandom& random;
    // Whether somebody is there to answer: an error ends a read at once, with it. May be empty.
    std::function<Status(const Context&)> answered = {};
  };
  static Result<std::unique_ptr<QueuedClient>> open(
      Parts parts, std::chrono::milliseconds answer_within = std::chrono::seconds(10));

  Result<InstanceId> start(const Context&, StartOptions) override;
  Result<std::optional<OrchestrationState>> get(const Context&, const InstanceId&,
                                                Include) override;
  Result<OrchestrationState> wait(const Context&, const InstanceId&, Until) override;
  Status raise_event(const Context&, const InstanceId&, std::string name,
                     std::string payload) override;
  Status terminate(const Context&, const InstanceId&, std::string output, Recurse) override;
  Status suspend(const Context&, const InstanceId&, std::string reason) override;
  Status resume(const Context&, const InstanceId&, std::string reason) override;
  Status rewind(const Context&, const InstanceId&, std::string reason) override;
  Result<bool> purge(const Context&, const InstanceId&) override;
  Result<std::size_t> purge_finished(const Context&, Clock::WallTime completed_before,
                                     std::size_t count_max) override;
  Result<QueryPage> query(const Context&, const QueryFilter&, std::size_t count_max,
                          std::string from) override;
  Result<History> history(const Context&, const InstanceId&) override;

 private:
  enum class Kind { read, write };
  QueuedClient(Parts parts, std::chrono::milliseconds answer_within, storage::Queue& requests,
               storage::BlobStore& replies)
      : parts_(parts), answer_within_(answer_within), requests_(requests), replies_(replies) {}
  Result<json::Value> ask(const Context& ctx, Kind kind, std::string verb, json::Object arguments);
  Result<json::Value> await(const Context& ctx, Kind kind, const storage::BlobKey& key);

  const Parts parts_;
  const std::chrono::milliseconds answer_within_;
  storage::Queue& requests_;
  storage::BlobStore& replies_;
};

}  // namespace cloudfolio::durable

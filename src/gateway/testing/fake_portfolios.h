#pragma once
// Portfolios and orchestrations in memory: what the gateway's tests stand on. Both do what they say
// in their interfaces, for a world in which the test decides what GitHub knows.

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "durable/client.h"
#include "gateway/services.h"

namespace cloudfolio::gateway {

class FakePortfolios final : public Portfolios {
 public:
  struct Published {
    std::string data;  // JSON array of objects with a "name".
    std::uint64_t generation = 1;
  };

  void publish(const std::string& login, std::string data);
  // GitHub has something newer.
  void change(const std::string& login) { changed_[login] = true; }
  // Every call fails with this from now on.
  void fail_with(Error error) { failure_ = std::move(error); }
  // The calls so far: "start_refresh ada force".
  std::vector<std::string> calls() const;
  // Of the last start that was asked for.
  StartMark last_mark() const;
  int bundles_read() const { return bundles_read_; }

  Result<RefreshStart> start_refresh(const Context&, const TenantId&, Force,
                                     const StartMark&) override;
  Result<std::optional<PublishedBundle>> find_unchanged(const Context&, const TenantId&) override;
  Result<InstanceId> start_training(const Context&, const TenantId&, const TrainRequest&) override;
  Result<PublishedBundle> bundle(const Context&, const TenantId&) override;
  Result<PublishedBundle> bundle_head(const Context&, const TenantId&) override;
  Result<std::string> repository(const Context&, const TenantId&, const std::string& name,
                                 Sight) override;
  Result<std::string> search(const Context&, const TenantId&, const SearchRequest&) override;
  Result<std::string> answer(const Context&, const TenantId&, const std::string&, Sight) override;
  Result<std::string> status(const Context&, const TenantId&, Sight) override;
  Result<std::string> models(const Context&, const TenantId&, Sight) override;
  Result<std::string> health(const Context&) override;

 private:
  Status note(std::string call);
  void note_mark(const StartMark& mark);

  mutable std::mutex mutex_;
  std::map<std::string, Published> published_;
  std::map<std::string, bool> changed_;
  std::optional<Error> failure_;
  std::vector<std::string> calls_;
  StartMark mark_;
  int bundles_read_ = 0;
};

class FakeInstances final : public durable::Client {
 public:
  void put(durable::OrchestrationState state);
  durable::OrchestrationState& at(const std::string& id) { return instances_.at(id); }
  // "terminate refresh:ada \"why\"".
  std::vector<std::string> calls;
  durable::History history_of_all;

  Result<InstanceId> start(const Context&, durable::StartOptions) override;
  Result<std::optional<durable::OrchestrationState>> get(const Context&, const InstanceId&,
                                                         durable::Include) override;
  Result<durable::OrchestrationState> wait(const Context&, const InstanceId&,
                                           durable::Until) override;
  Status raise_event(const Context&, const InstanceId&, std::string name,
                     std::string payload) override;
  Status terminate(const Context&, const InstanceId&, std::string output,
                   durable::Recurse) override;
  Status suspend(const Context&, const InstanceId&, std::string reason) override;
  Status resume(const Context&, const InstanceId&, std::string reason) override;
  Status rewind(const Context&, const InstanceId&, std::string reason) override;
  Result<bool> purge(const Context&, const InstanceId&) override;
  Result<std::size_t> purge_finished(const Context&, Clock::WallTime, std::size_t) override;
  Result<durable::QueryPage> query(const Context&, const durable::QueryFilter&, std::size_t,
                                   std::string) override;
  Result<durable::History> history(const Context&, const InstanceId&) override;

 private:
  std::map<std::string, durable::OrchestrationState> instances_;
};

}  // namespace cloudfolio::gateway

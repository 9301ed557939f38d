#pragma once
// CostRecorder: the ledger of this process: requests are counted in memory and written every few
// seconds and at the end (what a kill loses is below kFlushEvery of counting); trainings are
// written when they end.
//
// Threads: thread-safe. Lifetime: the platform outlives it.

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>

#include "costs/ledger.h"
#include "roles/platform.h"
#include "runtime/periodic_task.h"
#include "training/train_model.h"

namespace cloudfolio::roles {

// The table of `costs.prices`, or the built-in one. Errors: invalid_argument (says where).
Result<costs::PriceTable> read_prices(const Config& config);

class CostRecorder {
 public:
  static constexpr std::chrono::seconds kFlushEvery{10};
  // Tenants, days and kinds counted at once; beyond, requests are nobody's.
  static constexpr std::size_t kCountersMax = 20'000;

  static Result<std::unique_ptr<CostRecorder>> open(const Config& config, Platform& platform);
  ~CostRecorder();

  // A gateway's answer, by its route's name. Does not block on the store.
  void count_request(std::string_view route, const TenantId& tenant);
  // What it cost; nothing known where the ledger could not price it.
  training::TrainingCost record_training(const Context& ctx, const training::TrainingUsage& usage);
  // Writes what was counted. Errors: the store's; nothing is lost by them.
  Status flush(const Context& ctx);
  costs::Ledger& ledger() { return ledger_; }
  const costs::PriceTable& prices() const { return prices_; }
  Result<std::string> summary_json(const Context& ctx, const std::optional<TenantId>& tenant,
                                   Clock::WallTime since) const;

 private:
  // What deleted tenants asked for is nobody's from then on.
  Status release_deleted(const Context& ctx);
  CostRecorder(costs::PriceTable prices, storage::Table& table, Platform& platform);

  struct Counted {
    std::int64_t count = 0;
    std::int64_t written = 0;
  };
  using CounterKey = std::tuple<std::string, std::string, std::string>;  // Tenant, day, kind.

  const costs::PriceTable prices_;
  costs::Ledger ledger_;
  Platform& platform_;
  const std::string writer_;
  std::mutex mutex_;
  std::map<CounterKey, Counted> counted_;
  std::unique_ptr<runtime::PeriodicTask> flushing_;
};

}  // namespace cloudfolio::roles

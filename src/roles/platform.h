#pragma once
// Platform: what every role of a process stands on: time, chance, log, metrics, the store and the
// way out to the network. The only place that names a storage backend.
//
// Lifetime: outlives everything that is built on it; members are destroyed in the reverse order.

#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "cache/cache.h"
#include "cache/rights.h"
#include "http/client.h"
#include "roles/config.h"
#include "roles/flag_desk.h"
#include "roles/run_log.h"
#include "roles/tenancy_desk.h"
#include "storage/storage.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cloudfolio::roles {

class Platform {
 public:
  // `clock` outlives the platform. Errors: the store cannot be opened (corrupt, full, in the wrong
  // place), the log file cannot be written, the CA file cannot be read.
  static Result<std::unique_ptr<Platform>> open(const Config& config, const Clock& clock);

  const Clock& clock() const { return clock_; }
  SharedRandom& random() { return random_; }
  telemetry::Log& log() { return *log_; }
  RunLog& run_log() { return *run_log_; }
  telemetry::MetricRegistry& metrics() { return metrics_; }
  storage::Storage& storage() { return *storage_; }
  http::Client& http() { return *http_; }
  cache::Cache& cache() { return *cache_; }
  FlagDesk& flag_desk() { return *flag_desk_; }
  flags::Flags& flags() { return flag_desk_->flags(); }
  TenancyDesk& tenancy() { return *tenancy_; }
  const cache::Rights& rights() { return *rights_; }

 private:
  explicit Platform(const Clock& clock) : clock_(clock), random_(Random::from_system()) {}

  const Clock& clock_;
  SharedRandom random_;
  telemetry::MetricRegistry metrics_;
  std::unique_ptr<RunLog> run_log_;  // What log_ writes to.
  std::unique_ptr<telemetry::Log> log_;
  std::unique_ptr<storage::Storage> storage_;
  std::unique_ptr<http::Client> http_;
  std::unique_ptr<FlagDesk> flag_desk_;
  std::unique_ptr<TenancyDesk> tenancy_;
  std::unique_ptr<cache::Cache> cache_;
  std::unique_ptr<cache::Rights> rights_;
};

}  // namespace cloudfolio::roles

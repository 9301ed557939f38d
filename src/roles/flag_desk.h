#pragma once
// FlagDesk: the feature flags of this process: read at the start, then twice a second.
//
// Threads: thread-safe. A store that is away at the start is logged; until it answers, the
// configuration's values hold.

#include <memory>

#include "flags/flag_store.h"
#include "flags/flags.h"
#include "roles/config.h"
#include "storage/storage.h"

namespace cloudfolio::runtime {
class PeriodicTask;
}

namespace cloudfolio::roles {

class FlagDesk {
 public:
  // Everything given outlives it.
  static Result<std::unique_ptr<FlagDesk>> open(const Config& config, storage::Storage& storage,
                                                const Clock& clock, telemetry::Log& log,
                                                telemetry::MetricRegistry& metrics);
  ~FlagDesk();

  flags::Flags& flags() { return *flags_; }
  flags::FlagStore& store() { return *store_; }

 private:
  FlagDesk() = default;
  std::unique_ptr<flags::FlagStore> store_;
  std::unique_ptr<flags::Flags> flags_;
  std::unique_ptr<runtime::PeriodicTask> reading_;
};

// Every flag's value under this configuration.
flags::Defaults flag_defaults(const Config& config);

}  // namespace cloudfolio::roles

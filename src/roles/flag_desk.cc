#include "roles/flag_desk.h"

#include "flags/rows.h"
#include "runtime/periodic_task.h"
#include "telemetry/log.h"

namespace cloudfolio::roles {
namespace {

// One read of a store that does not answer must not hold up the next.
constexpr std::chrono::seconds kReadLongest{5};

}  // namespace

flags::Defaults flag_defaults(const Config& config) {
  flags::Defaults defaults;
  for (FlagValue& flag : flags(config)) defaults[flag.name] = {flag.value, std::move(flag.source)};
  return defaults;
}

Result<std::unique_ptr<FlagDesk>> FlagDesk::open(const Config& config, storage::Storage& storage,
                                                 const Clock& clock, telemetry::Log& log,
                                                 telemetry::MetricRegistry& metrics) {
  std::unique_ptr<FlagDesk> desk(new FlagDesk());
  CF_TRY(storage::Table* const table, storage.table(flags::kFlagsTable));
  desk->store_ = std::make_unique<flags::FlagStore>(*table, clock);
  desk->flags_ = std::make_unique<flags::Flags>(
      flag_defaults(config), flags::Flags::Parts{*desk->store_, clock, log, metrics});
  const auto read = [&flags = *desk->flags_, &clock, &log](const Context& ctx) {
    const Status done = flags.refresh(ctx.with_deadline(clock.now() + kReadLongest));
    if (!done && done.error().code() != Code::cancelled)
      log.warn(ctx, "flags.not_read", {{"error", done.error()}});
  };
  read(Context());
  desk->reading_ = std::make_unique<runtime::PeriodicTask>(
      runtime::PeriodicTask::Options{.name = "flags", .every = flags::kRefreshEvery}, clock,
      [read](std::stop_token stop) { read(Context().with_stop(std::move(stop))); });
  return desk;
}

FlagDesk::~FlagDesk() = default;

}  // namespace cloudfolio::roles

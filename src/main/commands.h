#pragma once
// The commands. Each takes what was asked and the configuration, prints its answer on standard
// output (one JSON object with Output::json), and returns; main() turns an Error into a message and
// an exit code. An Error without message says that the printed answer tells it all.

#include "base/clock.h"
#include "base/result.h"
#include "main/arguments.h"
#include "roles/capacity_role.h"
#include "roles/config.h"

namespace cloudfolio::main {

// What every command is given.
struct Invocation {
  roles::Config config;
  Output output = Output::text;
  const Clock& clock;
  roles::Environment environment;  // What is no setting: the service manager's variables.
  // For processes that this one starts, and as which of them it was started itself.
  roles::WorkerProgram worker_program = {};
  std::optional<std::uint64_t> worker_generation = {};
};

Status run_command(const Invocation&, const ServeCommand&);
Status run_command(const Invocation&, const SyncCommand&);
Status run_command(const Invocation&, const TrainCommand&);
Status run_command(const Invocation&, const TrainingCommand&);
Status run_command(const Invocation&, const SearchCommand&);
Status run_command(const Invocation&, const StatusCommand&);
Status run_command(const Invocation&, const CacheCommand&);
Status run_command(const Invocation&, const UsageCommand&);
Status run_command(const Invocation&, const QuotaCommand&);
Status run_command(const Invocation&, const TenantCommand&);
Status run_command(const Invocation&, const CostsCommand&);
Status run_command(const Invocation&, const EncodeCommand&);
Status run_command(const Invocation&, const EvalCommand&);
Status run_command(const Invocation&, const ModelsCommand&);
Status run_command(const Invocation&, const FlagsCommand&);
Status run_command(const Invocation&, const GithubSimCommand&);
Status run_command(const Invocation&, const HealthCommand&);
Status run_command(const Invocation&, const MigrateCommand&);
Status run_command(const Invocation&, const VersionCommand&);

}  // namespace cloudfolio::main

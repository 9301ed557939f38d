// migrate plan|run|verify|rollback: one store's containers and tables to another store.

#include <cinttypes>
#include <cstdio>

#include "cache/cache.h"
#include "cache/legacy/old_tables.h"
#include "cache/rights.h"
#include "costs/ledger.h"
#include "flags/rows.h"
#include "json/json.h"
#include "main/commands.h"
#include "main/progress.h"
#include "migrate/migration.h"
#include "roles/named_store.h"
#include "tenancy/quota_book.h"
#include "tenancy/request_keys.h"
#include "tenancy/tenant_directory.h"
#include "tenancy/tenant_settings.h"
#include "tenancy/usage_ledger.h"

namespace cloudfolio::main {
namespace {

using migrate::Outcome;
using migrate::Report;
using Verb = MigrateCommand::Verb;

struct Meaning {
  Outcome outcome;
  const char* text;
};
constexpr Meaning kMeanings[] = {
    {Outcome::to_copy, "to copy"},
    {Outcome::copied, "copied"},
    {Outcome::replaced, "replaced, with a backup in the journal"},
    {Outcome::removed, "removed, as they are gone at the source"},
    {Outcome::same, "the same on both sides before"},
    {Outcome::unchanged, "copied before and unchanged since"},
    {Outcome::equal, "equal"},
    {Outcome::undone, "removed again"},
    {Outcome::restored, "restored from the journal's backup"},
    {Outcome::changed_there, "left alone: the destination changed them since"},
    {Outcome::vanished, "gone at the source while it was read"},
    {Outcome::only_there, "at the destination alone"},
    {Outcome::stale, "changed at the source since they were copied: run again"},
    {Outcome::missing, "missing at the destination"},
    {Outcome::differs, "different"},
    {Outcome::conflict, "in conflict: both sides differ, nothing was written"},
    {Outcome::failed, "failed: run again"},
};

void print(const Report& report) {
  for (const Meaning& meaning : kMeanings) {
    if (const auto count = report.count(meaning.outcome); count > 0)
      std::printf("%10" PRIu64 "  %s (%.1f MiB)\n", count, meaning.text,
                  static_cast<double>(report.size_bytes(meaning.outcome)) / (1024.0 * 1024.0));
  }
  for (const auto& finding : report.findings()) {
    std::string key = finding.key;
    if (const auto between = key.find('\x1f'); between != std::string::npos) key[between] = '/';
    std::printf("%-13s %s %s: %s\n", std::string(to_string(finding.outcome)).c_str(),
                finding.place.c_str(), key.c_str(), finding.why.c_str());
  }
  if (report.estimated_seconds > 0)
    std::printf("estimated from a sample of reads: %.0f s\n", report.estimated_seconds);
  std::printf("took %.1f s\n", report.seconds);
}

migrate::Options options_from(const MigrateCommand& command) {
  migrate::Options options;
  options.containers = command.containers;
  options.tables = command.tables;
  if (options.containers.empty() && options.tables.empty()) {
    options.containers = {cache::kContainer};
    options.tables.assign(cache::kOldTables.begin(), cache::kOldTables.end());
    for (const char* ours : {tenancy::kTenantsTable, tenancy::kUsageTable, tenancy::kQuotasTable,
                             cache::kRightsTable, tenancy::kRequestKeysTable,
                             tenancy::kSettingsTable, costs::kCostsTable, flags::kFlagsTable})
      options.tables.emplace_back(ours);
  }
  options.journal = command.journal;
  options.copies_at_once = static_cast<std::size_t>(command.at_once);
  options.memory_bytes = static_cast<std::uint64_t>(command.memory_mib) * kMiB;
  options.bytes_per_second =
      static_cast<std::uint64_t>(command.rate_mib_per_second * static_cast<double>(kMiB));
  options.items_per_second = static_cast<std::uint64_t>(command.rate_per_second);
  if (command.replace) options.on_conflict = migrate::OnConflict::replace;
  return options;
}

Status perform(Verb verb, migrate::Migration& migration, const migrate::Watch& watch,
               Report& report) {
  const Context ctx;
  switch (verb) {
    case Verb::plan:
      return migration.plan(ctx, watch, report);
    case Verb::run:
      return migration.run(ctx, watch, report);
    case Verb::verify:
      return migration.verify(ctx, watch, report);
    case Verb::rollback:
      return migration.rollback(ctx, watch, report);
  }
  return Done{};
}

}  // namespace

Status run_command(const Invocation& invocation, const MigrateCommand& command) {
  using roles::IfMissing;
  const Clock& clock = invocation.clock;
  CF_TRY(const roles::NamedStore from,
         roles::open_named_store(command.from, IfMissing::refuse, invocation.config, clock));
  CF_TRY(const roles::NamedStore to,
         roles::open_named_store(command.to,
                                 command.verb == Verb::run ? IfMissing::create : IfMissing::refuse,
                                 invocation.config, clock));
  const migrate::Ends ends{*from.storage, from.name, *to.storage, to.name};
  CF_TRY(const auto migration,
         migrate::Migration::open(ends, options_from(command), clock, migrate::wait_on(clock)));
  Report report;
  {
    Progress progress(stderr, clock);
    const migrate::Watch watch = [&progress](const migrate::Step& step) {
      progress.show(step.phase, static_cast<std::int64_t>(step.done),
                    static_cast<std::int64_t>(step.total));
    };
    CF_CHECK(perform(command.verb, *migration, watch, report));
  }
  if (invocation.output == Output::json)
    std::printf("%s\n", json::write(report.to_json()).c_str());
  else
    print(report);
  if (report.clean()) return Done{};
  // The answer has said it all.
  return Error(report.count(Outcome::failed) > 0 ? Code::unavailable : Code::conflict, "");
}

}  // namespace cloudfolio::main

// flags ls|set|history|rearm: feature flags in the store that the configuration names. A running
// server notices within two seconds.

#include <pwd.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "base/time_text.h"
#include "flags/report.h"
#include "flags/rows.h"
#include "json/json.h"
#include "main/commands.h"
#include "roles/flag_desk.h"
#include "roles/platform.h"
#include "storage/storage.h"
#include "tenancy/login.h"

namespace cloudfolio::main {
namespace {

std::string user_name() {
  const passwd* const user = ::getpwuid(::geteuid());
  return user != nullptr ? user->pw_name : "uid " + std::to_string(::geteuid());
}

void show_flags(const flags::Flags::View& view) {
  for (const auto& flag : view.flags) {
    const std::string source = flag.setting.share ? "flags table" : flag.standard.source;
    const std::string value = flag.setting.share    ? flags::to_string(flag.setting.share)
                              : flag.standard.value ? "on"
                                                    : "off";
    std::printf("%-28s %-7s %-38s %s\n", flag.name.c_str(), value.c_str(),
                ("(" + source + ")").c_str(), flag.about.c_str());
    for (const auto& [tenant, on] : flag.setting.tenants)
      std::printf("  %-26s %s\n", tenant.str().c_str(), on ? "on" : "off");
    if (!flag.setting.armed)
      std::printf("  the guard turned it back: %s\n", flag.setting.reason.c_str());
  }
  std::printf("version %llu\n", static_cast<unsigned long long>(view.version));
}

void show_history(const std::vector<flags::AuditEntry>& entries) {
  for (const flags::AuditEntry& entry : entries) {
    std::printf("%4llu  %s  %-28s %-10s %s%s -> %s  by %s: %s\n",
                static_cast<unsigned long long>(entry.version), to_text(entry.at).c_str(),
                entry.flag.c_str(), entry.action.c_str(),
                entry.tenant.empty() ? "" : (entry.tenant + ": ").c_str(), entry.before.c_str(),
                entry.after.c_str(), entry.actor.c_str(), entry.reason.c_str());
    if (!entry.evidence.empty()) std::printf("      %s\n", entry.evidence.c_str());
  }
}

Status change(const Context& ctx, flags::FlagStore& store, const FlagsCommand& command) {
  const flags::Author author{command.by.empty() ? user_name() : command.by, command.reason};
  if (command.verb == FlagsCommand::Verb::rearm) {
    CF_CHECK(store.rearm(ctx, command.flag, author));
    return Done{};
  }
  CF_TRY(const flags::Share share, flags::share_from(command.value));
  if (command.tenant.empty()) {
    CF_CHECK(store.set(ctx, command.flag, share, author));
    return Done{};
  }
  CF_TRY(const TenantId tenant, tenancy::tenant_from_login(command.tenant));
  CF_CHECK(store.set_tenant(ctx, command.flag, tenant, share, author));
  return Done{};
}

Status print(const flags::Flags::View& view, Output output) {
  if (output == Output::json) {
    std::printf("%s\n", flags::to_json(view).c_str());
  } else {
    show_flags(view);
  }
  return Done{};
}

// Looking at the flags makes no store where there is none yet.
Status list_without_store(const Invocation& invocation) {
  const auto storage = storage::open_memory(invocation.clock);
  const auto sink = telemetry::make_stderr_sink();
  telemetry::Log log(*sink, invocation.clock, telemetry::Level::error);
  telemetry::MetricRegistry metrics;
  CF_TRY(storage::Table* const table, storage->table(flags::kFlagsTable));
  flags::FlagStore store(*table, invocation.clock);
  const flags::Flags reader(roles::flag_defaults(invocation.config),
                            {store, invocation.clock, log, metrics});
  return print(reader.view(), invocation.output);
}

}  // namespace

Status run_command(const Invocation& invocation, const FlagsCommand& command) {
  const bool no_store = invocation.config.storage_backend == "embedded" &&
                        !std::filesystem::exists(invocation.config.data);
  if (no_store && command.verb == FlagsCommand::Verb::ls) return list_without_store(invocation);
  roles::Config config = invocation.config;
  if (config.log_file.empty()) config.log_level = "error";
  CF_TRY(const auto platform, roles::Platform::open(config, invocation.clock));
  const Context ctx;
  flags::FlagStore& store = platform->flag_desk().store();
  if (command.verb == FlagsCommand::Verb::history) {
    CF_TRY(const auto entries, store.history(ctx, command.flag));
    if (invocation.output == Output::json) {
      std::printf("%s\n", flags::to_json(entries).c_str());
    } else {
      show_history(entries);
    }
    return Done{};
  }
  if (command.verb != FlagsCommand::Verb::ls) CF_CHECK(change(ctx, store, command));
  CF_CHECK(platform->flags().refresh(ctx));
  return print(platform->flags().view(), invocation.output);
}

}  // namespace cloudfolio::main

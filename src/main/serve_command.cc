#include <cstdio>

#include "main/commands.h"
#include "roles/gateway_role.h"
#include "roles/housekeeping.h"
#include "roles/system.h"
#include "runtime/periodic_task.h"
#include "runtime/shutdown.h"

namespace cloudfolio::main {
namespace {
constexpr std::chrono::seconds kDrainLongest{20};
constexpr std::chrono::minutes kMaintainEvery{1};
}  // namespace

Status run_command(const Invocation& invocation, const ServeCommand& command) {
  CF_TRY(const auto shutdown, runtime::Shutdown::open());
  const roles::Config& config = invocation.config;
  auto wanted = roles::RoleSet::all();
  if (!command.roles.empty()) {
    CF_TRY(wanted, roles::RoleSet::parse(command.roles));
  }
  CF_TRY(const auto system, roles::System::open(config, invocation.clock,
                                                roles::System::Work::orchestrations, wanted));
  std::unique_ptr<roles::GatewayRole> gateway;
  if (wanted.has(roles::Role::gateway)) {
    CF_TRY(gateway,
           roles::GatewayRole::open(
               config, *system, command.listen.empty() ? config.server_listen : command.listen));
    CF_CHECK(system->announce(gateway->origin()));
  }
  roles::Housekeeping housekeeping(system->platform());
  runtime::PeriodicTask maintenance({.name = "maintain", .every = kMaintainEvery}, invocation.clock,
                                    [&](std::stop_token stop) {
                                      const Context ctx = Context().with_stop(std::move(stop));
                                      if (wanted.has(roles::Role::orchestrator))
                                        housekeeping.run(ctx);
                                      system->sweep(ctx);
                                    });
  const std::string what = gateway ? gateway->origin() : wanted.text();
  std::printf("cloudfolio serves %s (data in %s; Ctrl-C ends it)\n", what.c_str(),
              config.data.c_str());
  std::fflush(stdout);
  const std::string reason = shutdown->wait();
  system->platform().log().info(Context(), "serve.draining", {{"reason", reason}});
  const Status drained = gateway ? gateway->drain(kDrainLongest) : Status(Done{});
  if (!drained) {
    system->platform().log().warn(Context(), "serve.drain_cut", {{"error", drained.error()}});
  }
  return Done{};
}

}  // namespace cloudfolio::main

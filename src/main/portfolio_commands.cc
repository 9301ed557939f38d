// sync, train, search and status: what a person does with a portfolio.

#include <cstdio>

#include "json/json.h"
#include "main/commands.h"
#include "main/progress.h"
#include "main/show.h"
#include "main/watch.h"
#include "roles/system.h"
#include "runtime/shutdown.h"
#include "tenancy/login.h"

namespace cloudfolio::main {
namespace {

// A command's surroundings: it stops at Ctrl-C, and what was acknowledged goes on later.
struct Running {
  std::unique_ptr<runtime::Shutdown> shutdown;
  std::unique_ptr<roles::Session> session;
  TenantId tenant;
  Context ctx;
};

// Commands write log lines only where something is wrong; a server logs everything.
roles::Config quiet(const roles::Config& config) {
  roles::Config result = config;
  if (result.log_level == "info" && result.log_file.empty()) result.log_level = "error";
  return result;
}

Result<Running> begin(const Invocation& invocation, const std::string& login,
                      roles::System::Work work, const roles::Config& config) {
  Running running;
  CF_TRY(running.tenant, tenancy::tenant_from_login(login));
  CF_TRY(running.shutdown, runtime::Shutdown::open());
  CF_TRY(running.session, roles::open_session(quiet(config), invocation.clock, work));
  running.ctx = Context(running.tenant, Clock::Instant::max(), running.shutdown->token());
  return running;
}

void print_json(const std::string& json) {
  std::printf("%s\n", json.c_str());
}

}  // namespace

Status run_command(const Invocation& invocation, const SyncCommand& command) {
  roles::Config config = invocation.config;
  config.training_enabled = false;  // `train` is a command of its own.
  CF_TRY(auto running,
         begin(invocation, command.login, roles::System::Work::orchestrations, config));
  Progress progress(stderr, invocation.clock);
  auto& session = *running.session;
  CF_TRY(const auto started, session.portfolios().start_refresh(
                                 running.ctx, running.tenant,
                                 command.force ? gateway::Force::yes : gateway::Force::no, {}));
  CF_TRY(const auto job, watch(running.ctx, session, started.instance,
                               "Syncing " + running.tenant.str(), progress));
  CF_CHECK(watch_index(running.ctx, session, running.tenant, progress));
  if (invocation.output == Output::json) {
    print_json(job.output);
    return Done{};
  }
  return show_sync(job.output);
}

Status run_command(const Invocation& invocation, const TrainCommand& command) {
  CF_TRY(auto running,
         begin(invocation, command.login, roles::System::Work::orchestrations, invocation.config));
  Progress progress(stderr, invocation.clock);
  auto& session = *running.session;
  gateway::TrainRequest request;
  if (command.steps_max) request.steps_max = *command.steps_max;
  if (command.tokens_max) request.tokens_max = *command.tokens_max;
  CF_TRY(const auto instance,
         session.portfolios().start_training(running.ctx, running.tenant, request));
  CF_TRY(const auto job,
         watch(running.ctx, session, instance, "Training " + running.tenant.str(), progress));
  CF_CHECK(watch_index(running.ctx, session, running.tenant, progress));
  if (invocation.output == Output::json) {
    print_json(job.output);
    return Done{};
  }
  return show_training(job.output);
}

Status run_command(const Invocation& invocation, const SearchCommand& command) {
  CF_TRY(auto running,
         begin(invocation, command.login, roles::System::Work::read_only, invocation.config));
  gateway::SearchRequest request;
  request.query = command.query;
  request.limit = command.limit;
  request.hits_per_repository = command.hits_per_repository;
  if (command.with_private) request.sight = gateway::Sight::with_private;
  if (command.explain) request.explain = gateway::SearchRequest::Explain::yes;
  auto answer = running.session->portfolios().search(running.ctx, running.tenant, request);
  if (!answer && answer.error().code() == Code::not_found) {
    return Error(Code::not_found, answer.error().message() + "; run `cloudfolio sync " +
                                      running.tenant.str() + "` first");
  }
  if (!answer) return std::move(answer).error();
  if (invocation.output == Output::json) {
    print_json(*answer);
    return Done{};
  }
  return show_search(*answer);
}

Status run_command(const Invocation& invocation, const StatusCommand& command) {
  CF_TRY(auto running,
         begin(invocation, command.login, roles::System::Work::read_only, invocation.config));
  CF_TRY(const auto status, running.session->portfolios().status(running.ctx, running.tenant,
                                                                 gateway::Sight::with_private));
  if (invocation.output == Output::json) {
    print_json(status);
    return Done{};
  }
  return show_status(status);
}

}  // namespace cloudfolio::main

#include "main/watch.h"

#include <condition_variable>
#include <mutex>

#include "json/json.h"
#include "search/index_portfolio.h"

namespace cloudfolio::main {
namespace {

constexpr std::chrono::milliseconds kLookEveryFirst{5};
constexpr std::chrono::milliseconds kLookEveryMax{200};

void wait_a_moment(const Context& ctx, std::chrono::milliseconds time) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any stopped;
  stopped.wait_for(lock, ctx.stop_token(), time, [] { return false; });
}

void show(const roles::JobView& job, const std::string& what, Progress& progress) {
  const auto status = json::parse(job.custom_status.empty() ? "{}" : job.custom_status);
  if (!status) return;
  std::string phase(json::find_string(*status, "phase").value_or(""));
  if (const auto until = json::find_string(*status, "resumes_at"))
    phase += " for GitHub's limit, goes on at " + std::string(*until);
  std::string detail;
  if (const auto loss = json::find_number(*status, "loss")) {
    char text[32];
    std::snprintf(text, sizeof text, "loss %.3f", *loss);
    detail = text;
  }
  progress.show(phase.empty() ? what : what + ": " + phase,
                json::find_int(*status, "done").value_or(0),
                json::find_int(*status, "total").value_or(0), detail);
}

}  // namespace

Result<roles::JobView> watch(const Context& ctx, roles::Session& session, const InstanceId& job,
                             const std::string& what, Progress& progress) {
  auto pause = kLookEveryFirst;
  progress.show(what, 0, 0);
  for (;;) {
    CF_TRY(const auto found, session.find_job(ctx, job));
    if (!found) return Error(Code::not_found, "there is no job '" + job.str() + "'");
    show(*found, what, progress);
    if (found->failure) return *found->failure;
    if (found->finished()) {
      if (found->status == "Completed") return *found;
      return Error(Code::cancelled, what + ": " + found->status);
    }
    if (ctx.stopped())
      return Error(Code::cancelled, "stopped; the work goes on when the store is next opened");
    wait_a_moment(ctx, pause);
    pause = std::min(pause * 2, kLookEveryMax);
  }
}

Status watch_index(const Context& ctx, roles::Session& session, const TenantId& tenant,
                   Progress& progress) {
  for (const std::string& id :
       {search::index_instance(tenant), search::private_index_instance(tenant)}) {
    const InstanceId job(id);
    CF_TRY(const auto found, session.find_job(ctx, job));
    if (!found) continue;
    const auto indexed = watch(ctx, session, job, "Indexing", progress);
    if (!indexed && ctx.stopped()) return indexed.error();
    if (!indexed) progress.say("searches go by words alone: " + indexed.error().message());
  }
  return Done{};
}

}  // namespace cloudfolio::main

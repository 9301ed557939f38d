#include "roles/worker_seat.h"

#include "roles/remote_work.h"

namespace cloudfolio::roles {
namespace {

TenantId tenant_of(const durable::ActivityInfo& activity) {
  const auto tenant = activity.tags.find("tenant");
  return tenant == activity.tags.end() ? TenantId() : TenantId(tenant->second);
}

}  // namespace

WorkerSeat::WorkerSeat(std::uint64_t generation, Parts parts)
    : generation_(generation),
      parts_(std::move(parts)),
      book_(parts_.workers, kTrainingQueue),
      saying_(std::make_unique<runtime::PeriodicTask>(
          runtime::PeriodicTask::Options{
              .name = "worker", .every = kSayEvery, .first = runtime::First::now},
          parts_.clock, [this](std::stop_token stop) { say(std::move(stop)); })) {}

void WorkerSeat::say(std::stop_token stop) {
  const Context ctx = Context().with_stop(std::move(stop));
  const auto order = book_.heartbeat(ctx, generation_, parts_.clock.wall_time());
  const bool gone = !order && order.error().code() == Code::conflict;
  if (!order && !gone) {
    parts_.log.warn(ctx, "worker.not_said", {{"error", order.error()}});
    return;
  }
  if (!gone && *order == capacity::Order::go_on) return;
  if (lost_.exchange(true)) return;
  parts_.on_lost(gone ? order.error().message() : "asked to stop at a checkpoint");
}

Status WorkerSeat::take(const durable::ActivityInfo& activity) {
  return book_.take(Context(), generation_, tenant_of(activity), activity.instance_id,
                    parts_.clock.wall_time());
}

void WorkerSeat::let_go(const durable::ActivityInfo& activity) {
  const Status done =
      book_.finish(Context(), generation_, activity.instance_id, parts_.clock.wall_time());
  if (!done)
    parts_.log.warn(Context(), "worker.not_finished",
                    {{"instance", activity.instance_id}, {"error", done.error()}});
}

}  // namespace cloudfolio::roles

#include "capacity/planner.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "base/time_text.h"

namespace cloudfolio::capacity {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr std::size_t kNameLengthMax = 63;

bool counts(const Worker& worker) {
  return worker.state != WorkerState::deleting;
}

// Everything one call of plan() works with.
class Planning {
 public:
  Planning(const Policy& policy, const Book& book, const View& view, WallTime now)
      : policy_(policy), book_(book), view_(view), now_(now) {
    for (const Group& group : view.groups) groups_.emplace(group.name, &group);
    for (const Job& job : view.jobs) jobs_.insert(job.id);
    waiting_ = fair_order(book, view.jobs);
  }

  std::vector<Effect> effects() {
    if (!view_.complete) {
      note(Note::Kind::decision, "view incomplete: " + view_.trouble);
      return std::move(effects_);
    }
    over_budget_ = policy_.day_limit_micros > 0 &&
                   spent_today_nanos(policy_, book_, now_) >= policy_.day_limit_micros * 1'000;
    for (const auto& [generation, worker] : book_.workers) look_at(worker);
    find_orphans();
    create();
    return std::move(effects_);
  }

 private:
  void note(Note::Kind kind, std::string text) { effects_.push_back(Note{kind, std::move(text)}); }
  const Group* group_of(const Worker& worker) const {
    const auto found = groups_.find(worker.name);
    return found == groups_.end() ? nullptr : found->second;
  }
  bool since(WallTime time, std::chrono::seconds limit) const { return now_ - time >= limit; }

  void look_at(const Worker& worker) {
    const Group* group = group_of(worker);
    switch (worker.state) {
      case WorkerState::intended:
        return look_at_intended(worker, group);
      case WorkerState::creating:
        return look_at_creating(worker, group);
      case WorkerState::active:
        return look_at_active(worker, group);
      case WorkerState::draining:
        effects_.push_back(Delete{worker.generation, worker.reason});
        return;
      case WorkerState::deleting:
        return look_at_deleting(worker, group);
    }
  }

  void look_at_intended(const Worker& worker, const Group* group) {
    if (group) {
      effects_.push_back(NoteAccepted{worker.generation});
      return;
    }
    if (since(worker.intended_at, policy_.start_limit)) {
      effects_.push_back(
          Delete{worker.generation, "its creation was never confirmed", Blame::start});
    } else if (since(worker.asked_at, policy_.ask_again)) {
      effects_.push_back(CreateAgain{worker.generation});
    }
  }

  bool is_alive(const Worker& worker, const Group* group) const {
    if (policy_.liveness == Liveness::platform) return group && group->state == GroupState::running;
    return is_set(worker.heartbeat_at);
  }

  void look_at_creating(const Worker& worker, const Group* group) {
    if (is_alive(worker, group)) {
      effects_.push_back(NoteStarted{
          worker.generation, policy_.liveness == Liveness::platform ? now_ : worker.heartbeat_at});
    } else if (group && group->state == GroupState::failed) {
      remove(worker, "the platform says that it failed: " + group->detail, Blame::start);
    } else if (group && group->state == GroupState::ended) {
      // A worker that is one job and already ended did its job, or could not: the job says.
      const bool job_done = policy_.liveness == Liveness::platform && !jobs_.contains(worker.job);
      remove(worker, "it ended: " + group->detail, job_done ? Blame::nobody : Blame::start);
    } else if (!group && since(worker.accepted_at, policy_.settle)) {
      remove(worker, "the platform no longer knows it", Blame::start);
    } else if (since(worker.accepted_at, policy_.start_limit)) {
      remove(worker, "no sign of life since its creation", Blame::start);
    }
  }

  void remove(const Worker& worker, std::string reason, Blame blame = Blame::nobody) {
    effects_.push_back(Delete{worker.generation, std::move(reason), blame});
  }

  bool holds(const Worker& worker) const {
    if (policy_.liveness == Liveness::platform) return jobs_.contains(worker.job);
    return !worker.held_job.empty();
  }

  static bool has_worked(const Worker& worker) {
    return !worker.held_job.empty() || !worker.spans.empty();
  }

  void look_at_active(const Worker& worker, const Group* group) {
    const CreationGate& gate = book_.memory.gate;
    if (gate.failures > 0 && worker.generation > gate.failed_generation && has_worked(worker))
      effects_.push_back(NoteWorked{worker.generation});
    if (!group && !is_set(worker.absent_at)) effects_.push_back(NoteAbsent{worker.generation});
    if (policy_.liveness == Liveness::platform && (!group || group->state == GroupState::ended)) {
      return remove(worker, "its process ended" + (group ? ": " + group->detail : ""));
    }
    const bool ended = group && group->state == GroupState::ended;
    if (ended && holds(worker) && policy_.endings == Endings::certain)
      return remove(worker, "its process ended at work: " + group->detail);
    if (ended && group->ending == Ending::failed && !has_worked(worker))
      return remove(worker, "it ended before it took work: " + group->detail, Blame::start);
    const bool lost = policy_.liveness == Liveness::heartbeats &&
                      since(worker.heartbeat_at, policy_.heartbeat_limit);
    if (lost) return remove(worker, "no heartbeat since " + to_text(worker.heartbeat_at));
    if (holds(worker)) return look_at_working(worker, group);
    if (!worker.held_job.empty()) {
      effects_.push_back(NoteIdle{worker.generation});
      return;
    }
    if (!group || group->state == GroupState::failed || group->state == GroupState::ended) {
      return drain(worker, !group ? "the platform no longer knows it"
                                  : "the platform says that it ended: " + group->detail);
    }
    if (over_budget_) return drain(worker, "the day's money is spent");
    // It may take what waits; but one that leaves work lying for long is of no use.
    if (policy_.liveness == Liveness::heartbeats && spare_ < waiting_.size()) {
      const Job& next = view_.jobs[waiting_[spare_]];
      if (since(std::max(next.queued_at, worker.idle_since), policy_.start_limit))
        return drain(worker, "it takes no work though there is some");
      ++spare_;
      return;
    }
    if (since(worker.idle_since, policy_.idle_limit)) return drain(worker, "idle");
    ++spare_;
  }

  void drain(const Worker& worker, std::string reason) {
    effects_.push_back(Drain{worker.generation, std::move(reason)});
  }

  void look_at_working(const Worker& worker, const Group* group) {
    const bool platform_disagrees =
        !group || group->state == GroupState::failed || group->state == GroupState::ended;
    if (platform_disagrees)
      note(Note::Kind::decision, worker.name + " works on, whatever the platform says");
    const bool spent = over_budget_ || tenant_is_over(worker.held_tenant);
    if (!spent || policy_.over_budget != OverBudget::checkpoint_stop) return;
    if (!worker.stop_asked) {
      effects_.push_back(AskStop{worker.generation});
    } else if (since(worker.asked_at, policy_.stop_grace)) {
      remove(worker, "the day's money is spent, and it did not stop in time");
    }
  }

  void look_at_deleting(const Worker& worker, const Group* group) {
    if (!group) {
      // What was just asked for may not be in the list yet.
      const bool settled =
          is_set(worker.accepted_at)
              ? true
              : since(std::max(worker.asked_at, worker.intended_at), policy_.settle);
      if (settled) effects_.push_back(Close{worker.generation});
      return;
    }
    if (!is_set(worker.accepted_at)) {
      effects_.push_back(NoteAccepted{worker.generation});  // It was created after all.
      return;
    }
    if (since(worker.asked_at, policy_.ask_again)) remove(worker, worker.reason);
    if (since(worker.deleting_at, policy_.delete_alarm))
      note(Note::Kind::alarm, worker.name + " is being deleted since " +
                                  to_text(worker.deleting_at) + " and still there: it is paid for");
  }

  void find_orphans() {
    std::set<std::string_view> known;
    for (const auto& [generation, worker] : book_.workers) known.insert(worker.name);
    for (const Group& group : view_.groups)
      if (!known.contains(group.name)) effects_.push_back(DeleteOrphan{group});
  }

  bool tenant_is_over(const TenantId& tenant) const {
    if (policy_.tenant_limit_micros <= 0) return false;
    const WallTime midnight = std::chrono::floor<std::chrono::days>(now_);
    std::int64_t worked_ms = 0;
    if (const auto found = book_.tenants.find(tenant);
        found != book_.tenants.end() && found->second.day == day_of(now_))
      worked_ms = found->second.worked_ms;
    for (const auto& [generation, worker] : book_.workers)
      if (!worker.held_job.empty() && worker.held_tenant == tenant)
        worked_ms +=
            duration_cast<milliseconds>(now_ - std::max(worker.held_since, midnight)).count();
    return worked_ms * policy_.nanos_per_second / 1'000 >= policy_.tenant_limit_micros * 1'000;
  }

  void create() {
    std::size_t live = 0;
    std::size_t going = 0;
    std::size_t starting = 0;
    for (const auto& [generation, worker] : book_.workers) {
      ++(counts(worker) ? live : going);
      if (worker.state == WorkerState::intended || worker.state == WorkerState::creating)
        ++starting;
    }
    // In mode platform a starting worker has its job (fair_order left that out); otherwise each
    // worker that starts or is idle takes one of the jobs that wait.
    std::size_t next = policy_.liveness == Liveness::heartbeats ? spare_ + starting : 0;
    CreationGate gate = book_.memory.gate;
    std::uint64_t generation = book_.memory.next_generation;
    for (; next < waiting_.size(); ++next) {
      const Job& job = view_.jobs[waiting_[next]];
      if (tenant_is_over(job.tenant)) {
        note(Note::Kind::decision, job.id + " waits: the tenant's money of the day is spent");
        continue;
      }
      const std::string why_not = refusal(gate, live, going);
      if (!why_not.empty()) {
        note(Note::Kind::decision, job.id + " waits: " + why_not);
        return;
      }
      effects_.push_back(CreateWorker{new_worker(job, gate, generation++)});
      gate.note_asked(policy_, now_);
      ++live;
    }
  }

  std::string refusal(const CreationGate& gate, std::size_t live, std::size_t going) const {
    if (live >= policy_.workers_max)
      return "all " + std::to_string(policy_.workers_max) + " workers are in use";
    if (going >= policy_.stuck_max)
      return std::to_string(going) + " workers are being deleted and still paid for";
    if (policy_.day_limit_micros > 0) {
      const std::int64_t minute =
          policy_.nanos_per_second * 60 * static_cast<std::int64_t>(live + 1);
      if (spent_today_nanos(policy_, book_, now_) + minute > policy_.day_limit_micros * 1'000)
        return "the day's spend limit is reached";
    }
    return gate.refusal(policy_, now_);
  }

  Worker new_worker(const Job& job, const CreationGate& gate, std::uint64_t generation) const {
    Worker worker;
    worker.generation = generation;
    worker.size = gate.choice % policy_.sizes.size();
    worker.region = policy_.regions[gate.choice / policy_.sizes.size() % policy_.regions.size()];
    worker.name = worker_name(policy_, worker.region, generation);
    worker.image = policy_.image;
    worker.job = job.id;
    worker.tenant = job.tenant;
    worker.intended_at = now_;
    worker.asked_at = now_;
    return worker;
  }

  const Policy& policy_;
  const Book& book_;
  const View& view_;
  const WallTime now_;
  std::map<std::string_view, const Group*> groups_;
  std::set<std::string_view> jobs_;
  std::vector<std::size_t> waiting_;
  std::size_t spare_ = 0;  // Idle workers that stay: each takes one of waiting_.
  bool over_budget_ = false;
  std::vector<Effect> effects_;
};

}  // namespace

std::string_view to_string(WorkerState state) {
  switch (state) {
    case WorkerState::intended:
      return "intended";
    case WorkerState::creating:
      return "creating";
    case WorkerState::active:
      return "active";
    case WorkerState::draining:
      return "draining";
    case WorkerState::deleting:
      return "deleting";
  }
  return "deleting";
}

std::string day_of(WallTime time) {
  return to_text(time).substr(0, 10);
}

std::int64_t spent_today_nanos(const Policy& policy, const Book& book, WallTime now) {
  const WallTime midnight = std::chrono::floor<std::chrono::days>(now);
  std::int64_t nanos = book.memory.day == day_of(now) ? book.memory.spent_nanos : 0;
  for (const auto& [generation, worker] : book.workers) {
    if (!is_set(worker.accepted_at)) continue;
    const WallTime from = std::max(worker.accepted_at, midnight);
    const WallTime to = is_set(worker.absent_at) ? worker.absent_at : now;
    if (to > from)
      nanos += duration_cast<milliseconds>(to - from).count() * policy.nanos_per_second / 1'000;
  }
  return nanos;
}

std::vector<std::size_t> fair_order(const Book& book, const std::vector<Job>& jobs) {
  std::set<std::string_view> taken;  // Jobs that a worker holds or was made for …
  std::set<TenantId> served;         // … and tenants that have a worker.
  for (const auto& [generation, worker] : book.workers) {
    if (!worker.held_job.empty()) {
      taken.insert(worker.held_job);
      served.insert(worker.held_tenant);
    }
  }
  std::map<TenantId, std::size_t> oldest;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (taken.contains(jobs[i].id) || served.contains(jobs[i].tenant)) continue;
    const auto [found, added] = oldest.emplace(jobs[i].tenant, i);
    const Job& before = jobs[found->second];
    if (!added && std::tie(jobs[i].queued_at, jobs[i].id) < std::tie(before.queued_at, before.id))
      found->second = i;
  }
  const auto served_at = [&book](const TenantId& tenant) {
    const auto found = book.tenants.find(tenant);
    return found == book.tenants.end() ? WallTime{} : found->second.served_at;
  };
  std::vector<std::size_t> order;
  for (const auto& [tenant, index] : oldest) order.push_back(index);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::tuple(served_at(jobs[a].tenant), jobs[a].queued_at, jobs[a].id) <
           std::tuple(served_at(jobs[b].tenant), jobs[b].queued_at, jobs[b].id);
  });
  return order;
}

std::vector<Effect> plan(const Policy& policy, const Book& book, const View& view, WallTime now) {
  return Planning(policy, book, view, now).effects();
}

std::string worker_name(const Policy& policy, const std::string& region, std::uint64_t generation) {
  const std::string tail = "-" + region + "-" + std::to_string(generation);
  std::string name = policy.queue.substr(0, kNameLengthMax - std::min(kNameLengthMax, tail.size()));
  return name + tail;
}

}  // namespace cloudfolio::capacity

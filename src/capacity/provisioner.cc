#include "capacity/provisioner.h"

#include <algorithm>

namespace cloudfolio::capacity {
namespace {

// Half of it gone: time to renew.
bool needs_renewal(const storage::Lease& lease, Clock::Instant now) {
  return lease.ends - now < lease.length / 2;
}

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

// Half-way between the last whole list, which showed it, and this one, which does not: on the
// average neither dearer nor cheaper than it was.
WallTime gone_at(const Worker& worker, const Memory& memory, WallTime now) {
  const WallTime seen = std::max({memory.listed_at, worker.accepted_at, worker.deleting_at});
  return seen < now ? seen + (now - seen) / 2 : now;
}

}  // namespace

struct Provisioner::Turn {
  Book book;
  WallTime now;
  Pass pass;

  const Worker* find(std::uint64_t generation) const {
    const auto found = book.workers.find(generation);
    return found == book.workers.end() ? nullptr : &found->second;
  }
};

Provisioner::Provisioner(Policy policy, storage::Table& table, storage::LeaseBook& leases,
                         Platform& platform, UsageSink& usage, const Clock& clock, Random random)
    : policy_(std::move(policy)),
      book_(table, policy_.queue),
      leases_(leases),
      platform_(platform),
      usage_(usage),
      clock_(clock),
      random_(random) {}

Result<bool> Provisioner::lead(const Context& ctx) {
  if (lease_ && needs_renewal(*lease_, clock_.now())) {
    const Status renewed = leases_.renew(ctx, *lease_);
    if (!renewed && renewed.error().code() != Code::conflict) return renewed.error();
    if (!renewed) lease_.reset();
  }
  if (!lease_) {
    auto acquired = leases_.acquire(ctx, "capacity-" + policy_.queue, policy_.lease);
    if (!acquired && acquired.error().code() == Code::conflict) return false;
    if (!acquired) return std::move(acquired).error();
    lease_ = *std::move(acquired);
  }
  return true;
}

Result<Pass> Provisioner::ensure(const Context& ctx, const Demand& demand) {
  const std::lock_guard lock(mutex_);
  Turn turn{.book = {}, .now = clock_.wall_time(), .pass = {}};
  CF_TRY(const bool leads, lead(ctx));
  if (!leads) {
    turn.pass.part = Pass::Part::followed;
    return turn.pass;
  }
  CF_TRY(turn.book, book_.load(ctx));
  Memory& memory = turn.book.memory;
  if (memory.epoch > lease_->epoch) {
    lease_.reset();
    turn.pass.part = Pass::Part::followed;
    return turn.pass;
  }
  if (memory.epoch < lease_->epoch) {
    memory.epoch = lease_->epoch;
    CF_CHECK(book_.write_memory(ctx, memory));
  }
  View view{.complete = true, .groups = {}, .jobs = demand.jobs};
  if (auto listed = platform_.list(ctx)) {
    view.groups = *std::move(listed);
  } else {
    view.complete = false;
    view.trouble = listed.error().message();
  }
  for (const Effect& effect : plan(policy_, turn.book, view, turn.now)) {
    const Status done = carry_out(ctx, turn, effect);
    // What somebody else was faster at is looked at anew by the next pass.
    if (!done && done.error().code() != Code::conflict)
      turn.pass.log.push_back(done.error().message());
  }
  if (view.complete && !turn.book.workers.empty()) {
    turn.book.memory.listed_at = turn.now;
    const Status written = book_.write_memory(ctx, turn.book.memory);
    if (!written && written.error().code() == Code::conflict) {
      // A later leader wrote: this one was overtaken while it stalled.
      lease_.reset();
      turn.pass.part = Pass::Part::followed;
      return turn.pass;
    }
    CF_CHECK(written);
  }
  for (const auto& [generation, worker] : turn.book.workers)
    ++(worker.state == WorkerState::deleting ? turn.pass.deleting : turn.pass.workers);
  return turn.pass;
}

Status Provisioner::carry_out(const Context& ctx, Turn& turn, const Effect& effect) {
  if (const auto* note = std::get_if<Note>(&effect)) {
    turn.pass.log.push_back((note->kind == Note::Kind::alarm ? "alarm: " : "") + note->text);
    return Done{};
  }
  if (const auto* made = std::get_if<CreateWorker>(&effect)) return create(ctx, turn, made->worker);
  if (const auto* orphan = std::get_if<DeleteOrphan>(&effect))
    return remove_orphan(ctx, turn, orphan->group);
  const std::uint64_t generation = std::visit(
      [](const auto& one) -> std::uint64_t {
        if constexpr (requires { one.generation; }) {
          return one.generation;
        } else {
          return 0;
        }
      },
      effect);
  const Worker* worker = turn.find(generation);
  if (!worker) return Done{};
  if (std::holds_alternative<NoteWorked>(effect)) {
    turn.book.memory.gate.note_worked();
    return book_.write_memory(ctx, turn.book.memory);
  }
  if (std::holds_alternative<CreateAgain>(effect)) return ask(ctx, turn, *worker);
  if (const auto* gone = std::get_if<Delete>(&effect)) return remove(ctx, turn, *worker, *gone);
  if (std::holds_alternative<Close>(effect)) return close(ctx, turn, *worker);
  return change(ctx, turn, *worker, effect);
}

// The effects that only change the worker's row.
Status Provisioner::change(const Context& ctx, Turn& turn, Worker worker, const Effect& effect) {
  std::string said;
  std::visit(Overloaded{
                 [&](const NoteAccepted&) {
                   const bool intended = worker.state == WorkerState::intended;
                   if (!is_set(worker.accepted_at))
                     worker.accepted_at = intended ? worker.asked_at : worker.intended_at;
                   if (intended) worker.state = WorkerState::creating;
                 },
                 [&](const NoteStarted& started) {
                   worker.state = WorkerState::active;
                   worker.started_at = started.at;
                   worker.heartbeat_at = std::max(worker.heartbeat_at, started.at);
                   if (!is_set(worker.idle_since)) worker.idle_since = started.at;
                   if (policy_.liveness == Liveness::platform) turn.book.memory.gate.note_worked();
                 },
                 [&](const NoteAbsent&) {
                   worker.absent_at = gone_at(worker, turn.book.memory, turn.now);
                 },
                 [&](const NoteIdle&) { end_work(worker, turn.now); },
                 [&](const Drain& drain) {
                   worker.state = WorkerState::draining;
                   worker.reason = drain.reason;
                   said = worker.name + " goes: " + drain.reason;
                 },
                 [&](const AskStop&) {
                   worker.stop_asked = true;
                   worker.asked_at = turn.now;
                   said = worker.name + " is asked to stop at a checkpoint";
                 },
                 [](const auto&) {},
             },
             effect);
  CF_CHECK(book_.update(ctx, worker));
  turn.book.workers[worker.generation] = worker;
  if (!said.empty()) turn.pass.log.push_back(said);
  if (std::holds_alternative<NoteStarted>(effect)) return book_.write_memory(ctx, turn.book.memory);
  if (std::holds_alternative<Drain>(effect))
    return remove(ctx, turn, worker, Delete{worker.generation, worker.reason});
  return Done{};
}

Status Provisioner::create(const Context& ctx, Turn& turn, Worker worker) {
  Memory& memory = turn.book.memory;
  // A start that this pass found to have failed may have closed the gate.
  if (!memory.gate.refusal(policy_, turn.now).empty()) return Done{};
  Memory after = memory;
  after.next_generation = worker.generation + 1;
  after.gate.note_asked(policy_, turn.now);
  if (policy_.liveness == Liveness::platform) {
    worker.held_job = worker.job;
    worker.held_tenant = worker.tenant;
    worker.held_since = turn.now;
  }
  CF_CHECK(book_.insert(ctx, worker, after));
  memory = after;
  turn.book.workers[worker.generation] = worker;
  turn.pass.log.push_back(worker.name + " is created for " + worker.job);
  CF_CHECK(book_.note_served(ctx, worker.tenant, turn.now));
  return ask(ctx, turn, worker);
}

// Asks the platform for a worker whose row is there.
Status Provisioner::ask(const Context& ctx, Turn& turn, Worker worker) {
  const CreateRequest request{.name = worker.name,
                              .generation = worker.generation,
                              .queue = policy_.queue,
                              .region = worker.region,
                              .image = worker.image,
                              .size = policy_.sizes[worker.size % policy_.sizes.size()],
                              .job = worker.job};
  const CreateAnswer answer = platform_.create(ctx, request);
  Memory& memory = turn.book.memory;
  memory.gate.note_answer(policy_, answer.answer, answer.retry_after, answer.detail, turn.now,
                          random_);
  CF_CHECK(book_.write_memory(ctx, memory));
  worker.asked_at = turn.now;
  switch (answer.answer) {
    case Answer::accepted:
    case Answer::exists:
      worker.state = WorkerState::creating;
      if (!is_set(worker.accepted_at)) worker.accepted_at = turn.now;
      break;
    case Answer::unknown:
      break;
    case Answer::throttled:
    case Answer::no_capacity:
    case Answer::quota:
    case Answer::refused:
      turn.pass.log.push_back(worker.name + ": " + std::string(to_string(answer.answer)) + ": " +
                              answer.detail);
      // Nothing was created, unless an earlier attempt whose answer got lost was.
      worker.state = WorkerState::deleting;
      worker.deleting_at = turn.now;
      worker.reason = answer.detail;
      worker.held_job.clear();
      break;
  }
  CF_CHECK(book_.update(ctx, worker));
  turn.book.workers[worker.generation] = worker;
  return Done{};
}

Status Provisioner::remove(const Context& ctx, Turn& turn, Worker worker, const Delete& effect) {
  const bool first = worker.state != WorkerState::deleting;
  if (first) {
    // Platform: a worker's job ends with it, and the ledger is told; a heartbeat's held work that
    // was lost ends where it was last seen alive.
    const WallTime ended = policy_.liveness == Liveness::platform ? turn.now : worker.heartbeat_at;
    end_work(worker, ended);
    worker.state = WorkerState::deleting;
    worker.deleting_at = turn.now;
    worker.reason = effect.reason;
    turn.pass.log.push_back(worker.name + " is deleted: " + effect.reason);
  }
  worker.asked_at = turn.now;
  CF_CHECK(book_.update(ctx, worker));
  turn.book.workers[worker.generation] = worker;
  if (first && effect.blame == Blame::start) {
    CF_CHECK(note_failed_start(ctx, turn, worker));
  } else if (first && turn.book.memory.gate.probing) {
    turn.book.memory.gate.probing = false;  // It said nothing about starts: another may try.
    CF_CHECK(book_.write_memory(ctx, turn.book.memory));
  }
  return platform_.remove(ctx, worker.name);
}

Status Provisioner::note_failed_start(const Context& ctx, Turn& turn, const Worker& worker) {
  CreationGate& gate = turn.book.memory.gate;
  gate.note_failed(policy_, turn.now);
  gate.failed_generation = std::max(gate.failed_generation, worker.generation);
  gate.why = worker.reason;
  CF_CHECK(book_.write_memory(ctx, turn.book.memory));
  const std::string trouble = gate.trouble(policy_, turn.now);
  if (!trouble.empty()) turn.pass.log.push_back("alarm: " + trouble);
  if (gate.failures >= policy_.failures_to_give_up)
    turn.pass.given_up.push_back({worker.job, trouble});
  return Done{};
}

Status Provisioner::remove_orphan(const Context& ctx, Turn& turn, const Group& group) {
  turn.pass.log.push_back("alarm: " + group.name + " has no row here and is removed");
  CF_CHECK(usage_.record_unknown(ctx, group.name, turn.now));
  return platform_.remove(ctx, group.name);
}

Status Provisioner::close(const Context& ctx, Turn& turn, const Worker& worker) {
  const WallTime gone =
      is_set(worker.absent_at) ? worker.absent_at : gone_at(worker, turn.book.memory, turn.now);
  WorkerUsage usage{.queue = policy_.queue,
                    .name = worker.name,
                    .generation = worker.generation,
                    .region = worker.region,
                    .size = policy_.sizes[worker.size % policy_.sizes.size()],
                    .parts = usage_parts(worker, gone)};
  if (!usage.parts.empty()) CF_CHECK(usage_.record(ctx, usage));
  Memory after = turn.book.memory;
  const std::string today = day_of(turn.now);
  if (after.day != today) after.spent_nanos = 0;
  after.day = today;
  Book alone;
  alone.workers.emplace(worker.generation, worker);
  alone.workers.begin()->second.absent_at = gone;
  after.spent_nanos += spent_today_nanos(policy_, alone, turn.now);
  CF_CHECK(book_.close(ctx, worker, after));
  turn.book.memory = after;
  turn.book.workers.erase(worker.generation);
  return Done{};
}

Result<std::vector<WorkerView>> Provisioner::observe(const Context& ctx) {
  CF_TRY(const Book book, book_.load(ctx));
  std::vector<WorkerView> views;
  for (const auto& [generation, worker] : book.workers)
    views.push_back({worker.name, std::string(to_string(worker.state)),
                     worker.held_job.empty() ? worker.job : worker.held_job, worker.reason});
  return views;
}

Status Provisioner::release(const Context& ctx, const std::string& job) {
  const std::lock_guard lock(mutex_);
  CF_TRY(Book book, book_.load(ctx));
  Turn turn{.book = std::move(book), .now = clock_.wall_time(), .pass = {}};
  for (const auto& [generation, worker] : turn.book.workers) {
    const bool its_own = policy_.liveness == Liveness::platform && worker.job == job;
    if (its_own && worker.state != WorkerState::deleting)
      return remove(ctx, turn, worker, Delete{generation, "its job is released"});
  }
  return Done{};
}

}  // namespace cloudfolio::capacity

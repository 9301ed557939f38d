#include "capacity/worker_book.h"

#include "capacity/worker_rows.h"

namespace cloudfolio::capacity {
namespace {

using storage::Entity;
using storage::EntityKey;
using storage::Matches;
using storage::TableAction;
using storage::Write;

constexpr int kTriesMax = 16;

Error somebody_else(std::string_view what) {
  return Error(Code::conflict, std::string(what) + " was changed by somebody else");
}

// Done, or the first refusal as an error.
Status all_done(Result<storage::BatchOutcome> outcome, std::string_view what) {
  if (!outcome) return std::move(outcome).error();
  if (const auto* refusal = std::get_if<storage::BatchRefusal>(&*outcome)) {
    if (refusal->error.code() == Code::not_found) return somebody_else(what);
    return Error(refusal->error).while_doing(what);
  }
  return Done{};
}

TableAction write_action(Entity entity) {
  if (entity.etag == storage::ETag()) return storage::InsertAction{std::move(entity)};
  const storage::ETag etag = entity.etag;
  return storage::UpdateAction{std::move(entity), Write::replace, Matches{etag}};
}

bool may_work(const Worker& worker) {
  return worker.state == WorkerState::intended || worker.state == WorkerState::creating ||
         worker.state == WorkerState::active;
}

// Again and again while somebody else is faster.
template <class Try>
auto persist(Try attempt) -> decltype(attempt()) {
  for (int i = 1;; ++i) {
    auto done = attempt();
    if (done || done.error().code() != Code::conflict || i == kTriesMax ||
        done.error().message().ends_with("for good"))
      return done;
  }
}

Error lost(std::uint64_t generation) {
  return Error(Code::conflict,
               "worker " + std::to_string(generation) + " is no longer one, for good");
}

}  // namespace

void end_work(Worker& worker, WallTime now) {
  if (worker.held_job.empty()) return;
  const WallTime to = std::max(now, worker.held_since);
  if (worker.spans.size() >= kSpansMax && worker.spans.back().tenant == worker.held_tenant) {
    worker.spans.back().to = to;
  } else {
    worker.spans.push_back({worker.held_tenant, worker.held_job, worker.held_since, to});
  }
  worker.idle_since = to;
  worker.held_job.clear();
  worker.held_tenant = TenantId();
  worker.held_since = WallTime{};
}

Result<Book> WorkerBook::load(const Context& ctx) {
  Book book;
  storage::TableQuery query;
  query.partition = queue_;
  do {
    CF_TRY(storage::TablePage page, table_.query(ctx, query));
    for (const Entity& entity : page.entities) {
      if (entity.key.row == kMemoryRow) {
        CF_TRY(book.memory, memory_from(entity));
      } else if (entity.key.row.starts_with(kWorkerRows)) {
        CF_TRY(Worker worker, worker_from(entity));
        book.workers.emplace(worker.generation, std::move(worker));
      } else if (entity.key.row.starts_with(kTenantRows)) {
        CF_TRY(TenantRow tenant, tenant_from(entity));
        book.tenants.emplace(tenant.tenant, std::move(tenant));
      }
    }
    query.continuation = page.continuation;
  } while (!query.continuation.empty());
  return book;
}

Status WorkerBook::write_memory(const Context& ctx, Memory& memory) {
  const Entity entity{{queue_, kMemoryRow}, values_of(memory), {}};
  if (memory.etag == storage::ETag()) {
    CF_TRY(memory.etag, table_.insert(ctx, entity));
  } else {
    CF_TRY(memory.etag, table_.update(ctx, entity, Write::replace, Matches{memory.etag}));
  }
  return Done{};
}

Status WorkerBook::insert(const Context& ctx, Worker& worker, Memory& memory) {
  std::vector<TableAction> actions;
  actions.push_back(write_action({{queue_, kMemoryRow}, values_of(memory), memory.etag}));
  actions.push_back(
      storage::InsertAction{{{queue_, worker_row(worker.generation)}, values_of(worker), {}}});
  CF_TRY(const storage::BatchOutcome outcome, table_.batch(ctx, actions));
  CF_CHECK(all_done(outcome, "the planner's memory"));
  const auto& etags = std::get<std::vector<storage::ETag>>(outcome);
  memory.etag = etags.at(0);
  worker.etag = etags.at(1);
  return Done{};
}

Status WorkerBook::update(const Context& ctx, Worker& worker) {
  auto written =
      table_.update(ctx, {{queue_, worker_row(worker.generation)}, values_of(worker), {}},
                    Write::replace, Matches{worker.etag});
  if (!written && written.error().code() == Code::not_found) return somebody_else(worker.name);
  if (!written) return std::move(written).error();
  worker.etag = *std::move(written);
  return Done{};
}

Status WorkerBook::close(const Context& ctx, const Worker& worker, Memory& memory) {
  std::vector<TableAction> actions;
  actions.push_back(write_action({{queue_, kMemoryRow}, values_of(memory), memory.etag}));
  actions.push_back(
      storage::RemoveAction{{queue_, worker_row(worker.generation)}, Matches{worker.etag}});
  CF_TRY(const storage::BatchOutcome outcome, table_.batch(ctx, actions));
  CF_CHECK(all_done(outcome, worker.name));
  memory.etag = std::get<std::vector<storage::ETag>>(outcome).at(0);
  return Done{};
}

Status WorkerBook::note_served(const Context& ctx, const TenantId& id, WallTime now) {
  CF_TRY(TenantRow row, tenant(ctx, id));
  row.served_at = now;
  const std::vector<TableAction> one{
      write_action({{queue_, tenant_row(id)}, values_of(row), row.etag})};
  const Status written = all_done(table_.batch(ctx, one), "the tenant's row");
  if (!written && written.error().code() == Code::conflict) return Done{};
  return written;
}

Result<std::string> WorkerBook::trouble(const Context& ctx, const Policy& policy, WallTime now) {
  const auto entity = table_.get(ctx, {queue_, kMemoryRow});
  if (!entity && entity.error().code() == Code::not_found) return std::string();
  if (!entity) return entity.error();
  CF_TRY(const Memory memory, memory_from(*entity));
  return memory.gate.trouble(policy, now);
}

Result<Worker> WorkerBook::worker(const Context& ctx, std::uint64_t generation) {
  auto entity = table_.get(ctx, {queue_, worker_row(generation)});
  if (!entity && entity.error().code() == Code::not_found) return lost(generation);
  if (!entity) return std::move(entity).error();
  return worker_from(*entity);
}

Result<TenantRow> WorkerBook::tenant(const Context& ctx, const TenantId& id) {
  auto entity = table_.get(ctx, {queue_, tenant_row(id)});
  if (entity) return tenant_from(*entity);
  if (entity.error().code() != Code::not_found) return std::move(entity).error();
  TenantRow fresh;
  fresh.tenant = id;
  return fresh;
}

Status WorkerBook::write_both(const Context& ctx, const Worker& worker, const TenantRow& tenant) {
  std::vector<TableAction> actions;
  actions.push_back(
      write_action({{queue_, worker_row(worker.generation)}, values_of(worker), worker.etag}));
  actions.push_back(
      write_action({{queue_, tenant_row(tenant.tenant)}, values_of(tenant), tenant.etag}));
  return all_done(table_.batch(ctx, actions), "the worker's or the tenant's row");
}

Result<Order> WorkerBook::heartbeat(const Context& ctx, std::uint64_t generation, WallTime now) {
  return persist([&]() -> Result<Order> {
    CF_TRY(Worker row, worker(ctx, generation));
    if (!may_work(row)) return lost(generation);
    row.heartbeat_at = std::max(row.heartbeat_at, now);
    CF_CHECK(update(ctx, row));
    return row.stop_asked ? Order::stop_at_checkpoint : Order::go_on;
  });
}

Status WorkerBook::take(const Context& ctx, std::uint64_t generation, const TenantId& id,
                        const std::string& job, WallTime now) {
  return persist([&]() -> Status {
    CF_TRY(Worker row, worker(ctx, generation));
    if (!may_work(row) || row.stop_asked) return lost(generation);
    if (row.held_job == job) return Done{};  // Our own answer that got lost.
    if (!row.held_job.empty())
      return Error(Code::conflict, row.name + " holds '" + row.held_job + "', for good");
    CF_TRY(TenantRow of_tenant, tenant(ctx, id));
    if (of_tenant.holder != 0 && of_tenant.holder != generation) {
      auto holder = worker(ctx, of_tenant.holder);
      if (!holder && holder.error().code() != Code::conflict) return std::move(holder).error();
      if (holder && holder->held_tenant == id && !holder->held_job.empty())
        return Error(Code::conflict, holder->name + " works for '" + id.str() + "', for good");
    }
    row.held_job = job;
    row.held_tenant = id;
    row.held_since = now;
    row.heartbeat_at = std::max(row.heartbeat_at, now);
    of_tenant.holder = generation;
    of_tenant.served_at = now;
    return write_both(ctx, row, of_tenant);
  });
}

Status WorkerBook::finish(const Context& ctx, std::uint64_t generation, const std::string& job,
                          WallTime now) {
  return persist([&]() -> Status {
    CF_TRY(Worker row, worker(ctx, generation));
    const bool done_before = !row.spans.empty() && row.spans.back().job == job;
    if (row.held_job.empty() && done_before) return Done{};  // Our own answer that got lost.
    if (row.held_job != job)
      return Error(Code::conflict, "'" + job + "' was given to somebody else, for good");
    CF_TRY(TenantRow of_tenant, tenant(ctx, row.held_tenant));
    if (of_tenant.holder == generation) of_tenant.holder = 0;
    const std::string today = day_of(now);
    if (of_tenant.day != today) of_tenant.worked_ms = 0;
    of_tenant.day = today;
    const WallTime from =
        std::max<WallTime>(row.held_since, std::chrono::floor<std::chrono::days>(now));
    if (now > from)
      of_tenant.worked_ms +=
          std::chrono::duration_cast<std::chrono::milliseconds>(now - from).count();
    end_work(row, now);
    row.heartbeat_at = std::max(row.heartbeat_at, now);
    return write_both(ctx, row, of_tenant);
  });
}

}  // namespace cloudfolio::capacity

#include "capacity/worker_rows.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/time_text.h"
#include "json/fields.h"
#include "storage/rules.h"

namespace cloudfolio::capacity {
namespace {

using storage::Entity;
using storage::Values;

struct KeptSpan {
  std::string tenant;
  std::string job;
  std::int64_t from = 0;
  std::int64_t to = 0;
  static constexpr auto fields() {
    return std::tuple{json::Field{"t", &KeptSpan::tenant, "Tenant."},
                      json::Field{"j", &KeptSpan::job, "Job."},
                      json::Field{"f", &KeptSpan::from, "From, in Unix milliseconds."},
                      json::Field{"u", &KeptSpan::to, "Until."}};
  }
};

Error unreadable(const Entity& entity, std::string_view name) {
  return Error(Code::corrupt, "row '" + entity.key.row +
                                  "' of the workers has no readable value '" + std::string(name) +
                                  "'");
}

// Reads values by name; remembers the first that is missing.
class Row {
 public:
  explicit Row(const Entity& entity) : entity_(entity) {}
  std::string text(const char* name) { return get<std::string>(name); }
  std::int64_t number(const char* name) { return get<std::int64_t>(name); }
  bool truth(const char* name) { return get<bool>(name); }
  // Kept as milliseconds, so that "not yet" (0) is what it was.
  WallTime time(const char* name) { return from_unix_ms(number(name)); }
  bool failed() const { return missing_ != nullptr; }
  Error error() const { return unreadable(entity_, missing_); }
  void fail(const char* name) { missing_ = name; }

 private:
  template <class T>
  T get(const char* name) {
    const auto found = entity_.values.find(name);
    if (found != entity_.values.end())
      if (const T* value = std::get_if<T>(&found->second)) return *value;
    missing_ = name;
    return {};
  }
  const Entity& entity_;
  const char* missing_ = nullptr;
};

std::string spans_text(const std::vector<WorkSpan>& spans) {
  std::vector<KeptSpan> kept;
  for (const WorkSpan& span : spans)
    kept.push_back({span.tenant.str(), span.job, to_unix_ms(span.from), to_unix_ms(span.to)});
  return json::write(json::to_json(kept));
}

Result<std::vector<WorkSpan>> spans_from(std::string_view text) {
  CF_TRY(const json::Value value, json::parse(text));
  std::vector<KeptSpan> kept;
  json::Reading reading(json::UnknownKeys::ignored);
  json::read_member(reading, value, kept);
  if (reading.failed()) return reading.error();
  std::vector<WorkSpan> spans;
  for (KeptSpan& span : kept)
    spans.push_back({TenantId(std::move(span.tenant)), std::move(span.job), from_unix_ms(span.from),
                     from_unix_ms(span.to)});
  return spans;
}

constexpr std::array kStates{WorkerState::intended, WorkerState::creating, WorkerState::active,
                             WorkerState::draining, WorkerState::deleting};

}  // namespace

std::string worker_row(std::uint64_t generation) {
  char digits[24];
  std::snprintf(digits, sizeof digits, "%012llu", static_cast<unsigned long long>(generation));
  return std::string(kWorkerRows) + digits;
}

std::string tenant_row(const TenantId& tenant) {
  return std::string(kTenantRows) + storage::to_table_key(tenant.str());
}

Values values_of(const Worker& worker) {
  return {{"generation", static_cast<std::int64_t>(worker.generation)},
          {"name", worker.name},
          {"region", worker.region},
          {"size", static_cast<std::int64_t>(worker.size)},
          {"image", worker.image},
          {"job", worker.job},
          {"tenant", worker.tenant.str()},
          {"state", std::string(to_string(worker.state))},
          {"intended_at", to_unix_ms(worker.intended_at)},
          {"asked_at", to_unix_ms(worker.asked_at)},
          {"accepted_at", to_unix_ms(worker.accepted_at)},
          {"absent_at", to_unix_ms(worker.absent_at)},
          {"started_at", to_unix_ms(worker.started_at)},
          {"heartbeat_at", to_unix_ms(worker.heartbeat_at)},
          {"idle_since", to_unix_ms(worker.idle_since)},
          {"deleting_at", to_unix_ms(worker.deleting_at)},
          {"held_job", worker.held_job},
          {"held_tenant", worker.held_tenant.str()},
          {"held_since", to_unix_ms(worker.held_since)},
          {"stop_asked", worker.stop_asked},
          {"reason", worker.reason},
          {"spans", spans_text(worker.spans)}};
}

Result<Worker> worker_from(const Entity& entity) {
  Row row(entity);
  Worker worker;
  worker.generation = static_cast<std::uint64_t>(row.number("generation"));
  worker.name = row.text("name");
  worker.region = row.text("region");
  worker.size = static_cast<std::size_t>(row.number("size"));
  worker.image = row.text("image");
  worker.job = row.text("job");
  worker.tenant = TenantId(row.text("tenant"));
  const std::string state = row.text("state");
  const auto found = std::find_if(kStates.begin(), kStates.end(),
                                  [&](WorkerState one) { return to_string(one) == state; });
  if (found == kStates.end()) return unreadable(entity, "state");
  worker.state = *found;
  worker.intended_at = row.time("intended_at");
  worker.asked_at = row.time("asked_at");
  worker.accepted_at = row.time("accepted_at");
  worker.absent_at = row.time("absent_at");
  worker.started_at = row.time("started_at");
  worker.heartbeat_at = row.time("heartbeat_at");
  worker.idle_since = row.time("idle_since");
  worker.deleting_at = row.time("deleting_at");
  worker.held_job = row.text("held_job");
  worker.held_tenant = TenantId(row.text("held_tenant"));
  worker.held_since = row.time("held_since");
  worker.stop_asked = row.truth("stop_asked");
  worker.reason = row.text("reason");
  auto spans = spans_from(row.text("spans"));
  if (row.failed()) return row.error();
  if (!spans) return unreadable(entity, "spans");
  worker.spans = *std::move(spans);
  worker.etag = entity.etag;
  return worker;
}

Values values_of(const TenantRow& tenant) {
  return {{"tenant", tenant.tenant.str()},
          {"served_at", to_unix_ms(tenant.served_at)},
          {"holder", static_cast<std::int64_t>(tenant.holder)},
          {"day", tenant.day},
          {"worked_ms", tenant.worked_ms}};
}

Result<TenantRow> tenant_from(const Entity& entity) {
  Row row(entity);
  TenantRow tenant;
  tenant.tenant = TenantId(row.text("tenant"));
  tenant.served_at = row.time("served_at");
  tenant.holder = static_cast<std::uint64_t>(row.number("holder"));
  tenant.day = row.text("day");
  tenant.worked_ms = row.number("worked_ms");
  if (row.failed()) return row.error();
  tenant.etag = entity.etag;
  return tenant;
}

Values values_of(const Memory& memory) {
  return {{"epoch", static_cast<std::int64_t>(memory.epoch)},
          {"next_generation", static_cast<std::int64_t>(memory.next_generation)},
          {"gate", memory.gate.to_text()},
          {"day", memory.day},
          {"spent_nanos", memory.spent_nanos},
          {"listed_at", to_unix_ms(memory.listed_at)}};
}

Result<Memory> memory_from(const Entity& entity) {
  Row row(entity);
  Memory memory;
  memory.epoch = static_cast<std::uint64_t>(row.number("epoch"));
  memory.next_generation = static_cast<std::uint64_t>(row.number("next_generation"));
  auto gate = CreationGate::from_text(row.text("gate"));
  memory.day = row.text("day");
  memory.spent_nanos = row.number("spent_nanos");
  memory.listed_at = row.time("listed_at");
  if (row.failed()) return row.error();
  if (!gate) return unreadable(entity, "gate");
  memory.gate = *std::move(gate);
  memory.etag = entity.etag;
  return memory;
}

}  // namespace cloudfolio::capacity

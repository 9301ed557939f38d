#include "durable/codec.h"

#include <chrono>
#include <type_traits>

#include "durable/wire.h"

namespace cloudfolio::durable {
namespace {

using wire::Field;
using wire::Reader;
using wire::Writer;

// HistoryEvent's oneof, in the order of EventBody. On disk and on the wire: never renumber.
constexpr std::uint32_t kFieldOf[] = {3,  4,  5,  6,  7,  8,  9,  10, 11,
                                      12, 13, 14, 16, 17, 20, 21, 22, 30};
static_assert(std::size(kFieldOf) + 1 == std::variant_size_v<EventBody>);

std::string bytes_of(Clock::WallTime time) {
  const auto micros = time.time_since_epoch().count();
  auto seconds = micros / 1'000'000;
  auto rest = micros % 1'000'000;
  if (rest < 0) {
    rest += 1'000'000;
    --seconds;
  }
  std::string out;
  Writer writer(out);
  writer.number(1, seconds);
  writer.number(2, rest * 1'000);
  return out;
}

Clock::WallTime time_of(std::string_view bytes) {
  std::int64_t micros = 0;
  Reader reader(bytes);
  while (auto field = reader.next()) {
    // Wraps rather than overflows on nonsense: a wrong time is harmless, undefined behaviour is
    // not.
    const auto value = field->value;
    if (field->number == 1) {
      micros = static_cast<std::int64_t>(static_cast<std::uint64_t>(micros) + value * 1'000'000u);
    }
    if (field->number == 2) {
      micros = static_cast<std::int64_t>(static_cast<std::uint64_t>(micros) + value / 1'000u);
    }
  }
  return Clock::WallTime(std::chrono::microseconds(micros));
}

std::string bytes_of_instance(const std::string& instance_id, const std::string& execution_id) {
  std::string out;
  Writer writer(out);
  writer.text(1, instance_id);
  writer.optional_text(2, execution_id);
  return out;
}

void read_instance(std::string_view bytes, std::string& instance_id, std::string& execution_id) {
  Reader reader(bytes);
  while (auto field = reader.next()) {
    if (field->number == 1) instance_id = field->as_text();
    if (field->number == 2) execution_id = field->as_optional_text();
  }
}

std::string bytes_of(const ParentInstance& parent) {
  std::string out;
  Writer writer(out);
  writer.number(1, parent.task_scheduled_id);
  writer.optional_text(2, parent.name);
  writer.message(4, bytes_of_instance(parent.instance_id, parent.execution_id));
  return out;
}

ParentInstance parent_of(std::string_view bytes) {
  ParentInstance parent;
  Reader reader(bytes);
  while (auto field = reader.next()) {
    if (field->number == 1) parent.task_scheduled_id = field->as_int32();
    if (field->number == 2) parent.name = field->as_optional_text();
    if (field->number == 4) read_instance(field->bytes, parent.instance_id, parent.execution_id);
  }
  return parent;
}

void write_tags(Writer& writer, std::uint32_t number, const Tags& tags) {
  for (const auto& [key, value] : tags) {
    std::string entry;
    Writer entry_writer(entry);
    entry_writer.text(1, key);
    entry_writer.text(2, value);
    writer.message(number, entry);
  }
}

void read_tag(const Field& field, Tags& tags) {
  std::string key;
  std::string value;
  Reader reader(field.bytes);
  while (auto part = reader.next()) {
    if (part->number == 1) key = part->as_text();
    if (part->number == 2) value = part->as_text();
  }
  tags[std::move(key)] = std::move(value);
}

Failure failure_of(std::string_view bytes) {
  Failure failure;
  Reader reader(bytes);
  while (auto field = reader.next()) {
    if (field->number == 1) failure.type = field->as_text();
    if (field->number == 2) failure.message = field->as_text();
    if (field->number == 3) failure.stack = field->as_optional_text();
    if (field->number == 5) failure.non_retriable = field->as_bool();
  }
  return failure;
}

// One write and one read function per event: the fields of its message, by number.

void write(Writer& w, const ExecutionStarted& e) {
  w.text(1, e.name);
  w.optional_text(2, e.version);
  w.optional_text(3, e.input);
  w.message(4, bytes_of_instance(e.instance_id, e.execution_id));
  if (e.parent) w.message(5, bytes_of(*e.parent));
  if (e.scheduled_start) w.message(6, bytes_of(*e.scheduled_start));
  if (!e.trace_parent.empty()) {
    std::string trace;
    Writer(trace).text(1, e.trace_parent);
    w.message(7, trace);
  }
  write_tags(w, 9, e.tags);
}
void read(const Field& f, ExecutionStarted& e) {
  if (f.number == 1) e.name = f.as_text();
  if (f.number == 2) e.version = f.as_optional_text();
  if (f.number == 3) e.input = f.as_optional_text();
  if (f.number == 4) read_instance(f.bytes, e.instance_id, e.execution_id);
  if (f.number == 5) e.parent = parent_of(f.bytes);
  if (f.number == 6) e.scheduled_start = time_of(f.bytes);
  if (f.number == 7) {
    Reader trace(f.bytes);
    while (auto part = trace.next()) {
      if (part->number == 1) e.trace_parent = part->as_text();
    }
  }
  if (f.number == 9) read_tag(f, e.tags);
}
void write(Writer& w, const ExecutionCompleted& e) {
  w.number(1, static_cast<std::int64_t>(e.status));
  w.optional_text(2, e.result);
  if (e.failure) w.message(3, encode(*e.failure));
}
void read(const Field& f, ExecutionCompleted& e) {
  if (f.number == 1) e.status = static_cast<OrchestrationStatus>(f.value & 0xff);
  if (f.number == 2) e.result = f.as_optional_text();
  if (f.number == 3) e.failure = failure_of(f.bytes);
}
void write(Writer& w, const ExecutionTerminated& e) {
  w.optional_text(1, e.output);
  w.number(2, e.recurse ? 1 : 0);
}
void read(const Field& f, ExecutionTerminated& e) {
  if (f.number == 1) e.output = f.as_optional_text();
  if (f.number == 2) e.recurse = f.as_bool();
}
void write(Writer& w, const TaskScheduled& e) {
  w.text(1, e.name);
  w.optional_text(2, e.version);
  w.optional_text(3, e.input);
  write_tags(w, 5, e.tags);
}
void read(const Field& f, TaskScheduled& e) {
  if (f.number == 1) e.name = f.as_text();
  if (f.number == 2) e.version = f.as_optional_text();
  if (f.number == 3) e.input = f.as_optional_text();
  if (f.number == 5) read_tag(f, e.tags);
}
void write(Writer& w, const TaskCompleted& e) {
  w.number(1, e.task_scheduled_id);
  w.optional_text(2, e.result);
}
void read(const Field& f, TaskCompleted& e) {
  if (f.number == 1) e.task_scheduled_id = f.as_int32();
  if (f.number == 2) e.result = f.as_optional_text();
}
void write(Writer& w, const TaskFailed& e) {
  w.number(1, e.task_scheduled_id);
  w.message(2, encode(e.failure));
}
void read(const Field& f, TaskFailed& e) {
  if (f.number == 1) e.task_scheduled_id = f.as_int32();
  if (f.number == 2) e.failure = failure_of(f.bytes);
}
void write(Writer& w, const SubOrchestrationInstanceCreated& e) {
  w.text(1, e.instance_id);
  w.text(2, e.name);
  w.optional_text(3, e.version);
  w.optional_text(4, e.input);
  write_tags(w, 6, e.tags);
}
void read(const Field& f, SubOrchestrationInstanceCreated& e) {
  if (f.number == 1) e.instance_id = f.as_text();
  if (f.number == 2) e.name = f.as_text();
  if (f.number == 3) e.version = f.as_optional_text();
  if (f.number == 4) e.input = f.as_optional_text();
  if (f.number == 6) read_tag(f, e.tags);
}
void write(Writer& w, const SubOrchestrationInstanceCompleted& e) {
  w.number(1, e.task_scheduled_id);
  w.optional_text(2, e.result);
}
void read(const Field& f, SubOrchestrationInstanceCompleted& e) {
  if (f.number == 1) e.task_scheduled_id = f.as_int32();
  if (f.number == 2) e.result = f.as_optional_text();
}
void write(Writer& w, const SubOrchestrationInstanceFailed& e) {
  w.number(1, e.task_scheduled_id);
  w.message(2, encode(e.failure));
}
void read(const Field& f, SubOrchestrationInstanceFailed& e) {
  if (f.number == 1) e.task_scheduled_id = f.as_int32();
  if (f.number == 2) e.failure = failure_of(f.bytes);
}
void write(Writer& w, const TimerCreated& e) {
  w.message(1, bytes_of(e.fire_at));
}
void read(const Field& f, TimerCreated& e) {
  if (f.number == 1) e.fire_at = time_of(f.bytes);
}
void write(Writer& w, const TimerFired& e) {
  w.message(1, bytes_of(e.fire_at));
  w.number(2, e.timer_id);
}
void read(const Field& f, TimerFired& e) {
  if (f.number == 1) e.fire_at = time_of(f.bytes);
  if (f.number == 2) e.timer_id = f.as_int32();
}
void write(Writer&, const OrchestratorStarted&) {}
void read(const Field&, OrchestratorStarted&) {}
void write(Writer& w, const EventSent& e) {
  w.text(1, e.instance_id);
  w.text(2, e.name);
  w.optional_text(3, e.input);
}
void read(const Field& f, EventSent& e) {
  if (f.number == 1) e.instance_id = f.as_text();
  if (f.number == 2) e.name = f.as_text();
  if (f.number == 3) e.input = f.as_optional_text();
}
void write(Writer& w, const EventRaised& e) {
  w.text(1, e.name);
  w.optional_text(2, e.input);
}
void read(const Field& f, EventRaised& e) {
  if (f.number == 1) e.name = f.as_text();
  if (f.number == 2) e.input = f.as_optional_text();
}
void write(Writer& w, const ContinueAsNew& e) {
  w.optional_text(1, e.input);
}
void read(const Field& f, ContinueAsNew& e) {
  if (f.number == 1) e.input = f.as_optional_text();
}
void write(Writer& w, const ExecutionSuspended& e) {
  w.optional_text(1, e.reason);
}
void read(const Field& f, ExecutionSuspended& e) {
  if (f.number == 1) e.reason = f.as_optional_text();
}
void write(Writer& w, const ExecutionResumed& e) {
  w.optional_text(1, e.reason);
}
void read(const Field& f, ExecutionResumed& e) {
  if (f.number == 1) e.reason = f.as_optional_text();
}
void write(Writer& w, const ExecutionRewound& e) {
  w.optional_text(1, e.reason);
}
void read(const Field& f, ExecutionRewound& e) {
  if (f.number == 1) e.reason = f.as_optional_text();
}

template <class Body>
Result<EventBody> decode_body(std::string_view bytes) {
  Body body;
  Reader reader(bytes);
  while (auto field = reader.next()) read(*field, body);
  if (!reader.ok()) return Error(Code::corrupt, "history event: its bytes end in the middle");
  return EventBody(std::move(body));
}

template <std::size_t... I>
Result<EventBody> decode_known(std::size_t index, std::string_view bytes,
                               std::index_sequence<I...>) {
  using Decode = Result<EventBody> (*)(std::string_view);
  static constexpr Decode kDecode[] = {&decode_body<std::variant_alternative_t<I, EventBody>>...};
  return kDecode[index](bytes);
}

}  // namespace

std::string encode(const HistoryEvent& event) {
  std::string body_bytes;
  Writer body_writer(body_bytes);
  std::uint32_t field = 0;
  std::visit(
      [&](const auto& body) {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(body)>, UnknownEvent>) {
          field = body.field;
          body_bytes = body.bytes;
        } else {
          field = kFieldOf[event.body.index()];
          write(body_writer, body);
        }
      },
      event.body);
  std::string out;
  Writer writer(out);
  writer.number(1, event.event_id);
  writer.message(2, bytes_of(event.timestamp));
  writer.message(field, body_bytes);
  return out;
}

Result<HistoryEvent> decode_event(std::string_view bytes) {
  HistoryEvent event;
  event.event_id = 0;
  bool has_body = false;
  Reader reader(bytes);
  while (auto field = reader.next()) {
    if (field->number == 1) {
      event.event_id = field->as_int32();
    } else if (field->number == 2) {
      event.timestamp = time_of(field->bytes);
    } else {
      std::size_t index = 0;
      while (index < std::size(kFieldOf) && kFieldOf[index] != field->number) ++index;
      if (index == std::size(kFieldOf)) {
        event.body = UnknownEvent{field->number, field->as_text()};
      } else {
        CF_TRY(event.body,
               decode_known(index, field->bytes, std::make_index_sequence<std::size(kFieldOf)>()));
      }
      has_body = true;
    }
  }
  if (!reader.ok() || !has_body) return Error(Code::corrupt, "history event: not such a message");
  return event;
}

std::string encode_chunk(std::span<const HistoryEvent> events) {
  std::string out;
  Writer writer(out);
  for (const HistoryEvent& event : events) writer.message(1, encode(event));
  return out;
}

Status decode_chunk(std::string_view bytes, History& history) {
  Reader reader(bytes);
  while (auto field = reader.next()) {
    if (field->number != 1) continue;
    CF_TRY(auto event, decode_event(field->bytes));
    history.push_back(std::move(event));
  }
  if (!reader.ok()) return Error(Code::corrupt, "history chunk: its bytes end in the middle");
  return Done{};
}

std::string encode(const Failure& failure) {
  std::string out;
  Writer writer(out);
  writer.text(1, failure.type);
  writer.text(2, failure.message);
  writer.optional_text(3, failure.stack);
  writer.number(5, failure.non_retriable ? 1 : 0);
  return out;
}

Result<Failure> decode_failure(std::string_view bytes) {
  return failure_of(bytes);
}

std::string encode(const Tags& tags) {
  std::string out;
  Writer writer(out);
  write_tags(writer, 1, tags);
  return out;
}

Result<Tags> decode_tags(std::string_view bytes) {
  Tags tags;
  Reader reader(bytes);
  while (auto field = reader.next()) {
    if (field->number == 1) read_tag(*field, tags);
  }
  if (!reader.ok()) return Error(Code::corrupt, "tags: their bytes end in the middle");
  return tags;
}

}  // namespace cloudfolio::durable

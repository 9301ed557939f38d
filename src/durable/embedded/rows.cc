#include "durable/embedded/rows.h"

#include "durable/codec.h"
#include "durable/wire.h"

namespace cloudfolio::durable {

std::string encode_parent(const ParentInstance& parent) {
  std::string out;
  wire::Writer writer(out);
  writer.number(1, parent.task_scheduled_id);
  writer.text(2, parent.name);
  writer.text(3, parent.instance_id);
  writer.text(4, parent.execution_id);
  return out;
}

Result<ParentInstance> decode_parent(std::string_view bytes) {
  ParentInstance parent;
  wire::Reader reader(bytes);
  while (auto field = reader.next()) {
    if (field->number == 1) parent.task_scheduled_id = field->as_int32();
    if (field->number == 2) parent.name = field->as_text();
    if (field->number == 3) parent.instance_id = field->as_text();
    if (field->number == 4) parent.execution_id = field->as_text();
  }
  if (!reader.ok()) return Error(Code::corrupt, "parent: its bytes end in the middle");
  return parent;
}

Result<InstanceRow> instance_from(const sqlite::Statement& row) {
  InstanceRow instance;
  instance.key = row.integer(0);
  instance.id = row.text(1);
  instance.execution_id = row.text(2);
  instance.name = row.text(3);
  instance.version = row.text(4);
  instance.status = static_cast<OrchestrationStatus>(row.integer(5));
  instance.created = from_micros(row.integer(6));
  instance.updated = from_micros(row.integer(7));
  if (!row.is_null(8)) instance.completed = from_micros(row.integer(8));
  if (!row.is_null(9)) {
    CF_TRY(instance.parent, decode_parent(row.bytes(9)));
  }
  instance.trace_parent = row.text(10);
  CF_TRY(instance.tags, decode_tags(row.bytes(11)));
  instance.custom_status = row.text(12);
  instance.stalled = row.optional_text(13);
  instance.chunks_count = row.integer(14);
  instance.events_count = row.integer(15);
  instance.history_bytes = row.integer(16);
  instance.last_event_id = static_cast<std::int32_t>(row.integer(17));
  return instance;
}

}  // namespace cloudfolio::durable

#pragma once
// What may be named and stored how: the narrowest of all backends' rules, checked by each of them
// before it does anything, so that what one takes, every one takes.
//
// The rules are Azure Storage's ("Naming and referencing containers, blobs, and metadata", "Naming
// queues and metadata", "Understanding the Table service data model"), narrowed where clients and
// proxies on the way are known to change a name.
//
// Every check answers Done, or invalid_argument saying what is wrong and what would be right.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/blob_store.h"
#include "storage/queue.h"
#include "storage/table.h"

namespace cloudfolio::storage {

Status check_container_name(std::string_view name);
Status check_queue_name(std::string_view name);
Status check_table_name(std::string_view name);

// Metadata and table values of these names are the backends' own: a network backend recognises its
// writes by them.
inline constexpr std::string_view kOperationMarkName = "cloudfolio_operation";
inline constexpr std::string_view kOperationMarkValue = "CloudfolioOperation";

Status check_blob_key(const BlobKey& key);
Status check_put(std::string_view bytes, const PutOptions& options);
Status check_list(const ListOptions& options);
Status check_lease_length(std::chrono::seconds length);

Status check_message_body(std::string_view body);
Status check_send(std::string_view body, const SendOptions& options);
Status check_receive(const ReceiveOptions& options);
Status check_peek(std::size_t max_count);
Status check_renew(const RenewOptions& options);

Status check_entity_key(const EntityKey& key);
Status check_entity(const Entity& entity);
Status check_query(const TableQuery& query);
// The whole batch: count, size, one partition, each row once, and every entity.
Status check_batch(const std::vector<TableAction>& actions);

// Cancelled or deadline_exceeded, where the context says so.
Status check_context(const Context& ctx, Clock::Instant now);

// Any text as a metadata value and back: what is not visible ASCII, and `%`, becomes %XX; so does
// an empty text (as a lone `%`). Strict inverse: nullopt for what to_metadata_value() would not
// write.
std::string to_metadata_value(std::string_view text);
std::optional<std::string> from_metadata_value(std::string_view value);

// Any text as a table key and back, keeping different texts different: bytes that a key may not
// hold,
// `%` and `_` among them, become _XX in upper-case hex. Order is not kept.
std::string to_table_key(std::string_view text);
std::optional<std::string> from_table_key(std::string_view key);

// The key that an action writes.
const EntityKey& key_of(const TableAction& action);

}  // namespace cloudfolio::storage

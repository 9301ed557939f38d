#pragma once
// What the Table service is asked, as requests: used alone and as the parts of a batch.

#include <optional>
#include <string>
#include <string_view>

#include "storage/azure/wire_request.h"
#include "storage/table.h"

namespace cloudfolio::storage::azure {

// "/Name(PartitionKey='p',RowKey='r')".
std::string entity_path(std::string_view table, const EntityKey& key);

// `mark` is written into what is inserted or updated.
WireRequest action_request(std::string_view table, const TableAction& action,
                           const std::string& mark);
WireRequest query_request(std::string_view table, const TableQuery& query);
WireRequest create_request(std::string_view table);

// The header that says where the next page begins, as one opaque text; empty at the end.
std::string continuation_of(const Reply& reply);

// Sets what every request to the Table service needs.
void add_table_headers(WireRequest& request);

}  // namespace cloudfolio::storage::azure

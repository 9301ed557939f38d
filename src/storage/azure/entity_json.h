#pragma once
// Entities as the Table service's JSON ("Payload format for Table service operations", metadata
// level minimal), and back.
//
// Whole numbers always go as Edm.Int64 and times as Edm.DateTime. What others wrote as Edm.Int32
// reads as a number, and Edm.Guid as text.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/json_fwd.h"
#include "storage/table.h"

namespace cloudfolio::storage::azure {

struct StoredEntity {
  Entity entity;
  std::string mark;  // Of the conditional write that was last (kOperationMarkValue); "" without.
};

// Both keys and all values; an empty mark is left out, and so is one that no longer fits in. One
// line, as batches ask.
std::string entity_json(const Entity& entity, const std::string& mark);
// Code::corrupt where a key is missing or a value is not of the type it claims.
Result<StoredEntity> entity_from(const json::Object& object);
// "value" of a query's answer.
Result<std::vector<StoredEntity>> entities_from(std::string_view text);

}  // namespace cloudfolio::storage::azure

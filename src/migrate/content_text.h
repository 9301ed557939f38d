#pragma once
// Contents as bytes, for the backups that a run keeps of what it replaces.

#include <string>
#include <string_view>

#include "base/result.h"
#include "migrate/place.h"
#include "storage/table.h"

namespace cloudfolio::migrate {

// A value with its type: equal values, equal text.
std::string value_text(const storage::Value& value);
Result<storage::Value> value_from_text(std::string_view text);

// One line of JSON that says what it is, then a blob's bytes.
std::string content_text(const Content& content);
// Errors: corrupt.
Result<Content> content_from_text(std::string_view text);

}  // namespace cloudfolio::migrate

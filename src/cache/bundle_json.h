#pragma once
// The bundle from JSON that is already parsed, as it comes out of an envelope.

#include "cache/bundle.h"
#include "json/json.h"

namespace cloudfolio::cache {

// Errors: corrupt, as in bundle.h.
Result<RepositoryEntry> read_entry(const json::Value& value);
Result<Bundle> read_bundle(const json::Value& value);

}  // namespace cloudfolio::cache

#pragma once
// Reading one blob, in pieces where it is large.

#include <optional>
#include <string>

#include "base/context.h"
#include "base/result.h"
#include "storage/azure/service.h"
#include "storage/blob_store.h"

namespace cloudfolio::storage::azure {

// All pieces are of one version: where the blob changes in between, reading starts again, a few
// times. Nothing if the blob still has the ETag `known` (null: read in any case).
Result<std::optional<Blob>> read_blob(const Context& ctx, Service& service, const std::string& path,
                                      const ETag* known);

}  // namespace cloudfolio::storage::azure

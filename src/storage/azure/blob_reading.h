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

// For reading piece by piece: the properties and up to `count` first bytes, then the pieces from
// `from` on of that same version. Code::conflict: it is gone.
Result<Blob> read_first_piece(const Context& ctx, Service& service, const std::string& path,
                              std::size_t count);
Result<std::string> read_piece(const Context& ctx, Service& service, const std::string& path,
                               const BlobProperties& version, std::size_t from, std::size_t count);

}  // namespace cloudfolio::storage::azure

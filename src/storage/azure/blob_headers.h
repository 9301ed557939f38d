#pragma once
// A blob's properties as headers of the Blob service, and back.

#include <optional>
#include <string>
#include <string_view>

#include "storage/azure/wire_request.h"
#include "storage/azure/xml.h"
#include "storage/blob_store.h"

namespace cloudfolio::storage::azure {

// The metadata under which a conditional write leaves its mark, a UUID of its own. It is not among
// the Metadata that readers get, and rules.h keeps callers from using the name.
inline constexpr std::string_view kMetadataPrefix = "x-ms-meta-";
inline constexpr std::string_view kLeaseHeader = "x-ms-lease-id";

// Sets the properties that `options` give a new version of a blob; an empty mark is left out.
void add_properties(const PutOptions& options, const std::string& mark, http::Headers& headers);
// If-Match and If-None-Match.
void add_condition(const PutIf& condition, http::Headers& headers);
void add_condition(const RemoveIf& condition, http::Headers& headers);
void add_lease(const std::optional<LeaseId>& lease, http::Headers& headers);

struct StoredBlob {
  BlobProperties properties;
  std::string mark;
};
// Of an answer to GET or HEAD. Code::corrupt where a property is missing or unreadable.
Result<StoredBlob> stored_blob_from(const http::Headers& headers);
// Of an entry of a list.
Result<BlobEntry> entry_from(const XmlElement& blob);

// `etag` as a header wants it, in quotes. One that cannot be this service's becomes one that never
// matches: the service calls it malformed otherwise.
std::string header_etag(const ETag& etag);

}  // namespace cloudfolio::storage::azure

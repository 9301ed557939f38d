#pragma once
// PublicationInfo as blob metadata, both ways. The names are listed in docs/CACHE-CONTRACT.md.

#include "cache/tenant_cache.h"
#include "storage/blob_store.h"

namespace cloudfolio::cache {

// Tolerant: what is missing or malformed (another system wrote the blob) is the empty value.
PublicationInfo info_from(const storage::BlobProperties& properties);
// Everything but what Store writes into every entry (username, kind, fingerprint, generation).
storage::Metadata metadata_of(const PublicationInfo& info);

}  // namespace cloudfolio::cache

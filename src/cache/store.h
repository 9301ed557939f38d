#pragma once
// Store: the cache's entries in a blob store, with the metadata that each of them carries.
//
// The room's own; features use TenantCache. Every entry says whose it is (username), what (kind),
// and until when (expires_at or no_expiry), so that a service without our code can clean up and
// count.
//
// Reading follows the original: an entry past its expires_at, or with one that cannot be read, is
// expired, and is removed. One without it never expires.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/context.h"
#include "base/id.h"
#include "base/result.h"
#include "cache/metrics.h"
#include "cache/place.h"
#include "storage/blob_store.h"

namespace cloudfolio::cache {

enum class EntryKind : std::uint8_t {
  bundle,
  repository,
  note,
  index,
  model,
  model_record,
  sync_state,
  sync_report,
  counter,
};
std::string_view to_string(EntryKind kind);
// How long an entry of the kind is good; nullopt: until it is replaced or collected.
std::optional<std::chrono::seconds> lifetime_of(EntryKind kind);

enum class EntryStatus : std::uint8_t { valid, expired, missing };

struct EntryRead {
  EntryStatus status = EntryStatus::missing;
  storage::Blob blob;  // bytes only where valid; properties unless missing
};

// Who and what an entry is, for its metadata. Empty texts are left out.
struct EntryLabel {
  EntryKind kind = EntryKind::bundle;
  Place place;
  std::string fingerprint = {};
  std::uint64_t generation = 0;  // 0: none
  storage::Metadata more = {};   // further names and values
};

class Store {
 public:
  // Both outlive it.
  Store(storage::BlobStore& blobs, const Clock& clock, telemetry::MetricRegistry& metrics)
      : blobs_(blobs), clock_(clock), metrics_(metrics) {}

  // Errors: corrupt (with the remedy), and the store's.
  Result<EntryRead> read(const Context& ctx, EntryKind kind, const std::string& key) const;
  // The bytes of a valid entry that is of this tenant and scope; anything else is not_found. An
  // entry that names nobody (the old app's) counts as the tenant's where its key says so, which is
  // what `Unnamed` decides.
  enum class Unnamed : std::uint8_t { accepted, refused };
  Result<std::string> read_own(const Context& ctx, EntryKind kind, const Place& place,
                               const std::string& key, Unnamed unnamed) const;
  // JSON in the original's headers (application/json, Content-Encoding utf-8).
  Result<storage::ETag> write_json(const Context& ctx, const EntryLabel& label,
                                   const std::string& key, std::string text,
                                   storage::PutIf condition = storage::Anything{}) const;
  Result<storage::ETag> write_bytes(const Context& ctx, const EntryLabel& label,
                                    const std::string& key, std::string bytes,
                                    const char* content_type) const;

  storage::BlobStore& blobs() const { return blobs_; }
  const Clock& clock() const { return clock_; }

 private:
  Result<storage::ETag> write(const Context& ctx, const EntryLabel& label, const std::string& key,
                              std::string bytes, storage::PutOptions options) const;

  storage::BlobStore& blobs_;
  const Clock& clock_;
  CacheMetrics metrics_;
};

}  // namespace cloudfolio::cache

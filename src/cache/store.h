#pragma once
// Store: the cache's entries in a blob store, with the metadata that each of them carries.
//
// The room's own; features use TenantCache. Every entry says whose it is (username), what (kind),
// of which content (fingerprint) and generation, and until when (expires_at or no_expiry), so that
// a service without our code can clean up and count (entry_metadata.h).
//
// Every write and removal of an entry goes through here and makes the in-process tier forget it.
//
// Reading follows the original: an entry past its expires_at, or with one that cannot be read, is
// expired, and is removed. One without it never expires.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/context.h"
#include "base/id.h"
#include "base/result.h"
#include "cache/kinds.h"
#include "cache/legacy/old_app.h"
#include "cache/metrics.h"
#include "cache/place.h"
#include "cache/tally.h"
#include "cache/tier.h"
#include "storage/blob_store.h"

namespace cloudfolio::telemetry {
class Log;
}

namespace cloudfolio::cache {

enum class EntryStatus : std::uint8_t { valid, expired, missing };

struct EntryRead {
  EntryStatus status = EntryStatus::missing;
  storage::Blob blob;  // bytes only where valid; properties unless missing
};

// Who and what an entry is, for its metadata.
struct EntryLabel {
  EntryKind kind = EntryKind::bundle;
  Place place;
  std::string fingerprint = {};  // Of the content; empty: SHA-256 of the bytes.
  std::uint64_t generation = 0;  // 0: of none.
  storage::Metadata more = {};   // Further names and values.
  // Of entries that live otherwise than their kind does.
  std::optional<std::chrono::seconds> lifetime = {};
};

class Store {
 public:
  struct Options {
    Tier::Options tier = {};
    telemetry::Log* log = nullptr;  // Outlives it; where conflicts and damage are told, by tenant.
    OldAppSharing old_app = {};
  };
  // All outlive it.
  Store(storage::BlobStore& blobs, const Clock& clock, telemetry::MetricRegistry& metrics,
        Options options)
      : blobs_(blobs),
        clock_(clock),
        metrics_(metrics),
        log_(options.log),
        old_app_(std::move(options.old_app)),
        tier_(blobs, clock, metrics, options.tier) {}

  // What the store has now. Errors: corrupt (with the remedy), and the store's.
  Result<EntryRead> read(const Context& ctx, EntryKind kind, const Place& place,
                         const std::string& key) const;
  // The bytes of a valid entry that is of this tenant and scope; anything else is not_found. An
  // entry that names nobody (the old app's) counts as the tenant's where its key says so, which is
  // what `Unnamed` decides.
  enum class Unnamed : std::uint8_t { accepted, refused };
  Result<std::string> read_own(const Context& ctx, EntryKind kind, const Place& place,
                               const std::string& key, Unnamed unnamed) const;
  // The same as the in-process tier has it, for kinds with a TierRule: as stale as that allows.
  // nullptr: there is none, or it is not of this place.
  Result<std::shared_ptr<const TierEntry>> read_shared(const Context& ctx, EntryKind kind,
                                                       const Place& place, const std::string& key,
                                                       Tier::Part part, TenantTally& tally) const;
  // JSON in the original's headers (application/json, Content-Encoding utf-8).
  Result<storage::ETag> write_json(const Context& ctx, const EntryLabel& label,
                                   const std::string& key, std::string text,
                                   storage::PutIf condition = storage::Anything{}) const;
  Result<storage::ETag> write_bytes(const Context& ctx, const EntryLabel& label,
                                    const std::string& key, std::string bytes,
                                    const char* content_type) const;
  // Errors: conflict (it is another one by now).
  Status remove(const Context& ctx, const std::string& key, storage::RemoveIf condition) const;
  // For whoever wrote or removed an entry without this Store.
  void forget(const std::string& key) const { tier_.forget(key); }

  storage::BlobStore& blobs() const { return blobs_; }
  const Clock& clock() const { return clock_; }
  const OldAppSharing& old_app() const { return old_app_; }
  const CacheMetrics& metrics() const { return metrics_; }
  Tallies& tallies() const { return tallies_; }

 private:
  Result<storage::ETag> write(const Context& ctx, const EntryLabel& label, const std::string& key,
                              std::string bytes, storage::PutOptions options) const;
  void note_conflict(const Context& ctx, const EntryLabel& label) const;

  storage::BlobStore& blobs_;
  const Clock& clock_;
  CacheMetrics metrics_;
  telemetry::Log* log_;
  const OldAppSharing old_app_;
  mutable Tier tier_;
  mutable Tallies tallies_;
};

}  // namespace cloudfolio::cache

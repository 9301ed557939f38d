#pragma once
// TenantCache: one tenant's mirrored portfolio, its indexes and its models; and nobody else's.
//
// This is the capability through which features reach a tenant's data: it is made after
// authentication (cache/cache.h) and cannot name another tenant. A key that some call takes back
// (an index key, a model's fingerprint) is refused as not_found unless it is this tenant's own.
//
// The publication is the pointer and the data in one blob: the bundle, and in its metadata the
// generation and the keys of the index and model that belong to it. It changes by compare-and-set
// only, so a reader sees the old whole or the new whole. A reader reads it once, then everything
// that it names.
//
// Promises: what returned without an error is as durable as the store. Every call may be repeated:
// staging
//           overwrites with the same bytes, a publication that is already there is a success.
// Threads:  thread-safe; any number of objects and processes may serve one tenant.
// Errors:   not_found (never written, or collected), conflict (somebody published first: read
// again, then
//           decide), corrupt (the bytes are not what was written: a forced refresh writes them
//           anew), and the store's own (unavailable, deadline_exceeded).

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/context.h"
#include "base/id.h"
#include "base/result.h"
#include "cache/bundle.h"
#include "cache/model_record.h"

namespace cloudfolio::cache {

class Store;  // cache/cache.h: where the blobs are, and what is counted

inline constexpr std::string_view kBaseModelName = "base";

// Which vectors answer, and which model made them. `key` empty: no index (words are still
// searchable).
struct IndexPointer {
  std::string key;                    // from write_index
  std::string model{kBaseModelName};  // "base", or the content fingerprint of a tuned model
  std::string coverage;               // "37/100" repositories; "" while there is no index
  bool operator==(const IndexPointer&) const = default;
};

// What the publication's metadata says, without its body.
struct PublicationInfo {
  std::string etag;  // changes with every write, so also with every index swap
  std::uint64_t generation =
      0;  // 0: written by the old app; grows with every refresh that changed anything
  std::string fingerprint;  // MD5 bundle fingerprint; "" if unknown
  std::string content;      // SHA-256 content fingerprint (cache/fingerprint.h); "" if unknown
  IndexPointer index;  // belongs to this generation; key is empty from a refresh until indexing
  std::string
      stale_index;  // the generation before's index: vectors to take over by chunk hash; or ""
  IndexPointer previous;  // one step back: what answered before the last change of model; or empty
  Clock::WallTime last_modified;
  std::uint64_t size_bytes = 0;
};

struct Publication {
  PublicationInfo info;
  Clock::WallTime cached_at;
  std::shared_ptr<const Bundle> bundle;  // never null
};

// What publish() writes. `base_*` say what the caller built upon.
struct PublishRequest {
  std::uint64_t generation = 0;  // from reserve_generation
  std::uint64_t base_generation =
      0;  // generation of the publication read before; 0 with base_etag "" = none was there
  std::string base_etag;  // compared only where base_generation is 0 (the old app's writes)
  std::string content;    // SHA-256 content fingerprint of the bundle
};

class TenantCache {
 public:
  // For cache/cache.h and tests; features are handed one.
  TenantCache(std::shared_ptr<Store> store, TenantId tenant);

  const TenantId& tenant() const { return tenant_; }

  // --- The publication ---
  // Without the body: cheap enough for every query, to learn whether what is in memory is still
  // current (compare etag). not_found before the first refresh.
  Result<PublicationInfo> publication_info(const Context& ctx) const;
  Result<Publication> read_publication(const Context& ctx) const;
  // The raw `data` array as published (JSON text), for routes that pass it on.
  Result<std::string> read_publication_json(const Context& ctx) const;
  // One repository of the publication, by name without regard to case.
  Result<RepositoryEntry> read_repository(const Context& ctx, std::string_view name) const;
  // Replaces the bundle, the generation and the fingerprints; keeps the model, empties the index
  // and remembers it as stale_index. Succeeds without writing where `generation` is already
  // published. Errors: conflict (another generation than base_generation is there).
  Result<PublicationInfo> publish(const Context& ctx, const PublishRequest& request,
                                  const Bundle& bundle);

  // --- Staging (what one refresh collects before it publishes)
  // ------------------------------------- A number above every other so far, reserved for `run`;
  // the same run gets a new one when it asks again.
  Result<std::uint64_t> reserve_generation(const Context& ctx, std::string_view run);
  Status stage(const Context& ctx, std::uint64_t generation, const RepositoryEntry& entry);
  Result<RepositoryEntry> read_staged(const Context& ctx, std::uint64_t generation,
                                      std::int64_t id) const;
  // Any other JSON that belongs to the run, by a name of [a-z0-9-].
  Status stage_note(const Context& ctx, std::uint64_t generation, std::string_view name,
                    std::string_view json);
  Result<std::string> read_note(const Context& ctx, std::uint64_t generation,
                                std::string_view name) const;

  // --- Indexes
  // -------------------------------------------------------------------------------------- Writes a
  // new index blob of `generation` and returns its key. Nothing reads it until swap_index.
  Result<std::string> write_index(const Context& ctx, std::uint64_t generation,
                                  std::string_view bytes);
  Result<std::string> read_index(const Context& ctx, std::string_view key) const;
  // Makes `next` answer, vectors and model together, where the publication still has
  // `expected_etag`. Where the model changes, what answered until now becomes `previous`. Returns
  // the new state. Errors: conflict (the publication moved: read it again); invalid_argument (an
  // index of another generation).
  Result<PublicationInfo> swap_index(const Context& ctx, std::string_view expected_etag,
                                     const IndexPointer& next);
  // Puts `previous` back (and what answered until now into `previous`). An index of an older
  // generation comes back as stale_index, to be built again. not_found where there is nothing to go
  // back to.
  Result<PublicationInfo> step_back(const Context& ctx, std::string_view expected_etag);

  // --- Models (by content fingerprint)
  // -------------------------------------------------------------- Archive first, record second: a
  // record that says `published` has its archive.
  Status write_model(const Context& ctx, std::string_view fingerprint, std::string_view zip);
  Result<std::string> read_model(const Context& ctx, std::string_view fingerprint) const;
  Status write_model_record(const Context& ctx, const ModelRecord& record);
  // nullopt: this content was never trained on.
  Result<std::optional<ModelRecord>> find_model_record(const Context& ctx,
                                                       std::string_view fingerprint) const;

  // --- Sync's memory ---
  // Opaque to the cache (sync/state.h); names the generation that it describes. nullopt: never
  // synced.
  Result<std::optional<std::string>> find_sync_state(const Context& ctx) const;
  Status write_sync_state(const Context& ctx, std::string_view json);
  // The last report of a refresh that wrote something, as `sync --json` prints it.
  Result<std::optional<std::string>> find_sync_report(const Context& ctx) const;
  Status write_sync_report(const Context& ctx, std::string_view json);

 private:
  std::shared_ptr<Store> store_;
  TenantId tenant_;
};

}  // namespace cloudfolio::cache

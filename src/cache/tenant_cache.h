#pragma once
// TenantCache: one tenant's mirrored portfolio, its indexes and its models; and nobody else's.
//
// This is the capability through which features reach a tenant's data: it is made after
// authentication (cache/cache.h) and cannot name another tenant. A key or fingerprint that some
// call takes back is refused as not_found unless it is this tenant's own.
//
// The publication is the pointer and the data in one blob: the bundle, and in its metadata the
// generation and the keys of the index and model that belong to it. It changes by compare-and-set
// only, so a reader sees the old whole or the new whole. A reader reads it once, then everything
// that it names.
//
// A tenant has a public publication and may have a private one (cache/place.h). They are two
// TenantCaches that share nothing; the private one is opened for readers where there is a live
// right to it only (cache/rights.h).
//
// Promises: what returned without an error is as durable as the store. Every call may be repeated:
//           staging overwrites with the same bytes, a publication that is there is a success.
// Threads:  thread-safe; any number of objects and processes may serve one tenant.
// Errors:   not_found (never written, or collected), conflict (somebody published first: read
// again,
//           then decide), corrupt (the bytes are not what was written: a forced refresh writes them
//           anew), and the store's own (unavailable, deadline_exceeded).

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
#include "cache/bundle.h"
#include "cache/model_record.h"
#include "cache/place.h"

namespace cloudfolio::cache {

class Store;                          // cache/store.h
struct TenantTally;                   // cache/tally.h
enum class EntryKind : std::uint8_t;  // cache/kinds.h

inline constexpr char kBaseModelName[] = "base";

// Which vectors answer, and which model made them. `key` empty: no index; words are searchable.
struct IndexPointer {
  std::string key;                     // from write_index
  std::string model = kBaseModelName;  // or the content fingerprint of a tuned model
  std::string coverage;                // "37/100" repositories; "" while there is no index
  bool operator==(const IndexPointer&) const = default;
};

// What the publication's metadata says, without its body.
struct PublicationInfo {
  std::string etag;              // changes with every write, so also with every index swap
  std::uint64_t generation = 0;  // 0: the old app wrote it; grows with every refresh that changed
  std::string fingerprint;       // MD5 bundle fingerprint; "" if unknown
  std::string content;           // SHA-256 content fingerprint (fingerprint.h); "" if unknown
  std::uint64_t repository_count = 0;  // 0 also where the old app wrote it
  IndexPointer index;                  // of this generation; its key is empty until indexing
  std::string stale_index;             // the last index of an older generation, same model: vectors
                                       // to take over by chunk hash; or ""
  std::optional<IndexPointer> previous;  // one step back: what answered before the model changed
  Clock::WallTime last_modified;
  std::uint64_t size_bytes = 0;
};

struct Publication {
  PublicationInfo info;
  Clock::WallTime cached_at;
  std::shared_ptr<const Bundle> bundle;  // never null
};

// What publish() writes, and what it was built upon.
struct PublishRequest {
  std::uint64_t generation = 0;  // from reserve_generation
  // The publication that was read before: its generation; and, where that is 0 (the old app wrote
  // it), its ETag, or "" where there was none.
  std::uint64_t base_generation = 0;
  std::string base_etag = {};
  std::string content = {};  // SHA-256 content fingerprint of the bundle
};

class TenantCache {
 public:
  // How the publication, model records and reports are read: as the store has them now, or from
  // this process's memory, as stale as their TierRule allows (kinds.h). Everything else is always
  // read from the store.
  enum class View : std::uint8_t { exact, shared };

  // For cache/cache.h and tests; features are handed one.
  TenantCache(std::shared_ptr<const Store> store, Place place, View view = View::exact);

  const TenantId& tenant() const { return place_.tenant; }
  const Scope& scope() const { return place_.scope; }
  const Place& place() const { return place_; }

  // === The publication ===
  // Without the body: cheap enough for every query, to learn whether what is in memory is still
  // current (compare etag). not_found before the first refresh.
  Result<PublicationInfo> publication_info(const Context& ctx) const;
  Result<Publication> read_publication(const Context& ctx) const;
  // nullopt where it still has this ETag.
  Result<std::optional<Publication>> read_if_changed(const Context& ctx,
                                                     std::string_view etag) const;
  // The `data` array as published, as JSON text for routes that pass it on.
  struct PublishedJson {
    PublicationInfo info;
    std::string data;
  };
  Result<PublishedJson> read_publication_json(const Context& ctx) const;
  // One repository of the publication, by name without regard to case; where nothing is published,
  // the one that the original app has under exactly this name.
  Result<RepositoryEntry> read_repository(const Context& ctx, std::string_view name) const;
  // Replaces the bundle, the generation and the fingerprints; keeps the model, empties the index
  // and remembers it as stale_index. `bundle` is sorted by name. Writes nothing and succeeds where
  // `generation` is already published.
  // Writes what the original app reads as well, while it shares the store.
  // Errors: conflict (something else than what it was built upon is there).
  Result<PublicationInfo> publish(const Context& ctx, const PublishRequest& request,
                                  const Bundle& bundle) const;

  // === Beside the original app === (legacy/; nothing happens in a private place)
  // The last part of publish(), for whoever finds that its publication is there already.
  Status share_with_old_app(const Context& ctx, const PublicationInfo& info,
                            const Bundle& bundle) const;
  // Somebody called the tenant so: where nothing is published and the original has a bundle under
  // that spelling, it becomes the publication. True if so.
  Result<bool> adopt_spelling(const Context& ctx, std::string_view spelling) const;
  // The same with repositories that only the old versions' tables have. False: something is
  // published.
  Result<bool> adopt_bundle(const Context& ctx, const Bundle& bundle) const;
  // While the store is shared: later publications are written under that spelling too.
  Status keep_spelling(const Context& ctx, std::string_view spelling) const;
  // As legacy/old_entries.h has it.
  Result<std::optional<RepositoryEntry>> find_old_repository(const Context& ctx,
                                                             std::string_view name) const;

  // === Staging: what one refresh collects before it publishes ===
  // A number above every other that this tenant ever had; no two calls get the same.
  Result<std::uint64_t> reserve_generation(const Context& ctx) const;
  Status stage(const Context& ctx, std::uint64_t generation, const RepositoryEntry& entry) const;
  Result<RepositoryEntry> read_staged(const Context& ctx, std::uint64_t generation,
                                      std::int64_t id) const;
  // Other JSON that belongs to the run, by a name of [a-z0-9-].
  Status stage_note(const Context& ctx, std::uint64_t generation, std::string_view name,
                    std::string_view json) const;
  Result<std::string> read_note(const Context& ctx, std::uint64_t generation,
                                std::string_view name) const;

  // === Indexes ===
  // Writes a new index blob of `generation`, returns its key. Nothing reads it until swap_index.
  Result<std::string> write_index(const Context& ctx, std::uint64_t generation,
                                  std::string bytes) const;
  Result<std::string> read_index(const Context& ctx, std::string_view key) const;
  // Makes `next` answer, vectors and model together, where the publication still has
  // `expected_etag`. Where the model changes, what answered until now becomes `previous`. Returns
  // the new state; writes nothing and succeeds where `next` already answers.
  // Errors: conflict (the publication moved: read it again), invalid_argument (an index of another
  // generation, or no index).
  Result<PublicationInfo> swap_index(const Context& ctx, std::string_view expected_etag,
                                     const IndexPointer& next) const;
  // Exchanges `previous` and what answers now. An index of an older generation comes back as
  // stale_index, to be built again. not_found where there is nothing to go back to.
  Result<PublicationInfo> step_back(const Context& ctx, std::string_view expected_etag) const;

  // === Models, by content fingerprint ===
  // Write the archive first, then the record: a record that says `published` has its archive.
  Status write_model(const Context& ctx, std::string_view fingerprint, std::string zip) const;
  Result<std::string> read_model(const Context& ctx, std::string_view fingerprint) const;
  Status write_model_record(const Context& ctx, const ModelRecord& record) const;
  // nullopt: this content was never trained on.
  Result<std::optional<ModelRecord>> find_model_record(const Context& ctx,
                                                       std::string_view fingerprint) const;

  // === Checkpoints === (checkpoints.cc)
  // Numbered pieces of what an interrupted training goes on from, in the form of training's own.
  // not_found: there is no such piece.
  Status write_checkpoint(const Context& ctx, std::string_view fingerprint, std::uint64_t number,
                          std::string bytes) const;
  Result<std::string> read_checkpoint(const Context& ctx, std::string_view fingerprint,
                                      std::uint64_t number) const;
  // All pieces of that training, the lowest number first.
  Status remove_checkpoint(const Context& ctx, std::string_view fingerprint) const;

  // === Sync's memory ===
  // Opaque to the cache (sync/state.h); names the generation it describes. nullopt: never synced.
  Result<std::optional<std::string>> find_sync_state(const Context& ctx) const;
  Status write_sync_state(const Context& ctx, std::string_view json) const;
  // The report of the last refresh that published, as `sync --json` prints it.
  Result<std::optional<std::string>> find_sync_report(const Context& ctx) const;
  Status write_sync_report(const Context& ctx, std::string_view json) const;

  // === Clean-up ===
  struct Collected {
    std::uint64_t examined_count = 0;
    std::uint64_t removed_count = 0;
    std::uint64_t removed_bytes = 0;
    std::string next;  // where the next slice begins; "" = all was examined
  };
  // Removes what belongs to generations and is reached by no pointer, once it is older than `grace`
  // (which outlasts any refresh that is under way). Examines one slice of at most `count_max`
  // blobs, 1 to 5,000; `from` is the `next` of the slice before.
  Result<Collected> collect_generations(const Context& ctx, std::chrono::seconds grace,
                                        std::size_t count_max, std::string from = {}) const;

  // Removes a private place: first what readers reach, then everything else. Examines one slice;
  // may be repeated until `next` is empty. invalid_argument for the public place.
  Result<Collected> remove_private(const Context& ctx, std::size_t count_max,
                                   std::string from = {}) const;

 private:
  Result<PublicationInfo> replace(const Context& ctx, const PublishRequest& request,
                                  const Bundle& bundle) const;
  Result<Publication> read_publication_shared(const Context& ctx) const;
  Result<std::string> read_published(const Context& ctx, EntryKind kind,
                                     const std::string& key) const;

  std::shared_ptr<const Store> store_;
  Place place_;
  View view_;
  std::shared_ptr<TenantTally> tally_;
};

}  // namespace cloudfolio::cache

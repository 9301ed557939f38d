#pragma once
// Tier: entries of the store kept in this process's memory, for queries that read the same ones
// again and again.
//
// Coherent by ETag. An entry is answered from memory for its kind's `fresh_for`, counted from the
// moment before the store was last asked about it; after that one reader asks again (If-None-Match,
// or the metadata alone) and the others are answered from memory meanwhile, up to `stale_for`
// longer. "There is none" is remembered for `missing_for`. What this process writes through Store
// is forgotten here at once, so a reader that begins after the write ended sees it; another
// process's write is seen after at most `fresh_for` where the store answers, and after
// `fresh_for + stale_for` otherwise. docs/CACHE-CONTRACT.md promises the same to users.
//
// Promises: at most Options::bytes_max of memory, least recently used entries leave first; an entry
//   above half of that is passed through and not kept. Readers that miss the same entry at once
//   read it once. No lock is held during a call to the store. An entry past its own expires_at is
//   never answered. A reader never sees an older ETag than one that it saw before.
// Threads:  thread-safe. A reader that waits for another's answer keeps its own deadline and stop
//   token, and does not inherit the other's.
// Lifetime: what get() answers does not outlive the tier.
// Time:     freshness is measured on the steady clock, so a jump of the wall clock neither keeps an
//   entry nor drops it; only expires_at is compared with wall time.
// Errors:   the store's; never remembered.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/context.h"
#include "base/limits.h"
#include "base/result.h"
#include "cache/kinds.h"
#include "cache/tier_entry.h"
#include "storage/blob_store.h"

namespace cloudfolio::telemetry {
class MetricRegistry;
}

namespace cloudfolio::cache {

class Tier {
 public:
  enum class Part : std::uint8_t { properties, all };
  enum class Outcome : std::uint8_t { hit, missing, stale, load, error };
  struct Found {
    std::shared_ptr<const TierEntry> entry;  // nullptr: there is none, or it has expired.
    Outcome outcome = Outcome::load;
  };
  struct Options {
    std::size_t bytes_max = 128 * kMiB;
  };

  // All outlive it.
  Tier(storage::BlobStore& blobs, const Clock& clock, telemetry::MetricRegistry& metrics,
       Options options);
  ~Tier();
  Tier(const Tier&) = delete;
  Tier& operator=(const Tier&) = delete;

  // `kind` has a TierRule.
  Result<Found> get(const Context& ctx, EntryKind kind, std::string_view key, Part part);
  // The entry may have changed: whoever reads from now on asks the store.
  void forget(std::string_view key);

  std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  std::size_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  using Entry = std::shared_ptr<const TierEntry>;
  struct Key;
  struct Flight;
  struct Shard;
  struct Metrics;
  static constexpr std::size_t kShardCount = 64;

  Key key_of(std::string_view text, Part part) const;
  Result<Found> fly(const Context& ctx, EntryKind kind, const Key& key,
                    const std::shared_ptr<Flight>& flight);
  std::optional<Result<Found>> wait(const Context& ctx, EntryKind kind, const Key& key,
                                    Flight& flight);
  Result<Entry> load(const Context& ctx, EntryKind kind, const Key& key, const Flight& flight);
  // Returns `entry`.
  std::shared_ptr<TierEntry> whole_entry(EntryKind kind, std::string_view key, storage::Blob blob);
  std::shared_ptr<TierEntry> properties_only(EntryKind kind, std::string_view key,
                                             storage::BlobProperties properties);
  Entry keep(EntryKind kind, const Key& key, const Flight& flight, Entry entry);
  void drop_beyond_limit();
  Found answer(EntryKind kind, const Entry& entry, Outcome outcome);

  storage::BlobStore& blobs_;
  const Clock& clock_;
  const Options options_;
  const std::unique_ptr<Metrics> metrics_;
  TierSlots slots_;
  const std::unique_ptr<Shard[]> shards_;
  std::atomic<std::size_t> bytes_{0};
  std::atomic<std::size_t> count_{0};
  std::atomic<std::size_t> next_victim_{0};
};

}  // namespace cloudfolio::cache

#pragma once
// TierEntry: one entry of the tier, small enough that finding it touches two neighbouring lines of
// memory, however many there are; what only its reader needs is in its body.
//
// Entries live in slots of one size, side by side (TierSlots): spread over the heap between their
// bodies, each lookup among 100,000 of them would wait for memory instead of a cache.
//
// Threads: TierSlots is thread-safe. Lifetime: entries do not outlive their slots.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "storage/blob_store.h"

namespace cloudfolio::cache {

struct Publication;

// A key inside its entry: the usual ones need no memory of their own.
class TierKey {
 public:
  static constexpr std::size_t kInlineBytesMax = 50;
  static constexpr std::size_t kBytesMax = 0xFFFF;
  explicit TierKey(std::string_view key);
  ~TierKey();
  TierKey(const TierKey&) = delete;
  TierKey& operator=(const TierKey&) = delete;
  std::string_view view() const;

 private:
  char* elsewhere() const;

  std::uint16_t size_;
  std::array<char, kInlineBytesMax> bytes_;  // Or a pointer to them.
};

// What the store had.
struct TierBody {
  storage::Blob blob;
  // What readers share instead of parsing it again; made by the first of them.
  mutable std::mutex parsing;
  mutable std::shared_ptr<const Publication> publication;
};

// One entry as the store had it, or that there was none. Immutable but for what is said.
struct TierEntry {
  explicit TierEntry(std::string_view its_key) : key(its_key) {}

  // Guarded by its shard's lock, these four.
  mutable std::shared_ptr<const TierEntry> self;  // While a table keeps it.
  mutable Clock::Instant checked_at;
  mutable std::uint32_t hash = 0;
  mutable bool found = false;

  bool missing = false;
  bool whole = false;  // The bytes are there; else the properties only.
  Clock::WallTime expires_at = Clock::WallTime::max();
  std::unique_ptr<const TierBody> body;  // nullptr where it is missing.
  std::uint32_t charge_bytes = 0;
  TierKey key;
};

class TierSlots {
 public:
  // Two lines, which processors fetch together.
  static constexpr std::size_t kSlotBytes = 128;

  TierSlots() = default;
  ~TierSlots();
  TierSlots(const TierSlots&) = delete;
  TierSlots& operator=(const TierSlots&) = delete;

  std::shared_ptr<TierEntry> make(std::string_view key);

  // For the allocator of make().
  void* take();
  void give(void* slot);

 private:
  // One large page: a processor finds the addresses of few of them without looking them up.
  static constexpr std::size_t kSlabBytes = 2 * kMiB;
  struct Free {
    void operator()(void* slab) const;
  };

  std::mutex mutex_;
  std::vector<std::unique_ptr<void, Free>> slabs_;
  std::vector<void*> free_;
  std::size_t used_count_ = 0;
};

}  // namespace cloudfolio::cache

#pragma once
// TierTable: the entries of one shard of the tier by key, and which of them to give up.
//
// Open addressing. A cell is eight bytes: a piece of the hash and where the entry is, so that the
// cells of 100,000 tenants are 2 MiB, and a lookup touches one line of them and the entry's own.
// What is given up next goes round like a clock's hand: an entry that was found since the hand last
// passed stays for another round.
//
// Threads: one at a time; the shard's lock guards it, and what tier_entry.h says of its entries.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "cache/tier_entry.h"

namespace cloudfolio::cache {

class TierTable {
 public:
  using Entry = std::shared_ptr<const TierEntry>;

  TierTable() = default;
  ~TierTable();
  TierTable(const TierTable&) = delete;
  TierTable& operator=(const TierTable&) = delete;

  // Two hints that fetch what find() will touch while the caller does something else: first the
  // cell, without the lock; then, with it, the entry.
  void expect(std::size_t hash) const;
  void expect_entry(std::size_t hash) const;
  // nullptr where there is none. The view is valid until the next put, remove or evict.
  const Entry* find(std::size_t hash, std::string_view key) const;
  // Replaces the entry of the same key, which is returned. An entry is in one table at most.
  Entry put(std::size_t hash, Entry entry);
  Entry remove(std::size_t hash, std::string_view key);
  // Takes the next entry that was not found since the hand passed; nullptr where there is none.
  Entry evict();
  std::size_t size() const { return count_; }

 private:
  // 0: empty; else 16 bits of the hash above the address.
  using Cell = std::uint64_t;
  static Cell cell_of(std::size_t hash, const TierEntry* entry);
  static const TierEntry* entry_of(Cell cell);
  static std::uint64_t tag_of(std::size_t hash);
  std::size_t home(std::size_t hash) const { return hash & (cells_.size() - 1); }
  std::size_t place_of(std::size_t hash, std::string_view key) const;
  Entry take(std::size_t place);
  void grow();

  std::vector<Cell> cells_;  // A power of two of them, or none.
  // Of cells_, for hints only: what they point to may be gone, and is not read.
  std::atomic<std::uintptr_t> hint_cells_{0};
  std::atomic<std::size_t> hint_mask_{0};
  std::size_t count_ = 0;
  std::size_t hand_ = 0;
};

}  // namespace cloudfolio::cache

#pragma once
// TierTable: the entries of one shard of the tier by key, and which of them to give up.
//
// Open addressing over hashes, and the key inside the entry: a lookup touches two places in memory,
// however many tenants there are. What is given up next goes round like a clock's hand: an entry
// that was found since the hand last passed stays for another round.
//
// Threads: one at a time; the shard's lock guards it, and `checked_at` and `found` of its entries.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "cache/tier.h"

namespace cloudfolio::cache {

class TierTable {
 public:
  using Entry = std::shared_ptr<const TierEntry>;

  // nullptr where there is none. The view is valid until the next put, remove or evict.
  const Entry* find(std::size_t hash, std::string_view key) const;
  // Replaces the entry of the same key, which is returned.
  Entry put(std::size_t hash, Entry entry);
  Entry remove(std::size_t hash, std::string_view key);
  // Takes the next entry that was not found since the hand passed; nullptr where there is none.
  Entry evict();
  std::size_t size() const { return count_; }

 private:
  struct Cell {
    std::size_t hash = 0;
    Entry entry;
  };
  std::size_t home(std::size_t hash) const { return hash & (cells_.size() - 1); }
  std::size_t place_of(std::size_t hash, std::string_view key) const;
  Entry take(std::size_t place);
  void grow();

  std::vector<Cell> cells_;  // A power of two of them, or none.
  std::size_t count_ = 0;
  std::size_t hand_ = 0;
};

}  // namespace cloudfolio::cache

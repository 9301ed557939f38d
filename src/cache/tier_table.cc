#include "cache/tier_table.h"

#include <utility>

namespace cloudfolio::cache {

namespace {

constexpr std::size_t kFirstCellCount = 64;

}  // namespace

// The cell of the key, or the empty one where it would be put. There is always an empty one.
std::size_t TierTable::place_of(std::size_t hash, std::string_view key) const {
  std::size_t place = home(hash);
  while (cells_[place].entry &&
         (cells_[place].hash != hash || cells_[place].entry->key.view() != key))
    place = (place + 1) & (cells_.size() - 1);
  return place;
}

const TierTable::Entry* TierTable::find(std::size_t hash, std::string_view key) const {
  if (cells_.empty()) return nullptr;
  const Entry& entry = cells_[place_of(hash, key)].entry;
  return entry ? &entry : nullptr;
}

TierTable::Entry TierTable::put(std::size_t hash, Entry entry) {
  if (cells_.empty() || count_ * 2 >= cells_.size()) grow();
  Cell& cell = cells_[place_of(hash, entry->key.view())];
  if (!cell.entry) ++count_;
  cell.hash = hash;
  return std::exchange(cell.entry, std::move(entry));
}

TierTable::Entry TierTable::remove(std::size_t hash, std::string_view key) {
  if (cells_.empty()) return nullptr;
  const std::size_t place = place_of(hash, key);
  return cells_[place].entry ? take(place) : nullptr;
}

TierTable::Entry TierTable::evict() {
  // In the second round every mark is gone.
  for (std::size_t passed = 0; passed < 2 * cells_.size(); ++passed) {
    hand_ = (hand_ + 1) & (cells_.size() - 1);
    const Entry& entry = cells_[hand_].entry;
    if (!entry) continue;
    if (!std::exchange(entry->found, false)) return take(hand_);
  }
  return nullptr;
}

// Closes the gap, so that no later cell of the same run becomes unreachable.
TierTable::Entry TierTable::take(std::size_t place) {
  const std::size_t mask = cells_.size() - 1;
  Entry taken = std::move(cells_[place].entry);
  --count_;
  std::size_t gap = place;
  for (std::size_t next = (gap + 1) & mask; cells_[next].entry; next = (next + 1) & mask) {
    const std::size_t wanted = home(cells_[next].hash);
    // Stays where its home lies in (gap, next], going round.
    if (((next - wanted) & mask) < ((next - gap) & mask)) continue;
    cells_[gap] = std::move(cells_[next]);
    cells_[next].entry = nullptr;
    gap = next;
  }
  return taken;
}

void TierTable::grow() {
  std::vector<Cell> old = std::exchange(cells_, {});
  cells_.resize(old.empty() ? kFirstCellCount : old.size() * 2);
  count_ = 0;
  hand_ = 0;
  for (Cell& cell : old)
    if (cell.entry) put(cell.hash, std::move(cell.entry));
}

}  // namespace cloudfolio::cache

#include "cache/tier_table.h"

#include <utility>

#include "base/ensure.h"

namespace cloudfolio::cache {

namespace {

constexpr std::size_t kFirstCellCount = 64;
// Addresses of a process have no more on the machines that we run on.
constexpr int kAddressBits = 48;
constexpr std::uint64_t kAddressMask = (std::uint64_t(1) << kAddressBits) - 1;

}  // namespace

TierTable::~TierTable() {
  for (const Cell cell : cells_)
    if (cell != 0) {
      const Entry last = std::move(entry_of(cell)->self);  // Freed at the end of the block.
    }
}

// The lower bits say where it stands: a piece of the others.
std::uint64_t TierTable::tag_of(std::size_t hash) {
  constexpr int kTagShift = 24;
  return std::uint64_t(hash >> kTagShift) << kAddressBits;
}

TierTable::Cell TierTable::cell_of(std::size_t hash, const TierEntry* entry) {
  const auto address = reinterpret_cast<std::uintptr_t>(entry);
  CF_ENSURE((address & ~kAddressMask) == 0, "an address of more than 48 bits");
  return tag_of(hash) | address;
}

const TierEntry* TierTable::entry_of(Cell cell) {
  return reinterpret_cast<const TierEntry*>(cell & kAddressMask);
}

// The cell of the key, or the empty one where it would be put. There is always an empty one.
std::size_t TierTable::place_of(std::size_t hash, std::string_view key) const {
  const std::uint64_t tag = tag_of(hash);
  std::size_t place = home(hash);
  while (cells_[place] != 0 &&
         ((cells_[place] & ~kAddressMask) != tag || entry_of(cells_[place])->key.view() != key))
    place = (place + 1) & (cells_.size() - 1);
  return place;
}

void TierTable::expect(std::size_t hash) const {
  const std::size_t place = hash & hint_mask_.load(std::memory_order_relaxed);
  // An address that is nobody's any more is ignored by the processor.
  __builtin_prefetch(reinterpret_cast<const void*>(hint_cells_.load(std::memory_order_relaxed) +
                                                   place * sizeof(Cell)));
}

void TierTable::expect_entry(std::size_t hash) const {
  if (cells_.empty()) return;
  const std::uint64_t tag = tag_of(hash);
  for (std::size_t place = home(hash); cells_[place] != 0;
       place = (place + 1) & (cells_.size() - 1)) {
    if ((cells_[place] & ~kAddressMask) != tag) continue;
    const char* const entry = reinterpret_cast<const char*>(entry_of(cells_[place]));
    constexpr std::size_t kLineBytes = 64;
    __builtin_prefetch(entry, 1);
    __builtin_prefetch(entry + kLineBytes, 1);
    return;
  }
}

const TierTable::Entry* TierTable::find(std::size_t hash, std::string_view key) const {
  if (cells_.empty()) return nullptr;
  const Cell cell = cells_[place_of(hash, key)];
  return cell == 0 ? nullptr : &entry_of(cell)->self;
}

TierTable::Entry TierTable::put(std::size_t hash, Entry entry) {
  if (cells_.empty() || (count_ + 1) * 5 > cells_.size() * 4) grow();
  Cell& cell = cells_[place_of(hash, entry->key.view())];
  Entry before;
  if (cell == 0)
    ++count_;
  else
    before = std::move(entry_of(cell)->self);
  cell = cell_of(hash, entry.get());
  entry->hash = static_cast<std::uint32_t>(hash);
  const TierEntry& kept = *entry;
  kept.self = std::move(entry);
  return before;
}

TierTable::Entry TierTable::remove(std::size_t hash, std::string_view key) {
  if (cells_.empty()) return nullptr;
  const std::size_t place = place_of(hash, key);
  return cells_[place] != 0 ? take(place) : nullptr;
}

TierTable::Entry TierTable::evict() {
  // In the second round every mark is gone.
  for (std::size_t passed = 0; passed < 2 * cells_.size(); ++passed) {
    hand_ = (hand_ + 1) & (cells_.size() - 1);
    if (cells_[hand_] == 0) continue;
    if (!std::exchange(entry_of(cells_[hand_])->found, false)) return take(hand_);
  }
  return nullptr;
}

// Closes the gap, so that no later cell of the same run becomes unreachable.
TierTable::Entry TierTable::take(std::size_t place) {
  const std::size_t mask = cells_.size() - 1;
  Entry taken = std::move(entry_of(cells_[place])->self);
  cells_[place] = 0;
  --count_;
  std::size_t gap = place;
  for (std::size_t next = (gap + 1) & mask; cells_[next] != 0; next = (next + 1) & mask) {
    const std::size_t wanted = home(entry_of(cells_[next])->hash);
    // Stays where its home lies in (gap, next], going round.
    if (((next - wanted) & mask) < ((next - gap) & mask)) continue;
    cells_[gap] = std::exchange(cells_[next], 0);
    gap = next;
  }
  return taken;
}

void TierTable::grow() {
  const std::vector<Cell> old = std::exchange(cells_, {});
  cells_.resize(old.empty() ? kFirstCellCount : old.size() * 2);
  CF_ENSURE(cells_.size() - 1 <= UINT32_MAX, "entries keep 32 bits of their hash");
  hand_ = 0;
  hint_cells_.store(reinterpret_cast<std::uintptr_t>(cells_.data()), std::memory_order_relaxed);
  hint_mask_.store(cells_.size() - 1, std::memory_order_relaxed);
  const std::size_t mask = cells_.size() - 1;
  for (const Cell cell : old) {
    if (cell == 0) continue;
    std::size_t place = home(entry_of(cell)->hash);
    while (cells_[place] != 0) place = (place + 1) & mask;
    cells_[place] = cell;
  }
}

}  // namespace cloudfolio::cache

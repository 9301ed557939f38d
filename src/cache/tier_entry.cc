#include "cache/tier_entry.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "base/ensure.h"

namespace cloudfolio::cache {

namespace {

// An entry and the counts of its shared pointers in one slot.
template <class T>
struct SlotAllocator {
  using value_type = T;
  explicit SlotAllocator(TierSlots& its_slots) : slots(&its_slots) {}
  template <class U>
  SlotAllocator(const SlotAllocator<U>& other) : slots(other.slots) {}

  T* allocate(std::size_t count) {
    static_assert(sizeof(T) <= TierSlots::kSlotBytes);
    CF_ENSURE(count == 1, "a slot holds one entry");
    return static_cast<T*>(slots->take());
  }
  void deallocate(T* slot, std::size_t) { slots->give(slot); }
  bool operator==(const SlotAllocator&) const = default;

  TierSlots* slots;
};

}  // namespace

TierKey::TierKey(std::string_view key) : size_(static_cast<std::uint16_t>(key.size())) {
  CF_ENSURE(key.size() <= kBytesMax, "a key longer than any store's");
  char* place = bytes_.data();
  if (key.size() > kInlineBytesMax) {
    place = new char[key.size()];
    std::memcpy(bytes_.data(), &place, sizeof place);
  }
  std::copy(key.begin(), key.end(), place);
}

TierKey::~TierKey() {
  if (size_ > kInlineBytesMax) delete[] elsewhere();
}

char* TierKey::elsewhere() const {
  char* place = nullptr;
  std::memcpy(&place, bytes_.data(), sizeof place);
  return place;
}

std::string_view TierKey::view() const {
  return {size_ > kInlineBytesMax ? elsewhere() : bytes_.data(), size_};
}

TierSlots::~TierSlots() {
  CF_ENSURE(used_count_ == 0, "an entry outlived its tier");
}

std::shared_ptr<TierEntry> TierSlots::make(std::string_view key) {
  return std::allocate_shared<TierEntry>(SlotAllocator<TierEntry>(*this), key);
}

void TierSlots::Free::operator()(void* slab) const {
  ::operator delete(slab, std::align_val_t(kSlabBytes));
}

void* TierSlots::take() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) {
    void* const slab = ::operator new(kSlabBytes, std::align_val_t(kSlabBytes));
    slabs_.emplace_back(slab);
    (void)::madvise(slab, kSlabBytes, MADV_HUGEPAGE);  // Advice: where it is not taken, slower.
    free_.reserve(slabs_.size() * (kSlabBytes / kSlotBytes));
    for (std::size_t end = kSlabBytes; end > 0; end -= kSlotBytes)
      free_.push_back(static_cast<char*>(slab) + end - kSlotBytes);
  }
  ++used_count_;
  void* const slot = free_.back();
  free_.pop_back();
  return slot;
}

void TierSlots::give(void* slot) {
  const std::lock_guard lock(mutex_);
  --used_count_;
  free_.push_back(slot);
}

}  // namespace cloudfolio::cache

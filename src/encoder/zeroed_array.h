#pragma once
// An array of zeros that costs nothing before it is touched: what a run only writes later does not
// delay its first step.

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>

#include "encoder/buffer.h"

namespace cloudfolio::encoder {

// `count` elements, all of whose bits are zero, aligned to huge pages.
template <class T>
class ZeroedArray {
  static_assert(std::is_trivial_v<T>);

 public:
  explicit ZeroedArray(std::size_t count)
      : mapped_bytes_(count * sizeof(T) + kHugePageBytes), count_(count) {
    mapped_ =
        ::mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped_ == MAP_FAILED) throw std::bad_alloc();
    const auto address = reinterpret_cast<std::uintptr_t>(mapped_);
    const std::uintptr_t aligned = (address + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
    data_ = reinterpret_cast<T*>(static_cast<std::byte*>(mapped_) + (aligned - address));
    // A wish, as in Buffer.
    ::madvise(data_, count * sizeof(T), MADV_HUGEPAGE);
  }
  ~ZeroedArray() { ::munmap(mapped_, mapped_bytes_); }
  ZeroedArray(const ZeroedArray&) = delete;
  ZeroedArray& operator=(const ZeroedArray&) = delete;

  T* data() const { return data_; }
  std::size_t count() const { return count_; }

 private:
  std::size_t mapped_bytes_;
  std::size_t count_;
  void* mapped_ = nullptr;
  T* data_ = nullptr;
};

}  // namespace cloudfolio::encoder

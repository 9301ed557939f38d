#pragma once
// Memory for weights and activations: aligned for vectors, grown and never shrunk, not initialised.

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

#include "base/ensure.h"

namespace cloudfolio::encoder {

inline constexpr std::size_t kAlignmentBytes = 64;
inline constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;
// From here on memory comes in huge pages: streams of weights lose a tenth of their speed
// otherwise.
inline constexpr std::size_t kHugePageMinBytes = 4 * kHugePageBytes;

class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t bytes) { reserve(bytes); }

  // At least `bytes`; what was there is lost if it grows.
  void reserve(std::size_t bytes) {
    if (bytes <= capacity_bytes_) return;
    memory_.reset();
    const std::size_t alignment = bytes < kHugePageMinBytes ? kAlignmentBytes : kHugePageBytes;
    const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
    memory_.reset(static_cast<std::byte*>(std::aligned_alloc(alignment, rounded)));
    if (memory_ == nullptr) throw std::bad_alloc();
    // A wish: where the system gives small pages, only speed is lost.
    if (alignment == kHugePageBytes) ::madvise(memory_.get(), rounded, MADV_HUGEPAGE);
    capacity_bytes_ = rounded;
  }

  std::byte* data() const { return memory_.get(); }
  std::size_t capacity_bytes() const { return capacity_bytes_; }

 private:
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  std::unique_ptr<std::byte, Free> memory_;
  std::size_t capacity_bytes_ = 0;
};

// `count` elements of T.
template <class T>
class Array {
 public:
  Array() = default;
  explicit Array(std::size_t count) : buffer_(count * sizeof(T)), count_(count) {}
  T* data() const { return reinterpret_cast<T*>(buffer_.data()); }
  std::size_t count() const { return count_; }
  void reserve(std::size_t count) {
    buffer_.reserve(count * sizeof(T));
    count_ = count > count_ ? count : count_;
  }

 private:
  Buffer buffer_;
  std::size_t count_ = 0;
};

// Cuts one buffer into arrays. Measured first (no memory), then cut in the same order.
class Cutter {
 public:
  explicit Cutter(std::byte* memory) : memory_(memory) {}
  template <class T>
  T* take(std::size_t count) {
    T* at = memory_ == nullptr ? nullptr : reinterpret_cast<T*>(memory_ + used_bytes_);
    used_bytes_ += (count * sizeof(T) + kAlignmentBytes - 1) / kAlignmentBytes * kAlignmentBytes;
    return at;
  }
  std::size_t used_bytes() const { return used_bytes_; }

 private:
  std::byte* memory_;
  std::size_t used_bytes_ = 0;
};

}  // namespace cloudfolio::encoder

#pragma once
// Descriptor: a file descriptor with an owner, closed when the owner goes.

#include <unistd.h>

#include <utility>

namespace cloudfolio::runtime {

class Descriptor {
 public:
  Descriptor() = default;
  // Takes over `number`; negative: none.
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }

  explicit operator bool() const { return number_ >= 0; }
  int get() const { return number_; }
  // The caller closes it.
  int release() { return std::exchange(number_, -1); }

 private:
  int number_ = -1;
};

}  // namespace cloudfolio::runtime

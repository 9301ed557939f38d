#include "github/batch_size.h"

namespace cloudfolio::github {
namespace {

constexpr std::chrono::seconds kQuick{2};
constexpr std::chrono::seconds kSlow{6};
constexpr std::chrono::hours kCeilingLength{24};
constexpr std::size_t kGoodBeforeGrowth = 3;

}  // namespace

void BatchSize::answered(std::size_t asked, std::chrono::nanoseconds took) {
  if (took > kSlow) {
    good_in_a_row_ = 0;
    size_ = std::max<std::size_t>(1, std::min(size_, asked) * 3 / 4);
    return;
  }
  // A short last batch says nothing about a full one.
  if (took > kQuick || asked < size_ || ++good_in_a_row_ < kGoodBeforeGrowth) return;
  good_in_a_row_ = 0;
  std::size_t next = std::min(size_max_, size_ + std::max<std::size_t>(1, size_ / 5));
  if (ceiling_ != 0 && clock_.now() < ceiling_until_) next = std::min(next, ceiling_ - 1);
  size_ = std::max(size_, next);
}

void BatchSize::failed(std::size_t asked) {
  good_in_a_row_ = 0;
  const bool over = ceiling_ == 0 || clock_.now() >= ceiling_until_;
  ceiling_ = over ? asked : std::min(ceiling_, asked);
  ceiling_until_ = clock_.now() + kCeilingLength;
  size_ = std::max<std::size_t>(1, std::min(size_, asked / 2));
}

}  // namespace cloudfolio::github

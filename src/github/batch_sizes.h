#pragma once
// BatchSizes: the sizes that a client has learnt for each shape of request, shared by its calls.
//
// Thread-safe.

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>

#include "github/batch_size.h"
#include "github/metrics.h"
#include "github/options.h"

namespace cloudfolio::github {

enum class Shape : std::uint8_t { list, detail, follow_up };
inline constexpr std::size_t kShapesCount = 3;

class BatchSizes {
 public:
  BatchSizes(const Options& options, const Clock& clock, GithubMetrics& metrics);
  std::size_t size(Shape shape) const;
  void answered(Shape shape, std::size_t asked, std::chrono::nanoseconds took);
  void failed(Shape shape, std::size_t asked);

 private:
  void show(Shape shape);
  mutable std::mutex mutex_;
  std::array<BatchSize, kShapesCount> sizes_;
  GithubMetrics& metrics_;
};

}  // namespace cloudfolio::github

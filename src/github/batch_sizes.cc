#include "github/batch_sizes.h"

namespace cloudfolio::github {
namespace {

constexpr std::size_t kNodesMax = 100;  // GitHub's own limit for pages and for nodes(ids:).
constexpr std::size_t kFollowUpMax = 400;

std::string_view to_string(Shape shape) {
  switch (shape) {
    case Shape::list:
      return "list";
    case Shape::detail:
      return "detail";
    case Shape::follow_up:
      return "follow_up";
  }
  return "";
}

}  // namespace

BatchSizes::BatchSizes(const Options& options, const Clock& clock, GithubMetrics& metrics)
    : sizes_{BatchSize(options.list_page_size, kNodesMax, clock),
             BatchSize(options.detail_batch_size, kNodesMax, clock),
             BatchSize(options.follow_up_batch_size, kFollowUpMax, clock)},
      metrics_(metrics) {}

std::size_t BatchSizes::size(Shape shape) const {
  const std::lock_guard lock(mutex_);
  return sizes_[std::size_t(shape)].size();
}

void BatchSizes::answered(Shape shape, std::size_t asked, std::chrono::nanoseconds took) {
  const std::lock_guard lock(mutex_);
  sizes_[std::size_t(shape)].answered(asked, took);
  show(shape);
}

void BatchSizes::failed(Shape shape, std::size_t asked) {
  const std::lock_guard lock(mutex_);
  sizes_[std::size_t(shape)].failed(asked);
  show(shape);
}

void BatchSizes::show(Shape shape) {
  metrics_.batch_size.with({to_string(shape)}).set(double(sizes_[std::size_t(shape)].size()));
}

}  // namespace cloudfolio::github

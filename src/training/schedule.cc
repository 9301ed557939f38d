#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "base/random.h"
#include "training/recipe.h"

namespace cloudfolio::training {
namespace {

std::vector<std::size_t> shuffled(std::size_t count, Random& random) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

// One epoch's batches. A pair that would meet its own question or text in a batch waits for the
// next; those that are left at the end come together anyway (the loss masks them by their groups).
std::vector<std::vector<std::size_t>> batches_of(const std::vector<std::size_t>& order,
                                                 const std::vector<std::uint64_t>& query_groups,
                                                 const std::vector<std::uint64_t>& positive_groups,
                                                 std::size_t batch_pair_count) {
  std::vector<std::vector<std::size_t>> batches;
  std::vector<std::size_t> waiting = order;
  while (!waiting.empty()) {
    std::vector<std::size_t> batch;
    std::vector<std::size_t> later;
    std::set<std::uint64_t> groups;
    for (const std::size_t pair : waiting) {
      const bool fits = batch.size() < batch_pair_count && !groups.contains(query_groups[pair]) &&
                        !groups.contains(positive_groups[pair]);
      if (!fits) {
        later.push_back(pair);
        continue;
      }
      batch.push_back(pair);
      groups.insert(query_groups[pair]);
      groups.insert(positive_groups[pair]);
    }
    batches.push_back(std::move(batch));
    waiting = std::move(later);
  }
  // A batch of one has no wrong answers to learn from.
  std::erase_if(batches, [](const auto& batch) { return batch.size() < 2; });
  return batches;
}

}  // namespace

Schedule make_schedule(const std::vector<std::size_t>& token_counts,
                       const std::vector<std::uint64_t>& query_groups,
                       const std::vector<std::uint64_t>& positive_groups, const Recipe& recipe) {
  Schedule schedule;
  Random random(recipe.seed);
  std::vector<std::size_t> taken(token_counts.size(), 0);
  for (std::size_t epoch = 0; epoch < recipe.epoch_count && schedule.cut.empty(); ++epoch) {
    const auto order = shuffled(token_counts.size(), random);
    for (auto& batch : batches_of(order, query_groups, positive_groups, recipe.batch_pair_count)) {
      std::size_t token_count = 0;
      for (const std::size_t pair : batch) token_count += token_counts[pair];
      if (recipe.step_count_max && schedule.steps.size() >= *recipe.step_count_max) {
        schedule.cut = "max_steps";
        break;
      }
      if (schedule.token_count + token_count > recipe.token_count_max) {
        schedule.cut = "max_tokens";
        break;
      }
      schedule.token_count += token_count;
      schedule.turns.emplace_back();
      for (const std::size_t pair : batch) schedule.turns.back().push_back(taken[pair]++);
      schedule.steps.push_back(std::move(batch));
    }
  }
  const auto warmup =
      static_cast<std::size_t>(recipe.warmup_share * static_cast<double>(schedule.steps.size()));
  schedule.warmup_step_count =
      schedule.steps.empty() ? 0 : std::min(warmup, schedule.steps.size() - 1);
  return schedule;
}

}  // namespace cloudfolio::training

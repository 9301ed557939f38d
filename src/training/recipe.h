#pragma once
// How a model is trained: the parameters and the schedule that follows from them.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "encoder/precision.h"

namespace cloudfolio::training {

// Part of the content fingerprint: another recipe trains anew.
inline constexpr std::string_view kRecipeVersion = "recipe-2";

struct Recipe {
  // Small portfolios are learnt by heart soon after: on the sample 6 epochs lift held-out nDCG@10
  // by 0.041, 12 lose that again, and the guard set with it.
  std::size_t epoch_count = 6;
  std::size_t batch_pair_count = 16;
  double learning_rate = 3e-5;
  double warmup_share = 0.1;  // Of the run's own steps.
  std::uint64_t seed = 42;
  // `training.max_tokens`: tokens of all steps together. Reaching it shortens the run, the schedule
  // included, and is reported.
  std::size_t token_count_max = 200'000;
  std::optional<std::size_t> step_count_max;
  // `training.checkpoint_steps`: how many steps a killed run may lose. 0: no checkpoints.
  std::size_t checkpoint_step_count = 50;
  // `training.precision`: not part of the content, models in either serve alike.
  encoder::Precision precision = encoder::Precision::automatic;
};

// The steps of a run: which pairs each takes.
struct Schedule {
  std::vector<std::vector<std::size_t>> steps;  // Positions in the pairs.
  // Beside each place of `steps`: how often the pair was taken before, which says the phrasing.
  std::vector<std::vector<std::size_t>> turns;
  std::size_t warmup_step_count = 0;  // Fewer than there are steps.
  std::size_t token_count = 0;
  // What cut it short: "", "max_tokens" or "max_steps".
  std::string_view cut;
};

// Each epoch shuffles the pairs anew (seeded); a batch holds no two pairs of one question or one
// text as long as others are left. `token_counts`: tokens of each pair, both texts.
Schedule make_schedule(const std::vector<std::size_t>& token_counts,
                       const std::vector<std::uint64_t>& query_groups,
                       const std::vector<std::uint64_t>& positive_groups, const Recipe& recipe);

}  // namespace cloudfolio::training

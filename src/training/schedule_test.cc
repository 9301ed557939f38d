#include <gtest/gtest.h>

#include <map>
#include <set>

#include "training/recipe.h"

namespace cloudfolio::training {
namespace {

struct Pairs {
  std::vector<std::size_t> tokens;
  std::vector<std::uint64_t> queries;
  std::vector<std::uint64_t> positives;
};

Pairs pairs(std::size_t count, std::size_t tokens = 100) {
  Pairs out;
  for (std::size_t i = 0; i < count; ++i) {
    out.tokens.push_back(tokens);
    out.queries.push_back(1000 + i);
    out.positives.push_back(9000 + i);
  }
  return out;
}

Schedule schedule(const Pairs& pairs, const Recipe& recipe) {
  return make_schedule(pairs.tokens, pairs.queries, pairs.positives, recipe);
}

TEST(schedule, every_epoch_takes_every_pair_once) {
  Recipe recipe;
  recipe.epoch_count = 3;
  const Schedule made = schedule(pairs(64), recipe);
  EXPECT_EQ(made.steps.size(), 12U);
  EXPECT_EQ(made.token_count, 3U * 64 * 100);
  EXPECT_EQ(made.cut, "");
  std::map<std::size_t, int> taken;
  for (const auto& step : made.steps) {
    for (const std::size_t pair : step) ++taken[pair];
  }
  for (const auto& [pair, count] : taken) EXPECT_EQ(count, 3) << pair;
}

TEST(schedule, the_warm_up_is_a_tenth_of_the_run_and_never_all_of_it) {
  Recipe recipe;
  recipe.epoch_count = 12;
  EXPECT_EQ(schedule(pairs(160), recipe).warmup_step_count, 12U);
  recipe.step_count_max = 5;
  EXPECT_EQ(schedule(pairs(160), recipe).warmup_step_count, 0U);
  recipe.warmup_share = 1.0;
  EXPECT_EQ(schedule(pairs(160), recipe).warmup_step_count, 4U);
  EXPECT_EQ(schedule(pairs(0), recipe).warmup_step_count, 0U);
}

TEST(schedule, a_limit_shortens_the_run_and_is_said) {
  Recipe recipe;
  recipe.token_count_max = 10'000;
  const Schedule by_tokens = schedule(pairs(160), recipe);
  EXPECT_EQ(by_tokens.cut, "max_tokens");
  EXPECT_LE(by_tokens.token_count, 10'000U);
  EXPECT_EQ(by_tokens.steps.size(), 6U);
  recipe.step_count_max = 2;
  const Schedule by_steps = schedule(pairs(160), recipe);
  EXPECT_EQ(by_steps.cut, "max_steps");
  EXPECT_EQ(by_steps.steps.size(), 2U);
}

TEST(schedule, no_batch_holds_one_question_or_text_twice) {
  Pairs some = pairs(40);
  for (std::size_t i = 0; i < 40; ++i) some.queries[i] = 1000 + i % 10;
  for (std::size_t i = 0; i < 40; i += 4) some.positives[i] = 9000;
  Recipe recipe;
  recipe.batch_pair_count = 8;
  recipe.epoch_count = 2;
  for (const auto& step : schedule(some, recipe).steps) {
    std::set<std::uint64_t> queries;
    std::set<std::uint64_t> positives;
    for (const std::size_t pair : step) {
      EXPECT_TRUE(queries.insert(some.queries[pair]).second);
      EXPECT_TRUE(positives.insert(some.positives[pair]).second);
    }
    EXPECT_GE(step.size(), 2U);
  }
}

TEST(schedule, the_seed_alone_decides_the_order) {
  Recipe recipe;
  EXPECT_EQ(schedule(pairs(50), recipe).steps, schedule(pairs(50), recipe).steps);
  Recipe other;
  other.seed = 43;
  EXPECT_NE(schedule(pairs(50), recipe).steps, schedule(pairs(50), other).steps);
}

}  // namespace
}  // namespace cloudfolio::training

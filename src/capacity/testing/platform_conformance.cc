#include "capacity/testing/platform_conformance.h"

namespace cloudfolio::capacity {

CreateRequest PlatformConformance::request(std::uint64_t generation) const {
  return {.name = "model-training-queue-westeurope-" + std::to_string(generation),
          .generation = generation,
          .queue = "model-training-queue",
          .region = "westeurope",
          .image = "example.azurecr.io/trainer:1",
          .size = {1, 1},
          .job = "train-" + std::to_string(generation)};
}

std::optional<Group> PlatformConformance::find(const std::string& name) {
  auto listed = platform().list(Context());
  EXPECT_TRUE(listed.ok()) << listed.error().message();
  if (listed)
    for (const Group& group : *listed)
      if (group.name == name) return group;
  return std::nullopt;
}

bool PlatformConformance::comes_to(const std::string& name, std::optional<GroupState> state) {
  for (int i = 0; i < 200; ++i) {
    const auto found = find(name);
    if (found.has_value() == state.has_value() && (!found || found->state == *state)) return true;
    under_test_->pass();
  }
  return false;
}

TEST_P(PlatformConformance, a_created_worker_runs_under_its_name) {
  const CreateRequest one = request(1);
  EXPECT_EQ(platform().create(Context(), one).answer, Answer::accepted);
  EXPECT_TRUE(comes_to(one.name, GroupState::running));
  for (int i = 0; i < 200 && !under_test_->runs(one.name); ++i) under_test_->pass();
  EXPECT_TRUE(under_test_->runs(one.name));
}

TEST_P(PlatformConformance, a_second_creation_of_a_name_starts_nothing) {
  const CreateRequest one = request(1);
  EXPECT_EQ(platform().create(Context(), one).answer, Answer::accepted);
  EXPECT_EQ(platform().create(Context(), one).answer, Answer::exists);
  under_test_->reopen();
  EXPECT_EQ(platform().create(Context(), one).answer, Answer::exists);
  EXPECT_EQ(platform().list(Context())->size(), 1u);
}

TEST_P(PlatformConformance, a_removed_worker_is_gone_and_removing_it_again_is_well) {
  const CreateRequest one = request(1);
  ASSERT_EQ(platform().create(Context(), one).answer, Answer::accepted);
  ASSERT_TRUE(comes_to(one.name, GroupState::running));
  EXPECT_TRUE(platform().remove(Context(), one.name).ok());
  EXPECT_TRUE(comes_to(one.name, std::nullopt));
  EXPECT_FALSE(under_test_->runs(one.name));
  EXPECT_TRUE(platform().remove(Context(), one.name).ok());
}

TEST_P(PlatformConformance, a_worker_that_ended_by_itself_is_listed_until_it_is_removed) {
  const CreateRequest one = request(1);
  ASSERT_EQ(platform().create(Context(), one).answer, Answer::accepted);
  ASSERT_TRUE(comes_to(one.name, GroupState::running));
  under_test_->finish(one.name);
  EXPECT_TRUE(comes_to(one.name, GroupState::ended));
  EXPECT_TRUE(platform().remove(Context(), one.name).ok());
  EXPECT_TRUE(comes_to(one.name, std::nullopt));
}

TEST_P(PlatformConformance, the_process_that_comes_after_adopts_what_runs) {
  const CreateRequest one = request(1);
  ASSERT_EQ(platform().create(Context(), one).answer, Answer::accepted);
  ASSERT_TRUE(comes_to(one.name, GroupState::running));
  for (int i = 0; i < 200 && !under_test_->runs(one.name); ++i) under_test_->pass();
  under_test_->reopen();
  EXPECT_TRUE(under_test_->runs(one.name));
  EXPECT_TRUE(comes_to(one.name, GroupState::running));
  EXPECT_TRUE(platform().remove(Context(), one.name).ok());
  EXPECT_TRUE(comes_to(one.name, std::nullopt));
  EXPECT_FALSE(under_test_->runs(one.name));
}

TEST_P(PlatformConformance, an_orphan_is_listed_and_can_be_removed) {
  const std::string name = under_test_->plant_orphan();
  EXPECT_TRUE(comes_to(name, GroupState::running));
  EXPECT_TRUE(platform().remove(Context(), name).ok());
  EXPECT_TRUE(comes_to(name, std::nullopt));
}

TEST_P(PlatformConformance, a_used_up_quota_is_told_as_such_and_leaves_nothing) {
  if (!under_test_->use_up_quota())
    GTEST_SKIP() << "this platform has no quota for this user (a superuser may start any number of "
                    "processes)";
  const CreateAnswer answer = platform().create(Context(), request(1));
  EXPECT_EQ(answer.answer, Answer::quota) << answer.detail;
  EXPECT_FALSE(answer.detail.empty());
  EXPECT_TRUE(platform().list(Context())->empty());
}

}  // namespace cloudfolio::capacity

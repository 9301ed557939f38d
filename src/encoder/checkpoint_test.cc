#include "encoder/checkpoint.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "encoder/testing/fixtures.h"
#include "encoder/trainer.h"

namespace cloudfolio::encoder {
namespace {

using testing::tiny_model;
using testing::tiny_sequence;

constexpr std::size_t kSteps = 12;

class TrainingCheckpoint : public ::testing::Test {
 protected:
  TrainingCheckpoint() {
    for (std::size_t i = 0; i < 8 * kSteps; ++i) {
      anchors.push_back(tiny_sequence(i, 5 + i % 7));
      positives.push_back(tiny_sequence(1000 + i, 10 + i * 13 % 40));
    }
    options.learning_rate = 1e-3;
    options.weight_decay = 0.1;
    options.warmup_step_count = 3;
    options.total_step_count = kSteps;
  }

  std::unique_ptr<Trainer> open() const {
    auto trainer = Trainer::open(tiny_model(), options);
    EXPECT_TRUE(trainer) << trainer.error().message();
    return std::move(*trainer);
  }
  void steps(Trainer& trainer, std::size_t until) const {
    while (trainer.step_count() < until) {
      std::vector<TrainingPair> pairs;
      for (std::size_t i = 0; i < 8; ++i) {
        const std::size_t at = trainer.step_count() * 8 + i;
        pairs.push_back({anchors[at], positives[at]});
      }
      ASSERT_TRUE(trainer.step(pairs, Loss::multiple_negatives_ranking));
    }
  }
  std::string bytes() const {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void put(const std::string& bytes) const {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
  }
  Code code_of_resuming() const {
    const auto resumed = open()->resume(file);
    return resumed ? Code::internal : resumed.error().code();
  }

  testing::TemporaryFolder folder;
  std::filesystem::path file = folder.path() / "run.checkpoint";
  Trainer::Options options;
  std::vector<TokenIds> anchors;
  std::vector<TokenIds> positives;
};

TEST_F(TrainingCheckpoint, of_any_step_leads_to_the_weights_of_an_undisturbed_run) {
  const auto undisturbed = open();
  steps(*undisturbed, kSteps);
  const Model expected = undisturbed->model();
  for (std::size_t interrupted = 0; interrupted <= kSteps; interrupted += 3) {
    const auto first = open();
    steps(*first, interrupted);
    ASSERT_TRUE(first->save_checkpoint(file, "step " + std::to_string(interrupted)));
    options.thread_count = 1 + interrupted % 2;
    const auto second = open();
    const auto note = second->resume(file);
    ASSERT_TRUE(note) << note.error().message();
    EXPECT_EQ(*note, "step " + std::to_string(interrupted));
    EXPECT_EQ(second->step_count(), interrupted);
    steps(*second, kSteps);
    EXPECT_TRUE(std::ranges::equal(second->model().weights(), expected.weights()))
        << "interrupted after step " << interrupted;
  }
}

TEST_F(TrainingCheckpoint, that_is_saved_does_not_disturb_the_run) {
  const auto undisturbed = open();
  steps(*undisturbed, kSteps);
  const auto saving = open();
  for (std::size_t i = 1; i <= kSteps; ++i) {
    steps(*saving, i);
    ASSERT_TRUE(saving->save_checkpoint(file, ""));
  }
  EXPECT_TRUE(std::ranges::equal(saving->model().weights(), undisturbed->model().weights()));
  EXPECT_FALSE(std::filesystem::exists(file.string() + ".part"));
}

TEST_F(TrainingCheckpoint, of_another_run_is_refused) {
  const auto first = open();
  steps(*first, 2);
  ASSERT_TRUE(first->save_checkpoint(file, ""));
  options.seed = 43;
  EXPECT_EQ(code_of_resuming(), Code::conflict);
  options.seed = 42;
  options.learning_rate = 2e-3;
  EXPECT_EQ(code_of_resuming(), Code::conflict);
}

TEST_F(TrainingCheckpoint, that_is_missing_cut_or_damaged_anywhere_is_said) {
  EXPECT_EQ(code_of_resuming(), Code::not_found);
  const auto first = open();
  steps(*first, 2);
  ASSERT_TRUE(first->save_checkpoint(file, "note"));
  const std::string whole = bytes();
  for (std::size_t cut = 0; cut < whole.size(); cut += whole.size() / 23 + 1) {
    put(whole.substr(0, cut));
    EXPECT_EQ(code_of_resuming(), Code::corrupt) << "cut at " << cut;
    std::string changed = whole;
    changed[cut] = static_cast<char>(changed[cut] ^ 0x10);
    put(changed);
    EXPECT_EQ(code_of_resuming(), Code::corrupt) << "changed at " << cut;
  }
}

TEST_F(TrainingCheckpoint, that_cannot_be_written_leaves_the_one_before) {
  const auto first = open();
  steps(*first, 1);
  EXPECT_EQ(first->save_checkpoint(folder.path() / "no" / "such" / "folder", "").error().code(),
            Code::unavailable);
  ASSERT_TRUE(first->save_checkpoint(file, "one"));
  std::filesystem::create_directory(file.string() + ".part");  // In the way of the next.
  EXPECT_EQ(first->save_checkpoint(file, "two").error().code(), Code::unavailable);
  EXPECT_EQ(*open()->resume(file), "one");
}

}  // namespace
}  // namespace cloudfolio::encoder

#include "encoder/checkpoint.h"

#include <gtest/gtest.h>

#include <algorithm>

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
  std::string saved(const Trainer& trainer, std::string_view note) const {
    std::string bytes;
    const auto sink = [&](std::string_view piece) -> Status {
      bytes += piece;
      return Done{};
    };
    EXPECT_TRUE(trainer.save_checkpoint(sink, note));
    return bytes;
  }
  // In pieces that fit nothing.
  static CheckpointSource source(const std::string& bytes) {
    return [&bytes, at = std::size_t{0}]() mutable -> Result<std::string> {
      std::string piece = bytes.substr(std::min(at, bytes.size()), 10'007);
      at += piece.size();
      return piece;
    };
  }
  Code code_of_resuming(const std::string& bytes) const {
    const auto resumed = open()->resume(source(bytes));
    return resumed ? Code::internal : resumed.error().code();
  }

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
    const std::string bytes = saved(*first, "step " + std::to_string(interrupted));
    options.thread_count = 1 + interrupted % 2;
    const auto second = open();
    const auto note = second->resume(source(bytes));
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
    saved(*saving, "");
  }
  EXPECT_TRUE(std::ranges::equal(saving->model().weights(), undisturbed->model().weights()));
}

TEST_F(TrainingCheckpoint, of_another_run_is_refused) {
  const auto first = open();
  steps(*first, 2);
  const std::string bytes = saved(*first, "");
  options.seed = 43;
  EXPECT_EQ(code_of_resuming(bytes), Code::conflict);
  options.seed = 42;
  options.learning_rate = 2e-3;
  EXPECT_EQ(code_of_resuming(bytes), Code::conflict);
}

TEST_F(TrainingCheckpoint, that_is_cut_or_damaged_anywhere_is_said) {
  const auto first = open();
  steps(*first, 2);
  const std::string whole = saved(*first, "note");
  for (std::size_t at = 0; at < whole.size(); at += whole.size() / 23 + 1) {
    EXPECT_EQ(code_of_resuming(whole.substr(0, at)), Code::corrupt) << "cut at " << at;
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    const Code code = code_of_resuming(changed);
    EXPECT_TRUE(code == Code::corrupt || code == Code::conflict) << "changed at " << at;
  }
}

TEST_F(TrainingCheckpoint, passes_on_what_the_sink_and_the_source_say) {
  const auto first = open();
  steps(*first, 1);
  int left = 3;
  const auto full = [&](std::string_view) -> Status {
    if (left-- > 0) return Done{};
    return Error(Code::unavailable, "the disk is full");
  };
  EXPECT_EQ(first->save_checkpoint(full, "").error().code(), Code::unavailable);
  EXPECT_LT(left, 0);
  const CheckpointSource gone = []() -> Result<std::string> {
    return Error(Code::not_found, "no such piece");
  };
  EXPECT_EQ(open()->resume(gone).error().code(), Code::not_found);
}

}  // namespace
}  // namespace cloudfolio::encoder

#include "main/progress.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace cloudfolio::main {
namespace {

class ProgressTest : public testing::Test {
 protected:
  ProgressTest() : out(open_memstream(&text, &size)) {}
  ~ProgressTest() override {
    std::fclose(out);
    std::free(text);
  }
  std::string written() {
    std::fflush(out);
    return std::string(text, size);
  }
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* out;
  ManualClock clock;
};

TEST_F(ProgressTest, away_from_a_terminal_a_phase_is_one_plain_line_at_its_beginning_and_end) {
  Progress progress(out, clock);
  progress.show("Fetching", 0, 3);
  progress.show("Fetching", 1, 3);
  progress.show("Fetching", 2, 3);
  progress.show("Fetching", 3, 3);
  EXPECT_EQ(written(), "Fetching 0/3\nFetching 3/3\n");
}

TEST_F(ProgressTest, long_phases_say_how_long_they_still_take) {
  Progress progress(out, clock);
  progress.show("Training", 0, 100);
  clock.advance(std::chrono::seconds(20));
  progress.show("Training", 25, 100, "loss 0.41");
  EXPECT_EQ(written(), "Training 0/100\nTraining 25/100, 60 s left  loss 0.41\n");
}

TEST_F(ProgressTest, a_sentence_ends_a_phase) {
  Progress progress(out, clock);
  progress.show("Fetching", 1, 1);
  progress.say("Synced 12 repositories.");
  EXPECT_EQ(written(), "Fetching 1/1\nSynced 12 repositories.\n");
}

}  // namespace
}  // namespace cloudfolio::main

#include "encoder/companion.h"

#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <vector>

namespace cloudfolio::encoder {
namespace {

TEST(Companion, each_piece_is_done_once) {
  Companion companion;
  companion.begin();
  std::array<int, 100> times{};
  for (std::size_t round = 0; round < 20'000; ++round) {
    const std::size_t count = round % times.size() + 1;
    times.fill(0);
    companion.run(count, [&](std::size_t i) { ++times[i]; });
    ASSERT_EQ(std::accumulate(times.begin(), times.end(), 0), static_cast<int>(count));
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(times[i], 1);
  }
  companion.end();
}

TEST(Companion, pieces_see_what_the_caller_wrote_and_the_caller_sees_theirs) {
  Companion companion;
  std::vector<std::size_t> values(64, 1);
  companion.begin();
  for (int round = 0; round < 20'000; ++round) {
    companion.run(values.size() / 8, [&](std::size_t i) {
      for (std::size_t k = 8 * i; k < 8 * i + 8; ++k) ++values[k];
    });
    for (std::size_t& value : values) ++value;
  }
  companion.end();
  for (const std::size_t value : values) EXPECT_EQ(value, 40'001U);
}

TEST(Companion, the_caller_does_all_while_the_companion_sleeps) {
  Companion companion;
  int done = 0;
  companion.run(10, [&](std::size_t) { ++done; });
  EXPECT_EQ(done, 10);
  companion.run(0, [&](std::size_t) { ++done; });
  EXPECT_EQ(done, 10);
}

TEST(Companion, wakes_and_sleeps_any_number_of_times) {
  Companion companion;
  std::vector<int> done(4, 0);
  for (int round = 0; round < 2'000; ++round) {
    companion.begin();
    companion.run(done.size(), [&](std::size_t i) { ++done[i]; });
    companion.end();
  }
  for (const int times : done) EXPECT_EQ(times, 2'000);
}

}  // namespace
}  // namespace cloudfolio::encoder

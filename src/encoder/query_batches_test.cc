#include "encoder/query_batches.h"

#include <gtest/gtest.h>

#include <latch>
#include <stdexcept>
#include <thread>
#include <vector>

namespace cloudfolio::encoder {
namespace {

// Computes the sum of a query's tokens. The first batch waits for the test.
class Sums {
 public:
  explicit Sums(QueryBatches::Limits limits)
      : batches_(limits, [this](std::span<const Query> queries) { compute(queries); }) {}

  float run(const TokenIds& sequence) {
    float sum = -1;
    batches_.run({sequence, &sum});
    return sum;
  }
  void let_first_go() { go_.count_down(); }
  void wait_for_first() { begun_.wait(); }
  void compute_at_once() { go_.count_down(); }
  std::vector<std::size_t> sizes() {
    const std::lock_guard lock(mutex_);
    return sizes_;
  }
  bool fails = false;

 private:
  void compute(std::span<const Query> queries) {
    bool first = false;
    {
      const std::lock_guard lock(mutex_);
      first = sizes_.empty();
      sizes_.push_back(queries.size());
    }
    if (first) {
      begun_.count_down();
      go_.wait();
    }
    if (fails) throw std::runtime_error("no memory");
    for (const Query& query : queries) {
      *query.row = 0;
      for (const TokenId id : query.sequence) *query.row += static_cast<float>(id);
    }
  }

  std::latch begun_{1};
  std::latch go_{1};
  std::mutex mutex_;
  std::vector<std::size_t> sizes_;
  QueryBatches batches_;
};

// One query is computed; `count` more of three tokens come meanwhile and wait.
std::vector<std::size_t> sizes_of_batches(Sums& sums, std::size_t count) {
  std::thread first([&] { EXPECT_EQ(sums.run({1, 2}), 3.0F); });
  sums.wait_for_first();
  std::vector<std::thread> others;
  std::latch came(static_cast<std::ptrdiff_t>(count));
  for (std::size_t i = 0; i < count; ++i) {
    others.emplace_back([&, i] {
      const auto id = static_cast<TokenId>(i);
      came.count_down();
      EXPECT_EQ(sums.run({id, 5, 5}), static_cast<float>(id + 10));
    });
  }
  came.wait();
  sums.let_first_go();
  first.join();
  for (std::thread& other : others) other.join();
  return sums.sizes();
}

TEST(QueryBatches, a_query_that_meets_nobody_is_a_batch) {
  Sums sums({});
  sums.compute_at_once();
  EXPECT_EQ(sums.run({4, 5}), 9.0F);
  EXPECT_EQ(sums.run({7}), 7.0F);
  EXPECT_EQ(sums.sizes(), (std::vector<std::size_t>{1, 1}));
}

TEST(QueryBatches, every_query_gets_its_own_answer_in_some_batch) {
  Sums sums({});
  std::size_t total = 0;
  for (const std::size_t size : sizes_of_batches(sums, 20)) total += size;
  EXPECT_EQ(total, 21U);
}

TEST(QueryBatches, a_batch_ends_before_its_tokens_exceed_the_limit) {
  Sums sums({.token_count_max = 9});
  for (const std::size_t size : sizes_of_batches(sums, 20)) EXPECT_LE(size, 3U);
}

TEST(QueryBatches, a_query_longer_than_the_limit_is_a_batch_of_its_own) {
  Sums sums({.token_count_max = 2});
  sums.compute_at_once();
  EXPECT_EQ(sums.run({1, 1, 1, 1}), 4.0F);
}

TEST(QueryBatches, what_fails_is_said_to_all_of_the_batch_and_the_next_goes_on) {
  Sums sums({});
  sums.compute_at_once();
  sums.fails = true;
  EXPECT_THROW(sums.run({1}), std::runtime_error);
  sums.fails = false;
  EXPECT_EQ(sums.run({2}), 2.0F);
}

TEST(QueryBatches, all_end_whatever_the_number_of_threads_and_batches_at_once) {
  for (const std::size_t at_once : {1U, 2U, 3U}) {
    Sums sums({.batches_at_once = at_once, .token_count_max = 8});
    sums.compute_at_once();
    std::vector<std::thread> threads;
    for (TokenId t = 0; t < 8; ++t) {
      threads.emplace_back([&sums, t] {
        for (TokenId i = 0; i < 2'000; ++i) {
          ASSERT_EQ(sums.run({t, i}), static_cast<float>(t + i));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
}

}  // namespace
}  // namespace cloudfolio::encoder

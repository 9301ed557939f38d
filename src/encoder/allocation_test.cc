// A training step takes no memory once its shapes were seen. Counted at malloc, over all threads
// and libraries, in a program of its own that replaces malloc.

#include <execinfo.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "encoder/kernels.h"
#include "encoder/precision.h"
#include "encoder/testing/fixtures.h"
#include "encoder/trainer.h"

extern "C" {
void* __libc_malloc(std::size_t bytes_count);
void* __libc_calloc(std::size_t count, std::size_t bytes_count);
void* __libc_realloc(void* memory, std::size_t bytes_count);
void* __libc_memalign(std::size_t alignment, std::size_t bytes_count);
void __libc_free(void* memory);
}

namespace {

constexpr int kFrameCount = 24;
std::atomic<bool> counting{false};
std::atomic<std::size_t> taken_count{0};
std::atomic<std::size_t> freed_count{0};
void* first_taker[kFrameCount];
std::atomic<int> first_taker_frame_count{0};

void took() {
  if (!counting.load(std::memory_order_relaxed)) return;
  if (taken_count.fetch_add(1) == 0)
    first_taker_frame_count = ::backtrace(first_taker, kFrameCount);
}

}  // namespace

extern "C" {
void* malloc(std::size_t bytes_count) {
  took();
  return __libc_malloc(bytes_count);
}
void* calloc(std::size_t count, std::size_t bytes_count) {
  took();
  return __libc_calloc(count, bytes_count);
}
void* realloc(void* memory, std::size_t bytes_count) {
  took();
  return __libc_realloc(memory, bytes_count);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes_count) {
  took();
  return __libc_memalign(alignment, bytes_count);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes_count) {
  took();
  *memory = __libc_memalign(alignment, bytes_count);
  return *memory == nullptr ? ENOMEM : 0;
}
void free(void* memory) {
  if (memory != nullptr && counting.load(std::memory_order_relaxed)) ++freed_count;
  __libc_free(memory);
}
}

namespace cloudfolio::encoder {
namespace {

using testing::tiny_model;
using testing::tiny_sequence;

struct Taken {
  std::size_t count = 0;
  std::size_t freed_count = 0;
};

template <class Work>
Taken taken_by(const Work& work) {
  taken_count = freed_count = 0;
  counting = true;
  work();
  counting = false;
  return {taken_count, freed_count};
}

void show_first_taker() {
  ::backtrace_symbols_fd(first_taker, first_taker_frame_count, STDERR_FILENO);
}

class Allocations : public ::testing::Test {
 protected:
  Allocations() {
    void* frames[2];
    ::backtrace(frames, 2);  // The first time it takes memory itself.
    for (std::size_t i = 0; i < 48; ++i) texts.push_back(tiny_sequence(i, 5 + i * 13 % 70));
    for (std::size_t b = 0; b < 3; ++b) {
      for (std::size_t i = b * 16; i < (b + 1) * 16; i += 2) {
        batches[b].push_back({texts[i], texts[i + 1]});
      }
    }
  }

  // Of steps of three shapes, each of which was made before.
  Taken taken_by_steps(Trainer& trainer, Loss loss) {
    const auto steps = [&] {
      for (const auto& pairs : batches) {
        if (!trainer.step(pairs, loss)) ++failed_count;
      }
    };
    steps();
    const Taken taken = taken_by(steps);
    EXPECT_EQ(failed_count, 0U);
    return taken;
  }

  std::unique_ptr<Trainer> open(Precision precision, std::size_t activation_token_count_max) {
    Trainer::Options options{.learning_rate = 1e-3, .total_step_count = 30};
    options.precision = precision;
    options.activation_token_count_max = activation_token_count_max;
    options.thread_count = 2;
    auto trainer = Trainer::open(tiny_model(), options);
    if (!trainer) std::fprintf(stderr, "%s\n", trainer.error().message().c_str());
    return trainer ? std::move(*trainer) : nullptr;
  }

  std::vector<TokenIds> texts;
  std::vector<TrainingPair> batches[3];
  std::size_t failed_count = 0;
};

constexpr Loss kLosses[] = {Loss::multiple_negatives_ranking, Loss::cosine_similarity};

TEST_F(Allocations, are_none_in_a_step_whose_shapes_were_seen) {
  // Where fp32 products are oneDNN's too, the test below holds for them.
  if (product_kernels() == nullptr) GTEST_SKIP() << "this processor has no AVX-512";
  for (const std::size_t parts_of : {0U, 150U}) {
    const auto trainer = open(Precision::fp32, parts_of);
    ASSERT_NE(trainer, nullptr);
    for (const Loss loss : kLosses) {
      EXPECT_EQ(taken_by_steps(*trainer, loss).count, 0U) << "in parts of " << parts_of;
      if (taken_count > 0) show_first_taker();
    }
  }
}

TEST_F(Allocations, are_none_in_fp16_either) {
  const auto trainer = open(Precision::fp16, 0);
  if (trainer == nullptr) GTEST_SKIP() << "this processor does not train in fp16";
  for (const Loss loss : kLosses) {
    EXPECT_EQ(taken_by_steps(*trainer, loss).count, 0U);
    if (taken_count > 0) show_first_taker();
  }
}

// oneDNN wraps up the arguments of each product anew, and transposes the operands of the weights'
// gradients in memory of its own: a few pieces a product, all given back.
TEST_F(Allocations, are_only_those_of_onednns_products_in_bf16) {
  constexpr std::size_t kPiecesAProduct = 16;
  // Three steps of the tiny model: its eight matrices are packed in two orientations, and
  // multiplied on either thread once forward and twice backward.
  constexpr std::size_t kProductCount = 3 * (8 * 2 + 8 * 2 * 3);
  const auto trainer = open(Precision::bf16, 0);
  if (trainer == nullptr) GTEST_SKIP() << "this processor does not compute in bf16";
  for (const Loss loss : kLosses) {
    const Taken taken = taken_by_steps(*trainer, loss);
    EXPECT_LE(taken.count, kProductCount * kPiecesAProduct);
    EXPECT_EQ(taken.freed_count, taken.count);
  }
}

}  // namespace
}  // namespace cloudfolio::encoder

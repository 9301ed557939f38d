#include "encoder/companion.h"

#include <sched.h>

#include "base/ensure.h"

namespace cloudfolio::encoder {
namespace {

constexpr unsigned kCountBits = 12;
constexpr std::uint64_t kCountMask = (std::uint64_t{1} << kCountBits) - 1;
// Longer than any piece: then the other thread has no core, and gets this one.
constexpr int kSpinsBeforeYielding = 2000;

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

Companion::Companion() : thread_([this] { serve(); }) {}

Companion::~Companion() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Companion::begin() {
  {
    const std::lock_guard lock(mutex_);
    awake_.store(true, std::memory_order_release);
  }
  wake_.notify_one();
}

void Companion::end() {
  awake_.store(false, std::memory_order_release);
}

void Companion::run_pieces(std::size_t count, Piece piece, const void* context) {
  CF_ENSURE(count <= kPieceCountMax);
  if (count == 0) return;
  // The last round's pieces are done: nobody reads these now.
  done_count_.store(0, std::memory_order_relaxed);
  piece_.store(piece, std::memory_order_relaxed);
  context_.store(context, std::memory_order_relaxed);
  const std::uint64_t round = (ticket_.load(std::memory_order_relaxed) >> (2 * kCountBits)) + 1;
  ticket_.store((round << (2 * kCountBits)) | (count << kCountBits), std::memory_order_release);
  while (take_one()) {
  }
  for (int spins = 0; done_count_.load(std::memory_order_acquire) != count; ++spins) {
    if (spins < kSpinsBeforeYielding) {
      pause();
    } else {
      sched_yield();
    }
  }
}

bool Companion::take_one() {
  std::uint64_t ticket = ticket_.load(std::memory_order_acquire);
  for (;;) {
    const std::uint64_t next = ticket & kCountMask;
    if (next >= ((ticket >> kCountBits) & kCountMask)) return false;
    if (ticket_.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel,
                                      std::memory_order_acquire)) {
      piece_.load(std::memory_order_relaxed)(context_.load(std::memory_order_relaxed), next);
      done_count_.fetch_add(1, std::memory_order_release);
      return true;
    }
  }
}

void Companion::serve() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || awake_.load(std::memory_order_acquire); });
      if (stopping_) return;
    }
    for (int spins = 0; awake_.load(std::memory_order_acquire); ++spins) {
      if (take_one()) {
        spins = 0;
      } else if (spins < kSpinsBeforeYielding) {
        pause();
      } else {
        sched_yield();
      }
    }
  }
}

}  // namespace cloudfolio::encoder

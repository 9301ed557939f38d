#include "encoder/workers.h"

#include <sched.h>

#include <algorithm>

#include "encoder/products.h"

namespace cloudfolio::encoder {

std::size_t thread_count_for(std::size_t wanted, std::size_t most) {
  std::size_t count = wanted;
  if (count == 0) {
    cpu_set_t allowed;
    count = sched_getaffinity(0, sizeof(allowed), &allowed) == 0
                ? static_cast<std::size_t>(CPU_COUNT(&allowed))
                : std::thread::hardware_concurrency();
  }
  return std::clamp<std::size_t>(count, 1, most);
}

Workers::Workers(std::size_t thread_count) {
  for (std::size_t i = 1; i < thread_count; ++i) {
    threads_.emplace_back([this, i] { serve(i); });
  }
}

Workers::~Workers() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  begin_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Workers::run_all(std::size_t piece_count, Piece piece, const void* context) {
  {
    const std::lock_guard lock(mutex_);
    piece_ = piece;
    context_ = context;
    piece_count_ = piece_count;
    busy_count_ = piece_count > 1 ? threads_.size() : 0;
    thrown_ = nullptr;
    ++round_;
  }
  if (piece_count > 1) begin_.notify_all();
  run_pieces(0);
  std::unique_lock lock(mutex_);
  end_.wait(lock, [this] { return busy_count_ == 0; });
  if (thrown_) std::rethrow_exception(thrown_);
}

void Workers::run_pieces(std::size_t thread) {
  const OneThread alone;
  try {
    for (std::size_t i = thread; i < piece_count_; i += threads_.size() + 1) piece_(context_, i);
  } catch (...) {
    const std::lock_guard lock(mutex_);
    thrown_ = std::current_exception();
  }
}

void Workers::serve(std::size_t thread) {
  std::size_t seen = 0;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      begin_.wait(lock, [&] { return stopping_ || (round_ != seen && busy_count_ > 0); });
      if (stopping_) return;
      seen = round_;
    }
    run_pieces(thread);
    {
      const std::lock_guard lock(mutex_);
      --busy_count_;
    }
    end_.notify_one();
  }
}

}  // namespace cloudfolio::encoder

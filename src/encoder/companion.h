#pragma once
// A second thread that computes along with its caller, for passes whose parts are too short to wake
// a thread for: a query of 15 tokens is 24 products of 10 to 60 µs each.
//
// Between begin() and end() the thread stays awake and looks for pieces without sleeping; else it
// sleeps. The caller never waits for it to wake: who comes first takes the next piece, and if the
// other core has something else to do the caller takes them all. It waits only for a piece that the
// companion has begun.
//
// Threads: one caller at a time between begin() and end(). Pieces must not throw.

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>

namespace cloudfolio::encoder {

class Companion {
 public:
  static constexpr std::size_t kPieceCountMax = 4000;

  Companion();
  ~Companion();
  Companion(const Companion&) = delete;
  Companion& operator=(const Companion&) = delete;

  void begin();
  void end();

  // Calls work(0) … work(count − 1), each once, on either thread; returns when all are done. The
  // caller's earlier writes are seen by the pieces, theirs by the caller. `count` is at most
  // kPieceCountMax.
  template <class Work>
  void run(std::size_t count, const Work& work) {
    run_pieces(
        count, [](const void* context, std::size_t i) { (*static_cast<const Work*>(context))(i); },
        &work);
  }

 private:
  using Piece = void (*)(const void* context, std::size_t i);
  void run_pieces(std::size_t count, Piece piece, const void* context);
  bool take_one();
  void serve();

  // Round, number of pieces, next piece: one word, so that nobody takes a piece of an earlier
  // round.
  std::atomic<std::uint64_t> ticket_{0};
  std::atomic<std::size_t> done_count_{0};
  std::atomic<Piece> piece_{nullptr};
  std::atomic<const void*> context_{nullptr};
  std::atomic<bool> awake_{false};
  bool stopping_ = false;  // Guarded by mutex_.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::thread thread_;  // Last: joined before the rest goes.
};

}  // namespace cloudfolio::encoder

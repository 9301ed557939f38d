#pragma once
// A few threads that wait for pieces of a numeric step. The caller works along.
//
// run(n, work) calls work(0) … work(n − 1), each once, piece i on thread i mod thread_count, and
// returns when all are done. An exception of a piece is thrown again by run(), after the others
// ended. Takes no memory. Threads: one caller at a time. OpenMP is held to one thread within a
// piece.

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace cloudfolio::encoder {

// What `wanted` threads means: 0 is as many as the process may use, and never more than `most`.
std::size_t thread_count_for(std::size_t wanted, std::size_t most);

class Workers {
 public:
  explicit Workers(std::size_t thread_count);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  std::size_t thread_count() const { return threads_.size() + 1; }
  template <class Work>
  void run(std::size_t piece_count, const Work& work) {
    run_all(
        piece_count,
        [](const void* context, std::size_t i) { (*static_cast<const Work*>(context))(i); }, &work);
  }

 private:
  using Piece = void (*)(const void* context, std::size_t i);
  void run_all(std::size_t piece_count, Piece piece, const void* context);
  void serve(std::size_t thread);
  void run_pieces(std::size_t thread);

  std::mutex mutex_;
  std::condition_variable begin_;
  std::condition_variable end_;
  Piece piece_ = nullptr;
  const void* context_ = nullptr;
  std::size_t piece_count_ = 0;
  std::size_t round_ = 0;
  std::size_t busy_count_ = 0;
  bool stopping_ = false;
  std::exception_ptr thrown_;
  std::vector<std::thread> threads_;  // Last: joined by the destructor before the rest goes.
};

}  // namespace cloudfolio::encoder

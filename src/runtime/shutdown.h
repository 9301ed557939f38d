#pragma once
// Shutdown: one word that a process shall end, said by SIGTERM, SIGINT or by code.
//
// Open it first thing in main(), before any thread starts: it blocks the signals in the calling
// thread, whose children inherit that, and reads them on a thread of its own. A second signal ends
// the process at once with status 128 + signal: a person who presses Ctrl-C twice means it.
//
// Threads: thread-safe. Only one may be open in a process at a time.

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>

#include "base/result.h"

namespace cloudfolio::runtime {

class Shutdown {
 public:
  // Code::conflict if another is open.
  static Result<std::unique_ptr<Shutdown>> open();
  ~Shutdown();
  Shutdown(const Shutdown&) = delete;
  Shutdown& operator=(const Shutdown&) = delete;

  std::stop_token token() const;
  // As a signal would; the first reason counts.
  void request(std::string reason);
  // Blocks until requested; returns the reason ("SIGTERM", or request()'s).
  std::string wait();
  // Blocks until requested or for that long; true if requested.
  bool wait_for(std::chrono::nanoseconds longest);

 private:
  struct State;
  explicit Shutdown(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cloudfolio::runtime

#pragma once
// Progress of long work on standard error: a bar that redraws itself on a terminal, one plain line
// per phase otherwise (and again when much time has passed). Only the answer goes to
// standard output.
//
// Threads: one thread at a time.

#include <cstdint>
#include <cstdio>
#include <string>

#include "base/clock.h"

namespace cloudfolio::main {

class Progress {
 public:
  // `out` outlives this. Draws bars where `out` is a terminal.
  Progress(std::FILE* out, const Clock& clock);
  ~Progress();  // Ends an open bar's line.
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `done` of `total` (0: unknown) in `phase`; time left is estimated from the phase's own speed.
  void show(const std::string& phase, std::int64_t done, std::int64_t total,
            const std::string& detail = {});
  // Replaces the bar with a sentence.
  void say(const std::string& sentence);

 private:
  void draw(std::int64_t done, std::int64_t total, const std::string& detail);
  std::string time_left(std::int64_t done, std::int64_t total) const;

  std::FILE* out_;
  const Clock& clock_;
  const bool terminal_;
  bool open_ = false;
  std::string phase_;
  std::int64_t last_done_ = -1;
  Clock::Instant phase_began_{};
  Clock::Instant last_line_{};
};

}  // namespace cloudfolio::main

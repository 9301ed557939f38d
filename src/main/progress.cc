#include "main/progress.h"

#include <unistd.h>

#include <algorithm>

namespace cloudfolio::main {
namespace {
constexpr int kBarWidth = 28;
constexpr std::chrono::seconds kLineEvery{10};

std::string bar(std::int64_t done, std::int64_t total) {
  const auto filled =
      static_cast<std::size_t>(std::clamp<std::int64_t>(done * kBarWidth / total, 0, kBarWidth));
  return "[" + std::string(filled, '#') + std::string(kBarWidth - filled, '.') + "]";
}
}  // namespace

Progress::Progress(std::FILE* out, const Clock& clock)
    : out_(out), clock_(clock), terminal_(isatty(fileno(out)) == 1) {}

Progress::~Progress() {
  if (open_) std::fputc('\n', out_);
}

std::string Progress::time_left(std::int64_t done, std::int64_t total) const {
  if (done <= 0 || total <= done) return {};
  const double passed = std::chrono::duration<double>(clock_.now() - phase_began_).count();
  const double left = passed * double(total - done) / double(done);
  if (left < 1) return {};
  char text[32];
  std::snprintf(text, sizeof text, ", %.0f s left", left);
  return text;
}

void Progress::draw(std::int64_t done, std::int64_t total, const std::string& detail) {
  std::string line = phase_;
  if (total > 0) {
    line += " " + (terminal_ ? bar(done, total) + " " : std::string()) + std::to_string(done) +
            "/" + std::to_string(total) + time_left(done, total);
  }
  if (!detail.empty()) line += "  " + detail;
  if (terminal_) {
    std::fprintf(out_, "\r\033[K%s", line.c_str());
    open_ = true;
  } else {
    std::fprintf(out_, "%s\n", line.c_str());
  }
  std::fflush(out_);
}

void Progress::show(const std::string& phase, std::int64_t done, std::int64_t total,
                    const std::string& detail) {
  const auto now = clock_.now();
  const bool new_phase = phase != phase_;
  if (new_phase) {
    if (open_) std::fputc('\n', out_);
    open_ = false;
    phase_ = phase;
    phase_began_ = now;
  }
  if (!new_phase && done == last_done_) return;
  if (!terminal_ && !new_phase && done != total && now - last_line_ < kLineEvery) return;
  last_done_ = done;
  last_line_ = now;
  draw(done, total, detail);
}

void Progress::say(const std::string& sentence) {
  std::fprintf(out_, terminal_ && open_ ? "\r\033[K%s\n" : "%s\n", sentence.c_str());
  open_ = false;
  phase_.clear();
  std::fflush(out_);
}

}  // namespace cloudfolio::main

#include "runtime/shutdown.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

namespace cloudfolio::runtime {
namespace {

// Signal masks belong to the process, so there is one of these: the only global of the room.
std::atomic_flag open_already = ATOMIC_FLAG_INIT;

sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

std::string name_of(int signal_number) {
  const char* name = sigabbrev_np(signal_number);
  return name ? "SIG" + std::string(name) : "signal " + std::to_string(signal_number);
}

Error failed(std::string_view what) {
  return Error(Code::internal, std::string(what) + ": " + std::strerror(errno));
}

}  // namespace

struct Shutdown::State {
  std::stop_source stop;
  std::mutex mutex;
  std::condition_variable requested;
  std::string reason;
  sigset_t mask_before{};
  int signals = -1;
  int wake = -1;
  std::thread reader;

  void request(std::string why) {
    {
      const std::lock_guard lock(mutex);
      if (!reason.empty()) return;
      reason = std::move(why);
    }
    stop.request_stop();
    requested.notify_all();
  }

  void read_signals() {
    pthread_setname_np(pthread_self(), "signals");
    while (true) {
      pollfd both[] = {{signals, POLLIN, 0}, {wake, POLLIN, 0}};
      if (poll(both, 2, -1) < 0 && errno != EINTR) return;
      if (both[1].revents != 0) return;
      signalfd_siginfo info{};
      if (both[0].revents == 0 || read(signals, &info, sizeof info) != ssize_t(sizeof info))
        continue;
      if (stop.stop_requested()) _exit(128 + static_cast<int>(info.ssi_signo));
      request(name_of(static_cast<int>(info.ssi_signo)));
    }
  }

  ~State() {
    if (reader.joinable()) {
      const std::uint64_t one = 1;
      // An eventfd that is below its maximum takes the write.
      [[maybe_unused]] const auto written = write(wake, &one, sizeof one);
      reader.join();
    }
    if (signals >= 0) close(signals);
    if (wake >= 0) close(wake);
    pthread_sigmask(SIG_SETMASK, &mask_before, nullptr);
    open_already.clear();
  }
};

Shutdown::Shutdown(std::unique_ptr<State> state) : state_(std::move(state)) {}
Shutdown::~Shutdown() = default;

Result<std::unique_ptr<Shutdown>> Shutdown::open() {
  if (open_already.test_and_set())
    return Error(Code::conflict, "signals are handled already in this process");
  auto state = std::make_unique<State>();
  const sigset_t signals = ending_signals();
  pthread_sigmask(SIG_BLOCK, &signals, &state->mask_before);
  state->signals = signalfd(-1, &signals, SFD_CLOEXEC);
  if (state->signals < 0) return failed("signalfd");
  state->wake = eventfd(0, EFD_CLOEXEC);
  if (state->wake < 0) return failed("eventfd");
  state->reader = std::thread([state = state.get()] { state->read_signals(); });
  return std::unique_ptr<Shutdown>(new Shutdown(std::move(state)));
}

std::stop_token Shutdown::token() const {
  return state_->stop.get_token();
}
void Shutdown::request(std::string reason) {
  state_->request(std::move(reason));
}

std::string Shutdown::wait() {
  std::unique_lock lock(state_->mutex);
  state_->requested.wait(lock, [&] { return !state_->reason.empty(); });
  return state_->reason;
}

bool Shutdown::wait_for(std::chrono::nanoseconds longest) {
  std::unique_lock lock(state_->mutex);
  return state_->requested.wait_for(lock, longest, [&] { return !state_->reason.empty(); });
}

}  // namespace cloudfolio::runtime

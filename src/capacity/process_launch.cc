#include "capacity/process_launch.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "capacity/process_limits.h"

namespace cloudfolio::capacity {
namespace {

// Of the child. Nothing else of its parent's stays open, not even until exec: a lock among it would
// outlive the parent.
constexpr int kLock = 3;
constexpr int kReport = 4;  // Closed by exec.

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

struct Prepared {
  std::vector<char*> arguments;
  std::vector<char*> environment;
  int log = -1;
  int cgroup = -1;
  int report = -1;  // errno goes here.
};

void write_pid(int to) {
  char text[16];
  std::size_t at = sizeof text;
  text[--at] = '\n';
  for (auto pid = getpid(); pid > 0; pid /= 10) text[--at] = static_cast<char>('0' + pid % 10);
  (void)!write(to, text + at, sizeof text - at);
}

// In the child: nothing here allocates or locks.
[[noreturn]] void become(const Launch& launch, Prepared prepared) {
  setsid();
  setpriority(PRIO_PROCESS, 0, kWorkerNiceness);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int number = 1; number < 32; ++number) std::signal(number, SIG_DFL);
  const bool limited =
      (prepared.cgroup >= 0 ? write(prepared.cgroup, "0", 1) == 1 : limit_memory(launch.size)) &&
      bind_to_processors(launch.size, launch.turn);
  // The numbers that the report and the lock get must not be overwritten before they are copied.
  const int report = fcntl(prepared.report, F_DUPFD_CLOEXEC, 10);
  const int lock = fcntl(launch.lock, F_DUPFD_CLOEXEC, 10);
  const int log = fcntl(prepared.log, F_DUPFD_CLOEXEC, 10);
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (limited && dup2(null, 0) == 0 && dup2(log, 1) == 1 && dup2(log, 2) == 2 &&
      dup2(lock, kLock) == kLock && dup3(report, kReport, O_CLOEXEC) == kReport &&
      close_range(kReport + 1, ~0U, 0) == 0) {
    write_pid(kLock);
    execve(prepared.arguments[0], prepared.arguments.data(), prepared.environment.data());
  }
  const int why = errno;
  if (write(kReport, &why, sizeof why) < 0) (void)!write(report, &why, sizeof why);
  _exit(127);
}

void close_all(std::initializer_list<int> files) {
  for (const int file : files)
    if (file >= 0) close(file);
}

Error cannot(const std::string& what, int why) {
  const Code code = why == EAGAIN || why == ENOMEM ? Code::quota_exceeded : Code::invalid_argument;
  return Error(code, "cannot run " + what + ": " + std::strerror(why));
}

}  // namespace

Result<int> launch(const Launch& launch) {
  Prepared prepared;
  prepared.arguments = pointers(launch.command);
  prepared.environment = pointers(launch.environment);
  const std::string& program = launch.command.at(0);
  int pipes[2];
  if (pipe2(pipes, O_CLOEXEC) != 0) return cannot(program, errno);
  prepared.report = pipes[1];
  prepared.log = open(launch.log.c_str(), O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0640);
  if (!launch.cgroup_procs.empty())
    prepared.cgroup = open(launch.cgroup_procs.c_str(), O_WRONLY | O_CLOEXEC);
  const pid_t child = prepared.log < 0 ? -1 : fork();
  if (child == 0) become(launch, prepared);
  const int fork_error = errno;
  close_all({pipes[1], prepared.log, prepared.cgroup});
  if (child < 0) {
    close(pipes[0]);
    return cannot(program, fork_error);
  }
  int why = 0;
  ssize_t got = 0;
  do {
    got = read(pipes[0], &why, sizeof why);
  } while (got < 0 && errno == EINTR);
  close(pipes[0]);
  if (got == sizeof why) {
    waitpid(child, nullptr, 0);
    return cannot(program, why);
  }
  return child;
}

}  // namespace cloudfolio::capacity

#include "capacity/process_platform.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>

#include "capacity/process_launch.h"
#include "capacity/process_limits.h"

namespace cloudfolio::capacity {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFileEnd = ".worker";
constexpr int kTermMilliseconds = 300;
constexpr int kKillMilliseconds = 500;
constexpr int kLookMilliseconds = 5;
constexpr std::size_t kTailBytesMax = 400;

// A file of a worker, opened and closed.
class WorkerFile {
 public:
  WorkerFile(const fs::path& path, int flags)
      : file_(open(path.c_str(), flags | O_CLOEXEC, 0640)) {}
  ~WorkerFile() {
    if (file_ >= 0) close(file_);
  }
  WorkerFile(const WorkerFile&) = delete;
  WorkerFile& operator=(const WorkerFile&) = delete;

  bool is_open() const { return file_ >= 0; }
  int number() const { return file_; }
  // False: somebody who runs holds it.
  bool try_lock(int kind) const { return flock(file_, kind | LOCK_NB) == 0; }
  void unlock() const { flock(file_, LOCK_UN); }
  // Of the process that was started; 0: none was.
  int pid() const {
    char text[24] = {};
    if (pread(file_, text, sizeof text - 1, 0) <= 0) return 0;
    return std::max(0, std::atoi(text));
  }

 private:
  const int file_;
};

bool is_zombie(int pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(in, text);
  const std::size_t end = text.rfind(") ");
  return end != std::string::npos && text[end + 2] == 'Z';
}

// Until the process has ended, at most so long.
void wait_for_end(int pid, int milliseconds) {
  const int handle = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (handle < 0) return;
  pollfd one{handle, POLLIN, 0};
  (void)poll(&one, 1, milliseconds);
  close(handle);
}

std::string ending_text(int status) {
  if (WIFSIGNALED(status)) return std::string("ended by signal ") + strsignal(WTERMSIG(status));
  return "exit status " + std::to_string(WEXITSTATUS(status));
}

// The last lines of a log, as one line of text that may go anywhere.
std::string tail_of(const fs::path& log) {
  std::ifstream in(log, std::ios::binary | std::ios::ate);
  if (!in) return "";
  const auto size = static_cast<std::size_t>(in.tellg());
  const std::size_t from = size > kTailBytesMax ? size - kTailBytesMax : 0;
  in.seekg(static_cast<std::streamoff>(from));
  std::string text(size - from, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  // Whole lines where there are some.
  if (const auto line = text.find('\n'); from > 0 && line != std::string::npos)
    text.erase(0, line + 1);
  for (char& c : text) {
    if (static_cast<unsigned char>(c) >= 0x7F) c = '?';
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return text;
}

void replace_all(std::string& text, std::string_view what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
}

// Names become files: ours hold nothing else.
bool is_plain(const std::string& name) {
  return !name.empty() && name.front() != '.' &&
         name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
             std::string::npos;
}

}  // namespace

Result<std::unique_ptr<ProcessPlatform>> ProcessPlatform::open(ProcessOptions options) {
  if (options.command.empty())
    return Error(Code::invalid_argument, "a worker process needs a command");
  std::error_code failed;
  fs::create_directories(options.folder, failed);
  if (failed)
    return Error(Code::unavailable, "cannot make the folder of the workers, " +
                                        options.folder.string() + ": " + failed.message());
  std::unique_ptr<ProcessPlatform> platform(new ProcessPlatform(std::move(options)));
  auto cgroups = usable_cgroup(platform->options_.cgroup_folder);
  if (cgroups) {
    platform->cgroups_ = *std::move(cgroups);
    platform->limits_ = "cgroup v2";
  } else {
    platform->limits_ =
        "memory by RLIMIT_DATA, processors by affinity: " + cgroups.error().message();
  }
  return platform;
}

fs::path ProcessPlatform::file_of(const std::string& name) const {
  return options_.folder / (name + std::string(kFileEnd));
}

CreateAnswer ProcessPlatform::create(const Context&, const CreateRequest& request) {
  const std::lock_guard lock(mutex_);
  const std::chrono::seconds none(0);
  if (!is_plain(request.name)) return {Answer::refused, none, "'" + request.name + "' is no name"};
  const WorkerFile file(file_of(request.name), O_CREAT | O_RDWR);
  if (!file.is_open())
    return {Answer::unknown, none, file_of(request.name).string() + ": " + std::strerror(errno)};
  // Locked: it runs. A process id in it: it did.
  if (!file.try_lock(LOCK_EX) || file.pid() != 0) return {Answer::exists};
  prune_logs();
  Launch what;
  what.command = options_.command;
  for (std::string& word : what.command) {
    replace_all(word, "{job}", request.job);
    replace_all(word, "{name}", request.name);
    replace_all(word, "{generation}", std::to_string(request.generation));
  }
  what.environment = options_.environment;
  what.environment.push_back("CLOUDFOLIO_WORKER=" + request.name);
  what.environment.push_back("CLOUDFOLIO_WORKER_GENERATION=" + std::to_string(request.generation));
  what.lock = file.number();
  what.log = (options_.folder / (request.name + ".log")).string();
  what.size = request.size;
  what.turn = request.generation;
  if (!cgroups_.empty())
    if (auto procs = make_cgroup(cgroups_, request.name, request.size)) what.cgroup_procs = *procs;
  const auto started = launch(what);
  if (started) return {Answer::accepted};
  remove_cgroup(cgroups_, request.name);
  std::error_code failed;
  fs::remove(file_of(request.name), failed);
  const bool quota = started.error().code() == Code::quota_exceeded;
  return {quota ? Answer::quota : Answer::refused, none, started.error().message()};
}

bool ProcessPlatform::main_ended(const std::string& name, int pid) {
  int status = 0;
  if (waitpid(pid, &status, WNOHANG) == pid) {
    const bool in_order = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    endings_[name] = {ending_text(status), in_order ? Ending::in_order : Ending::failed};
    return true;
  }
  return (kill(pid, 0) != 0 && errno == ESRCH) || is_zombie(pid);
}

Group ProcessPlatform::look_at(const std::string& name) {
  Group group{name, GroupState::ended, "local", "it ended"};
  const WorkerFile file(file_of(name), O_RDONLY);
  if (!file.is_open()) return group;
  const int pid = file.pid();
  const bool anything_runs = !file.try_lock(LOCK_SH);
  if (!anything_runs) file.unlock();
  if (pid == 0) {
    // Between the lock and the program's start, or an attempt that was cut off before it.
    group.state = anything_runs ? GroupState::pending : GroupState::ended;
    return group;
  }
  const bool ended = main_ended(name, pid);
  if (anything_runs && !ended) {
    group.state = GroupState::running;
    group.detail = "process " + std::to_string(pid);
    return group;
  }
  // The group's number stays taken while any of it runs, so this cannot hit another.
  if (anything_runs) kill(-pid, SIGKILL);
  if (const auto found = endings_.find(name); found != endings_.end()) {
    group.detail = found->second.text;
    group.ending = found->second.how;
  }
  if (group.ending == Ending::failed)
    if (const std::string tail = tail_of(options_.folder / (name + ".log")); !tail.empty())
      group.detail += "; it wrote: " + tail;
  return group;
}

Result<std::vector<Group>> ProcessPlatform::list(const Context&) {
  const std::lock_guard lock(mutex_);
  std::vector<Group> groups;
  std::error_code failed;
  for (fs::directory_iterator it(options_.folder, failed), end; !failed && it != end;
       it.increment(failed)) {
    const std::string file = it->path().filename().string();
    if (!file.ends_with(kFileEnd)) continue;
    groups.push_back(look_at(file.substr(0, file.size() - kFileEnd.size())));
  }
  if (failed)
    return Error(Code::unavailable, "cannot list the workers in " + options_.folder.string() +
                                        ": " + failed.message());
  return groups;
}

Status ProcessPlatform::remove(const Context&, const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (!is_plain(name)) return Error(Code::invalid_argument, "'" + name + "' is no name");
  {
    const WorkerFile file(file_of(name), O_RDONLY);
    if (!file.is_open()) return Done{};
    const int pid = file.pid();
    const auto runs = [&] {
      if (!file.try_lock(LOCK_SH)) return true;
      file.unlock();
      return false;
    };
    if (pid > 1 && runs()) {
      kill(-pid, SIGTERM);
      wait_for_end(pid, kTermMilliseconds);
      (void)main_ended(name, pid);
      if (runs()) {
        kill(-pid, SIGKILL);
        wait_for_end(pid, kKillMilliseconds);
        // Of what it started nothing tells the end but the lock.
        for (int i = 0; i < kKillMilliseconds / kLookMilliseconds && runs(); ++i)
          (void)poll(nullptr, 0, kLookMilliseconds);
      }
    }
    if (pid > 1) (void)main_ended(name, pid);
    // What is ending right now is looked at again by the next call.
    if (runs()) return Done{};
  }
  remove_cgroup(cgroups_, name);
  std::error_code failed;
  fs::remove(file_of(name), failed);
  endings_.erase(name);
  return Done{};
}

void ProcessPlatform::prune_logs() {
  std::vector<std::pair<fs::file_time_type, fs::path>> logs;
  std::error_code failed;
  for (fs::directory_iterator it(options_.folder, failed), end; !failed && it != end;
       it.increment(failed)) {
    if (it->path().extension() == ".log")
      logs.emplace_back(fs::last_write_time(it->path(), failed), it->path());
  }
  std::sort(logs.begin(), logs.end());
  for (std::size_t i = 0; i + kLogsMax < logs.size() + 1; ++i) fs::remove(logs[i].second, failed);
}

}  // namespace cloudfolio::capacity

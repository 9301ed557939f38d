#pragma once
// ProcessPlatform: workers as processes of this machine, each the leader of a session and group of
// its own.
//
// A worker is found again by a lock on its file in `folder` (flock, held by the worker and all that
// it starts, so the kernel says truly whether any of it still runs): by this process, by the one
// that comes after it, and by the one beside it. The parent's end does not end a worker.
//
// What one that failed wrote last is in its group's detail.
// remove() asks the group to end, and kills it 300 ms later. A worker whose main process ended is
// `ended`, and what it left running is killed by the next list().
//
// Limits: by cgroup v2 where this process may make groups below its own (systemd: Delegate=yes);
// else memory by RLIMIT_DATA. limits() says which, and why. In both cases a worker is bound to its
// count of processors, leaving the first to others where there are more, and runs with nice 10 (in
// a group: that weight). Its output goes to `<folder>/<name>.log`; the newest kLogsMax are
// kept.
//
// Lifetime: nothing is ended by the destructor.

#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "capacity/platform.h"

namespace cloudfolio::capacity {

inline constexpr std::size_t kLogsMax = 50;

struct ProcessOptions {
  std::filesystem::path folder;  // Of this queue and installation alone; is made.
  // {job}, {name} and {generation} are filled in. The first is a path, not searched for.
  std::vector<std::string> command;
  std::vector<std::string> environment = {};  // "NAME=value"; the worker sees nothing else.
  std::filesystem::path cgroup_folder = {};   // Below which groups are made; empty: our own.
};

class ProcessPlatform final : public Platform {
 public:
  // Errors: unavailable (the folder cannot be made), invalid_argument (no command).
  static Result<std::unique_ptr<ProcessPlatform>> open(ProcessOptions options);

  CreateAnswer create(const Context& ctx, const CreateRequest& request) override;
  Result<std::vector<Group>> list(const Context& ctx) override;
  Status remove(const Context& ctx, const std::string& name) override;
  // "cgroup v2", or "memory by RLIMIT_DATA, processors by affinity: <why no cgroup>".
  std::string limits() const { return limits_; }

 private:
  explicit ProcessPlatform(ProcessOptions options) : options_(std::move(options)) {}
  std::filesystem::path file_of(const std::string& name) const;
  Group look_at(const std::string& name);
  // Whether the main process ended; takes its exit status if it was our child.
  bool main_ended(const std::string& name, int pid);
  void prune_logs();

  const ProcessOptions options_;
  std::string limits_;
  std::filesystem::path cgroups_;  // Empty: no cgroups.
  std::mutex mutex_;
  struct Ended {
    std::string text;
    Ending how = Ending::unknown;
  };
  std::map<std::string, Ended> endings_;  // Of our own children.
};

}  // namespace cloudfolio::capacity

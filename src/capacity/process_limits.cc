#include "capacity/process_limits.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/xattr.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/limits.h"

namespace cloudfolio::capacity {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRoot = "/sys/fs/cgroup";
constexpr int kPeriodMicroseconds = 100'000;

std::string first_line(const fs::path& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

bool write_file(const fs::path& path, const std::string& text) {
  std::ofstream out(path);
  out << text;
  out.flush();
  return out.good();
}

bool has_word(const std::string& words, const std::string& word) {
  std::istringstream in(words);
  for (std::string one; in >> one;)
    if (one == word) return true;
  return false;
}

// Where this process is in the tree of cgroup v2, if that tree has memory.
Result<fs::path> own_group() {
  std::ifstream in("/proc/self/cgroup");
  std::string own;
  for (std::string line; std::getline(in, line);) {
    if (line.find(":memory:") != std::string::npos)
      return Error(Code::unavailable,
                   "the memory controller is cgroup v1's here, which is not used");
    if (line.starts_with("0::")) own = line.substr(3);
  }
  if (own.empty()) return Error(Code::unavailable, "this machine has no cgroup v2");
  const fs::path folder = kRoot + own;
  return folder.filename() == kServicesGroup ? folder.parent_path() : folder;
}

// Systemd's own mark on the group of a unit with Delegate=; nobody else's tree is touched.
bool is_delegated(const fs::path& group) {
  char value = 0;
  return getxattr(group.c_str(), "user.delegate", &value, 1) == 1 && value == '1';
}

Status move_all(const fs::path& from, const fs::path& to) {
  std::ifstream in(from / "cgroup.procs");
  for (std::string pid; std::getline(in, pid);)
    if (!write_file(to / "cgroup.procs", pid))
      return Error(Code::unavailable, "cannot move process " + pid + " to " + to.string());
  return Done{};
}

}  // namespace

Status hand_on(const fs::path& group, const std::vector<std::string>& controllers) {
  const fs::path services = group / kServicesGroup;
  std::error_code failed;
  fs::create_directory(services, failed);
  if (failed) return Error(Code::unavailable, services.string() + ": " + failed.message());
  std::string wanted;
  for (const std::string& controller : controllers) wanted += "+" + controller + " ";
  Status done = move_all(group, services);
  if (done.ok() && !write_file(group / "cgroup.subtree_control", wanted))
    done = Error(Code::unavailable, group.string() + " cannot hand on " + wanted);
  if (done.ok()) return done;
  (void)move_all(services, group);
  fs::remove(services, failed);
  return done;
}

Result<fs::path> usable_cgroup(const fs::path& wanted) {
  fs::path folder = wanted;
  if (folder.empty()) {
    CF_TRY(folder, own_group());
    const std::string there = first_line(folder / "cgroup.subtree_control");
    if (!(has_word(there, "memory") && has_word(there, "cpu")) && is_delegated(folder))
      CF_CHECK(hand_on(folder, {"memory", "cpu"}));
  }
  const std::string controllers = first_line(folder / "cgroup.subtree_control");
  if (!has_word(controllers, "memory") || !has_word(controllers, "cpu"))
    return Error(Code::unavailable, folder.string() + " hands on no memory and cpu controllers");
  const fs::path probe = folder / "cloudfolio-probe";
  std::error_code failed;
  fs::create_directory(probe, failed);
  if (failed)
    return Error(Code::unavailable, folder.string() + " is not delegated: " + failed.message());
  fs::remove(probe, failed);
  return folder;
}

Result<fs::path> make_cgroup(const fs::path& parent, const std::string& name,
                             const WorkerSize& size) {
  const fs::path folder = parent / name;
  std::error_code failed;
  fs::create_directory(folder, failed);
  const std::string memory = std::to_string(static_cast<std::size_t>(size.memory_gib) * kGiB);
  const std::string cpu = std::to_string(size.cpu_count * kPeriodMicroseconds) + " " +
                          std::to_string(kPeriodMicroseconds);
  // Niceness counts inside a group only: among groups it is the weight that gives way.
  if (failed || !write_file(folder / "memory.max", memory) ||
      !write_file(folder / "cpu.max", cpu) ||
      !write_file(folder / "cpu.weight.nice", std::to_string(kWorkerNiceness))) {
    fs::remove(folder, failed);
    return Error(Code::unavailable, "cannot set limits in " + folder.string());
  }
  return folder / "cgroup.procs";
}

void remove_cgroup(const fs::path& parent, const std::string& name) {
  std::error_code failed;
  const fs::path folder = parent / name;
  if (parent.empty() || !fs::exists(folder, failed)) return;
  write_file(folder / "cgroup.kill", "1");
  fs::remove(folder, failed);  // What has not ended yet keeps it; the next call removes it.
}

bool limit_memory([[maybe_unused]] const WorkerSize& size) {
#ifdef __SANITIZE_ADDRESS__
  // The sanitizer's shadow is terabytes of address space: no limit lets such a worker start.
#else
  const rlim_t bytes = static_cast<rlim_t>(size.memory_gib) * kGiB;
  const rlimit limit{bytes, bytes};
  if (setrlimit(RLIMIT_DATA, &limit) != 0) return false;
#endif
  return true;
}

bool bind_to_processors(const WorkerSize& size, std::uint64_t turn) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return false;
  const auto wanted = static_cast<std::size_t>(std::max(1, size.cpu_count));
  const auto there = static_cast<std::size_t>(CPU_COUNT(&allowed));
  if (wanted >= there) return true;
  const std::size_t shared = there - 1;
  const std::size_t from = turn % shared * wanted % shared;
  cpu_set_t own;
  CPU_ZERO(&own);
  std::size_t place = 0;  // Of this processor among those that are there; the first is left out.
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed) || place++ == 0) continue;
    if ((place - 2 + shared - from) % shared < wanted) CPU_SET(cpu, &own);
  }
  return sched_setaffinity(0, sizeof own, &own) == 0;
}

}  // namespace cloudfolio::capacity

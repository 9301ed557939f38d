#include "capacity/process_limits.h"

#include <sched.h>
#include <sys/resource.h>

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

}  // namespace

Result<fs::path> usable_cgroup(const fs::path& wanted) {
  fs::path folder = wanted;
  if (folder.empty()) {
    const std::string own = first_line("/proc/self/cgroup");
    if (!own.starts_with("0::")) return Error(Code::unavailable, "this machine has no cgroup v2");
    folder = kRoot + own.substr(3);
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

#pragma once
// Memory and processor limits of one worker process: by cgroup v2, or by what every process has.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "capacity/policy.h"

namespace cloudfolio::capacity {

// A worker gives way to what answers requests beside it.
inline constexpr int kWorkerNiceness = 10;

// Where processes of a delegated group go, so that it may have groups with limits beside them: the
// kernel gives none to a group that has processes of its own.
inline constexpr char kServicesGroup[] = "cloudfolio-services";

// The folder below which groups with memory and cpu limits can be made. Errors: unavailable, saying
// what is missing. `wanted` empty: the group that this process is in; where systemd delegated it
// and it is cgroup v2, its processes are moved to kServicesGroup below it.
Result<std::filesystem::path> usable_cgroup(const std::filesystem::path& wanted);
// Moves what runs in `group` to kServicesGroup below it and hands the controllers on. Errors:
// unavailable; all are back then.
Status hand_on(const std::filesystem::path& group, const std::vector<std::string>& controllers);
// Makes the group and sets its limits; the file that a process joins it by. Errors: unavailable.
Result<std::filesystem::path> make_cgroup(const std::filesystem::path& parent,
                                          const std::string& name, const WorkerSize& size);
// Ends everything in it and removes it; without effect where there is none.
void remove_cgroup(const std::filesystem::path& parent, const std::string& name);

// For the child, between fork and exec: only calls that are safe there. False: errno says why.
// Memory, where no group limits it.
bool limit_memory(const WorkerSize& size);
// Binds this process to size.cpu_count processors. Where there are more it leaves the first to what
// answers requests beside it, and workers of different `turn` share the rest among them.
bool bind_to_processors(const WorkerSize& size, std::uint64_t turn);

}  // namespace cloudfolio::capacity

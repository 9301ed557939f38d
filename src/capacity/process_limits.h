#pragma once
// Memory and processor limits of one worker process: by cgroup v2, or by what every process has.

#include <filesystem>
#include <string>

#include "base/result.h"
#include "capacity/policy.h"

namespace cloudfolio::capacity {

// The folder below which groups with memory and cpu limits can be made. Errors: unavailable, saying
// what is missing. `wanted` empty: the group that this process is in.
Result<std::filesystem::path> usable_cgroup(const std::filesystem::path& wanted);
// Makes the group and sets its limits; the file that a process joins it by. Errors: unavailable.
Result<std::filesystem::path> make_cgroup(const std::filesystem::path& parent,
                                          const std::string& name, const WorkerSize& size);
// Ends everything in it and removes it; without effect where there is none.
void remove_cgroup(const std::filesystem::path& parent, const std::string& name);

// For the child, between fork and exec: only calls that are safe there. False: errno says why.
bool limit_this_process(const WorkerSize& size);

}  // namespace cloudfolio::capacity

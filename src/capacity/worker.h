#pragma once
// A worker as the store remembers it, and what a platform says that it runs.
//
// A worker's life:  intended -> creating -> active -> draining -> deleting -> (row removed)
// The intent is written before anything is created, so whatever runs has a row or is an orphan.
// Work is taken only from `active`, and deletion of a worker that may hold work starts only with
// active -> draining: both are compare-and-set on one row, so one of them loses.
// A name is made of queue, region and generation, and no generation is used twice.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "storage/table.h"

namespace cloudfolio::capacity {

using WallTime = Clock::WallTime;

enum class WorkerState : std::uint8_t { intended, creating, active, draining, deleting };
std::string_view to_string(WorkerState state);

// One piece of work that a worker did, for the ledger.
struct WorkSpan {
  TenantId tenant;
  std::string job;
  WallTime from;
  WallTime to;
};
// Beyond this many, neighbours of one tenant are made one.
inline constexpr std::size_t kSpansMax = 100;

// A time that is WallTime{} has not come yet.
struct Worker {
  std::uint64_t generation = 0;
  std::string name;
  std::string region;
  std::size_t size = 0;  // Position in Policy::sizes.
  std::string image;     // What it was made from; a change of configuration leaves it running.
  std::string job;       // For which it was made.
  TenantId tenant;
  WorkerState state = WorkerState::intended;
  WallTime intended_at;
  WallTime asked_at;     // When the platform was last asked to create or delete it.
  WallTime accepted_at;  // The platform took the creation: it is paid for from here on …
  WallTime absent_at;    // … until here, when the platform first said that it is gone.
  WallTime started_at;   // First sign of life.
  WallTime heartbeat_at;
  WallTime idle_since;  // End of the last work, or the start.
  WallTime deleting_at;
  std::string held_job;  // Empty: none.
  TenantId held_tenant;
  WallTime held_since;
  bool stop_asked = false;  // The worker is to checkpoint and give its work back.
  std::string reason = {};  // Why it goes.
  std::vector<WorkSpan> spans = {};
  storage::ETag etag = {};  // As read.
};

enum class GroupState : std::uint8_t {
  pending,   // Accepted, not running yet.
  running,   // The platform says so.
  failed,    // The platform says so; the worker in it may say otherwise.
  ended,     // Its main process is gone.
  deleting,  // Deletion was taken and is not done.
};

enum class Ending : std::uint8_t { unknown, in_order, failed };

// What a platform has under our owner tag.
struct Group {
  std::string name;
  GroupState state = GroupState::pending;
  std::string region = {};
  std::string detail = {};  // For people: "exit status 3; it wrote: …", "ImagePullBackOff".
  Ending ending = Ending::unknown;  // Of one that ended.
};

inline bool is_set(WallTime time) {
  return time != WallTime{};
}

}  // namespace cloudfolio::capacity

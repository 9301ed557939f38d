#pragma once
// What a worker cost, when it is gone: from its accepted creation until the platform no longer
// showed it, cut without gap or overlap.
//
// Rules: `start` until its first work (or until its end) belongs to the tenant that it was made
// for; `idle` after a piece of work to the tenant of that work; `stuck`, from the request to delete
// it on, to nobody ("" : the platform's).

#include <cstdint>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "capacity/policy.h"
#include "capacity/worker.h"

namespace cloudfolio::capacity {

enum class Part : std::uint8_t { start, work, idle, stuck };
std::string_view to_string(Part part);

struct UsagePart {
  Part part;
  TenantId tenant;
  std::string job;
  WallTime from;
  WallTime to;
};

struct WorkerUsage {
  std::string queue;
  std::string name;
  std::uint64_t generation = 0;
  std::string region;
  WorkerSize size;
  std::vector<UsagePart> parts;
};

// Empty parts where it was never accepted.
std::vector<UsagePart> usage_parts(const Worker& worker, WallTime gone_at);

// Takes each worker's usage at least once, under the same name and generation.
class UsageSink {
 public:
  virtual ~UsageSink() = default;
  virtual Status record(const Context& ctx, const WorkerUsage& usage) = 0;
  // A group that no row explains was found and is being removed: nobody knows since when it ran.
  virtual Status record_unknown(const Context& ctx, const std::string& name, WallTime now) = 0;
};

}  // namespace cloudfolio::capacity

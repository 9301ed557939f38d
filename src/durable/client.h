#pragma once
// Starting, watching and steering orchestrations, whatever runs them.
//
// Promises: what a call acknowledged is durable. Calls on one instance take effect in the order in
// which they were acknowledged. A call that ends with deadline_exceeded may still take effect.
// Threads: thread-safe; calls block until acknowledged or ctx's deadline.
// Errors: not_found (no such instance), conflict (see start), invalid_argument (a limit below, an
// unknown orchestration), unavailable (stopping, or the disk refuses: nothing was recorded).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/context.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/result.h"
#include "durable/history.h"

namespace cloudfolio::durable {

inline constexpr std::size_t kInstanceIdBytesMax = 100;  // Durable Task's own limit.
inline constexpr std::size_t kNameBytesMax = 256;
// One input, output, event or status. History holds references, never documents.
inline constexpr std::size_t kPayloadBytesMax = kMiB;
inline constexpr std::size_t kQueryPageCountMax = 1'000;

// Which instance of the same id a start may replace.
enum class Reuse : std::uint8_t {
  finished,  // One that ended. A live one is a conflict: "the same run".
  never,     // None: any instance of that id is a conflict.
  any,       // Also a live one, which is terminated first.
};

struct StartOptions {
  std::string name;
  InstanceId instance;  // Empty: a new GUID.
  std::string input;
  std::string version;
  Reuse reuse = Reuse::finished;
  Tags tags;  // Children inherit them. The tag "tenant" is the ctx's tenant unless given.
  std::optional<Clock::WallTime> start_at;  // Pending until then.
};

struct OrchestrationState {
  InstanceId instance;
  std::string execution_id;
  std::string name;
  std::string version;
  OrchestrationStatus status = OrchestrationStatus::pending;
  Clock::WallTime created{};
  Clock::WallTime updated{};
  std::optional<Clock::WallTime> completed;
  std::string parent_instance;  // Empty for none.
  Tags tags;
  // Set while the instance cannot go on with the code that runs here (a non-deterministic change,
  // an orchestration that is not registered): what was expected and what was found. It keeps its
  // status and its messages; it goes on after a start with code that fits, or is terminated.
  std::optional<std::string> stalled;
  // Only with Include::payloads.
  std::string input;
  std::string output;
  std::string custom_status;
  std::optional<Failure> failure;
};

enum class Include : std::uint8_t { summary, payloads };
enum class Until : std::uint8_t { started, finished };
enum class Recurse : std::uint8_t { this_instance, with_children };

struct QueryFilter {
  std::vector<OrchestrationStatus> statuses;  // Empty: all.
  std::optional<Clock::WallTime> created_from;
  std::optional<Clock::WallTime> created_to;  // Inclusive, both.
  std::string id_prefix;
  Include include = Include::summary;
};
struct QueryPage {
  std::vector<OrchestrationState> instances;  // By instance id.
  std::string next;                           // Empty: that was the last page.
};

class Client {
 public:
  virtual ~Client() = default;

  // Starts an orchestration and gives its instance id. A live instance with that id (or any, by
  // `reuse`) is Code::conflict, and nothing changes.
  virtual Result<InstanceId> start(const Context& ctx, StartOptions options) = 0;
  virtual Result<std::optional<OrchestrationState>> get(const Context& ctx,
                                                        const InstanceId& instance,
                                                        Include include = Include::payloads) = 0;
  // The state, with payloads, as soon as the instance has started or finished. Without progress by
  // the deadline: deadline_exceeded.
  virtual Result<OrchestrationState> wait(const Context& ctx, const InstanceId& instance,
                                          Until until = Until::finished) = 0;
  // Names are case-insensitive. An event for an instance that has ended is accepted and dropped.
  virtual Status raise_event(const Context& ctx, const InstanceId& instance, std::string name,
                             std::string payload) = 0;
  // Ends it, also when pending, suspended or stalled. Without effect on one that has ended.
  virtual Status terminate(const Context& ctx, const InstanceId& instance, std::string output,
                           Recurse recurse = Recurse::with_children) = 0;
  virtual Status suspend(const Context& ctx, const InstanceId& instance, std::string reason) = 0;
  // Also lets a stalled instance try again.
  virtual Status resume(const Context& ctx, const InstanceId& instance, std::string reason) = 0;
  // Lets a failed instance go on from before its last failure: the calls that failed in that turn
  // are made again (and failed children rewound), what had succeeded is kept. Where several turns
  // received failures, each rewind takes back one. conflict: it has not failed, failed without a
  // failed call (start it again instead), or is the child of another (rewind that).
  virtual Status rewind(const Context& ctx, const InstanceId& instance, std::string reason) = 0;
  // Forgets an instance that has ended. True if there was one; a live one is a conflict.
  virtual Result<bool> purge(const Context& ctx, const InstanceId& instance) = 0;
  // Forgets instances that ended before `completed_before`, at most `count_max` of them; how many.
  virtual Result<std::size_t> purge_finished(const Context& ctx, Clock::WallTime completed_before,
                                             std::size_t count_max) = 0;
  // One page of at most `count_max` instances; `from` is the `next` of the page before.
  virtual Result<QueryPage> query(const Context& ctx, const QueryFilter& filter,
                                  std::size_t count_max, std::string from = {}) = 0;
  // The history of the current execution; not_found for an unknown instance.
  virtual Result<History> history(const Context& ctx, const InstanceId& instance) = 0;
};

}  // namespace cloudfolio::durable

#pragma once
// ProgressBoard: how far a long activity has come, kept in the store so that any process can show
// it.
//
// An orchestration's custom status says in which phase it is; inside a phase (a training's steps,
// an index's repositories) the activity reports here, at most once a second.
//
// Threads: thread-safe. Errors: a report that cannot be written is dropped: progress is for looking
// at, the work goes on.

#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/context.h"
#include "base/guarded.h"
#include "base/id.h"
#include "storage/table.h"

namespace cloudfolio::roles {

inline constexpr char kProgressTable[] = "progress";

// {"phase": "queued", "why"}: what a training that waits says.
std::string waiting_report(const std::string& why);

class ProgressBoard {
 public:
  ProgressBoard(storage::Table& table, const Clock& clock) : table_(table), clock_(clock) {}

  // `json`: {"phase", "done", "total", …}. The context's tenant and instance say whose it is.
  void report(const Context& ctx, const std::string& json);
  // The last report of an instance; nullopt where there is none.
  std::optional<std::string> find(const Context& ctx, const TenantId& tenant,
                                  const InstanceId& instance);
  void clear(const Context& ctx, const TenantId& tenant, const InstanceId& instance);

 private:
  storage::Table& table_;
  const Clock& clock_;
  Guarded<std::map<std::string, Clock::Instant>> last_write_;
};

}  // namespace cloudfolio::roles

#pragma once
// The refresh as an orchestration: `refresh_portfolio`, one instance a tenant.
//
// detect → fetch in batches, side by side → publish → ask for the index. It holds numbers, never
// documents. Where GitHub's limit ends it early, what is known is published and the instance waits
// for the limit to pass and goes on; where somebody else published first, it begins again. Its
// custom status is RefreshProgress, its output the Report (sync/report.h).
//
// A refresh that is forced while an unforced one runs is run after it, under the same id.

#include <string>

#include "base/context.h"
#include "base/id.h"
#include "base/result.h"

namespace cloudfolio::durable {
class Client;
class Registry;
}  // namespace cloudfolio::durable

namespace cloudfolio::sync {

class RefreshSteps;

inline constexpr char kRefreshOrchestration[] = "refresh_portfolio";
inline constexpr char kDetectActivity[] = "detect_changes";
inline constexpr char kFetchActivity[] = "fetch_repositories";
inline constexpr char kPublishActivity[] = "publish_generation";
// Of the roles: starts another orchestration, or tells one that runs to run again.
inline constexpr char kStartActivity[] = "start_orchestration";
inline constexpr char kForceEvent[] = "force";
// The pool in which detect and fetch run: network, one lane a principal.
inline constexpr char kSyncPool[] = "sync";

inline constexpr int kSupersededMax = 5;   // lost races before the refresh fails
inline constexpr int kLimitWaitsMax = 24;  // waits for GitHub's limit before it fails

// Registers the orchestration and its three activities. `steps` outlives the registry's users.
void register_refresh(durable::Registry& registry, RefreshSteps& steps);

// "refresh:octocat".
InstanceId refresh_instance(const TenantId& tenant);

enum class Force : bool { no, yes };
struct StartedRefresh {
  InstanceId instance;
  enum class Outcome {
    started,
    joined,            // one that does as much runs already
    successor_queued,  // a forced one runs after the unforced one that is under way
  } outcome = Outcome::started;
};
// A start that may be made again after an attempt that broke off.
struct StartRequest {
  std::string mark = {};  // Names the request; empty: it is never made again.
  // When the first attempt was made, where this is not it. What ran since is joined, ended or not:
  // the first attempt had joined or started it.
  std::optional<Clock::WallTime> first_made_at = {};
};
// Starts a refresh or joins the one that runs. The only way in: roles and gateway use it. Errors:
// the client's.
Result<StartedRefresh> start_refresh(const Context& ctx, durable::Client& client,
                                     const TenantId& tenant, Force force,
                                     const StartRequest& request = {});
// Whether the instance is, or was, all that such a request asks for.
Result<bool> was_started(const Context& ctx, durable::Client& client, const TenantId& tenant,
                         Force force, const StartRequest& request);

}  // namespace cloudfolio::sync

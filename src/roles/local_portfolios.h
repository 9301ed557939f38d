#pragma once
// LocalPortfolios: what the gateway and the command line ask, answered by this process's features.
//
// Threads: thread-safe. Everything given outlives it. Without an orchestrator (`client` null: a
// command that only reads) starting anything is unavailable.

#include <set>
#include <string>

#include "base/guarded.h"
#include "durable/client.h"
#include "gateway/services.h"
#include "json/json_fwd.h"
#include "roles/config.h"
#include "roles/platform.h"
#include "roles/presence.h"
#include "roles/progress_board.h"
#include "roles/sync_role.h"
#include "search/portfolio_search.h"

namespace cloudfolio::roles {

class LocalPortfolios final : public gateway::Portfolios {
 public:
  struct Parts {
    const Config& config;
    Platform& platform;
    search::PortfolioSearch& search;
    SyncRole& sync;
    ProgressBoard& progress;
    durable::Client* client = nullptr;
    Presence* presence = nullptr;  // Null where all roles are in this process.
  };
  explicit LocalPortfolios(Parts parts);

  void called_as(const Context&, const TenantId&, std::string_view spelling, Wants) override;
  Result<gateway::RefreshStart> start_refresh(const Context&, const TenantId&, gateway::Force,
                                              const gateway::StartMark&) override;
  Result<std::optional<gateway::PublishedBundle>> find_unchanged(const Context&,
                                                                 const TenantId&) override;
  Result<InstanceId> start_training(const Context&, const TenantId&,
                                    const gateway::TrainRequest&) override;
  Result<gateway::PublishedBundle> bundle(const Context&, const TenantId&) override;
  Result<gateway::PublishedBundle> bundle_head(const Context&, const TenantId&) override;
  Result<std::string> repository(const Context&, const TenantId&, const std::string& name,
                                 gateway::Sight) override;
  Result<std::string> search(const Context&, const TenantId&,
                             const gateway::SearchRequest&) override;
  Result<std::string> answer(const Context&, const TenantId&, const std::string& question,
                             gateway::Sight) override;
  Result<std::string> status(const Context&, const TenantId&, gateway::Sight) override;
  Result<std::string> models(const Context&, const TenantId&, gateway::Sight) override;
  Result<std::string> health(const Context&) override;

 private:
  Result<durable::Client*> orchestrator() const;
  // What keeps workers from trainings, where some are brought; empty: nothing.
  Result<std::string> capacity_problem(const Context& ctx, const Presence::Seen& seen) const;
  // Why work waits: a role without a process, or that; empty: it does not.
  Result<std::string> problem_of(const Context& ctx, const Presence::Seen& seen) const;
  // quota_exceeded with what, how much and until when; warnings go to the log.
  Status check_quota(const Context& ctx, const TenantId& tenant, tenancy::Work work);
  // A deleted tenant whose portfolio somebody asks for is a new one. Conflict while it is deleted.
  Status begin_again(const Context& ctx, const TenantId& tenant);
  Status tell_roles(const Context& ctx, json::Object& report);
  // Where an earlier attempt of the same request broke off: whether it started the instance.
  Result<bool> was_started(const Context& ctx, const InstanceId& instance,
                           const gateway::StartMark& mark) const;
  // The private cache where the caller may see it and a right is live.
  Result<std::optional<cache::TenantCache>> open_private(const Context& ctx, const TenantId& tenant,
                                                         gateway::Sight sight) const;

  Parts parts_;
  // Spellings that were dealt with in this process.
  Guarded<std::set<std::string>> heard_;
};

}  // namespace cloudfolio::roles

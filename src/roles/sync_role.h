#pragma once
// Sync: GitHub's lane of this process, and the refresh that uses it.

#include <memory>

#include "durable/registry.h"
#include "github/client.h"
#include "roles/config.h"
#include "roles/platform.h"
#include "sync/source.h"
#include "sync/steps.h"

namespace cloudfolio::roles {

class SyncRole {
 public:
  // One a process: GitHub's limits are a principal's. `platform` outlives it.
  static Result<std::unique_ptr<SyncRole>> open(const Config& config, Platform& platform);

  // Registers `refresh_portfolio` and its activities. The role outlives the registry's users.
  void register_with(durable::Registry& registry);

  sync::RefreshSteps& steps() { return *steps_; }
  github::Client& github() { return *github_; }

 private:
  SyncRole() = default;
  std::unique_ptr<github::Client> github_;
  std::unique_ptr<sync::GitHubSource> batches_;     // Over GraphQL.
  std::unique_ptr<sync::GitHubSource> one_by_one_;  // Over REST.
  std::unique_ptr<sync::RefreshSteps> steps_;
};

}  // namespace cloudfolio::roles

#include "roles/sync_role.h"

#include "sync/refresh.h"
#include "training/recipe.h"

namespace cloudfolio::roles {

Result<std::unique_ptr<SyncRole>> SyncRole::open(const Config& config, Platform& platform) {
  std::unique_ptr<SyncRole> role(new SyncRole());
  github::Options options;
  options.api_url = config.github_api_url;
  options.token = config.github_token;
  options.request_timeout = std::chrono::seconds(config.github_timeout_seconds);
  CF_TRY(role->github_, github::Client::open(std::move(options), platform.http(), platform.clock(),
                                             Random(platform.random().next()), platform.log(),
                                             platform.metrics()));
  const auto over = [&](github::Transport transport) {
    return std::make_unique<sync::GitHubSource>(
        *role->github_, config.github_api_url, [transport] { return transport; },
        config.github_private_repositories ? github::Visibility::all_visible
                                           : github::Visibility::public_only);
  };
  role->batches_ = over(github::Transport::graphql);
  role->one_by_one_ = over(github::Transport::rest);
  // GraphQL wants a token; without one REST's anonymous budget is what there is, and no flag asks.
  const bool has_token = !config.github_token.empty();
  cache::ContentIdentity identity;
  identity.recipe_version = training::kRecipeVersion;
  role->steps_ = std::make_unique<sync::RefreshSteps>(
      sync::Services{.cache = platform.cache(),
                     .source = has_token ? *role->batches_ : *role->one_by_one_,
                     .clock = platform.clock(),
                     .log = platform.log(),
                     .metrics = platform.metrics(),
                     .identity = std::move(identity),
                     .rights = &platform.rights(),
                     .flags = has_token ? &platform.flags() : nullptr,
                     .one_by_one = role->one_by_one_.get(),
                     .accounts = &platform.tenancy().accounts()});
  return role;
}

void SyncRole::register_with(durable::Registry& registry) {
  sync::register_refresh(registry, *steps_);
}

}  // namespace cloudfolio::roles

#include "roles/system.h"

#include "roles/orchestrator_role.h"
#include "roles/remote_session.h"
#include "roles/trainer_role.h"
#include "search/index_portfolio.h"

namespace cloudfolio::roles {
Result<std::unique_ptr<System>> System::open(Config config, const Clock& clock, Work work) {
  std::unique_ptr<System> system(new System(std::move(config), clock));
  if (work == Work::orchestrations) {
    CF_TRY(auto lock, StoreLock::acquire(system->config_.data));
    system->lock_.emplace(std::move(lock));
  }
  CF_CHECK(system->open_features());
  if (work == Work::orchestrations) CF_CHECK(system->open_orchestrations());
  system->administration_ = std::make_unique<LocalAdministration>(
      system->config_, *system->platform_, system->scheduler_.get());
  system->portfolios_ =
      std::make_unique<LocalPortfolios>(LocalPortfolios::Parts{.config = system->config_,
                                                               .platform = *system->platform_,
                                                               .search = *system->search_,
                                                               .sync = *system->sync_,
                                                               .progress = *system->progress_,
                                                               .client = system->scheduler_.get()});
  return system;
}

System::~System() {
  if (scheduler_) scheduler_->stop();
}

Status System::open_features() {
  CF_TRY(platform_, Platform::open(config_, clock_));
  base_ = std::make_unique<BaseModel>(config_.encoder_model);
  CF_TRY(storage::Table* const progress, platform_->storage().table(kProgressTable));
  progress_ = std::make_unique<ProgressBoard>(*progress, clock_);
  CF_TRY(sync_, SyncRole::open(config_, *platform_));
  embedders_ = search::make_encoder_embedders(
      [this] { return base_->load(); },
      {.memory_bytes_max = static_cast<std::size_t>(config_.search_memory_bytes)});
  search_ = std::make_unique<search::PortfolioSearch>(
      *embedders_, platform_->log(), platform_->metrics(), clock_,
      search::PortfolioSearch::Options{.memory_bytes_max =
                                           static_cast<std::size_t>(config_.search_memory_bytes)});
  return Done{};
}

Status System::open_orchestrations() {
  sync_->register_with(registry_);
  search::register_indexing(
      registry_, platform_->cache(),
      {.embedders = *embedders_,
       .log = platform_->log(),
       .metrics = platform_->metrics(),
       .clock = clock_},
      {.training = config_.training_enabled ? search::Training::on : search::Training::off});
  CF_TRY(costs_, CostRecorder::open(config_, *platform_));
  register_trainer(registry_, config_, *platform_, *base_, *progress_, *costs_);
  register_start_orchestration(registry_, slot_,
                               flag(config_, "ENABLE_ASYNC_MODEL_TRAINING")
                                   ? AfterStart::go_on
                                   : AfterStart::wait_for_its_end);
  CF_TRY(scheduler_, open_orchestrator(config_, *platform_, registry_, slot_));
  return Done{};
}

Result<std::optional<JobView>> System::find_job(const Context& ctx, const InstanceId& id) {
  if (!scheduler_) return std::optional<JobView>();
  CF_TRY(const auto state, scheduler_->get(ctx, id));
  if (!state) return std::optional<JobView>();
  JobView job;
  job.status = durable::to_string(state->status);
  job.custom_status = state->custom_status;
  if (const auto tenant = state->tags.find("tenant");
      tenant != state->tags.end() && !job.finished()) {
    if (const auto report = progress_->find(ctx, TenantId(tenant->second), id)) {
      job.custom_status = *report;
    }
  }
  job.output = state->output;
  if (state->failure) job.failure = durable::error_from(*state->failure);
  return std::optional(std::move(job));
}

Status System::announce(const std::string& url) {
  return lock_->announce(url);
}

Result<std::unique_ptr<Session>> open_session(const Config& config, const Clock& clock,
                                              System::Work work) {
  const auto owner = StoreLock::read_owner(config.data);
  if (owner && !owner->url.empty()) {
    CF_TRY(auto client, http::open_client({}, clock));
    return open_remote_session(owner->url, config.server_token, std::move(client));
  }
  CF_TRY(auto system, System::open(config, clock, work));
  return std::unique_ptr<Session>(std::move(system));
}

}  // namespace cloudfolio::roles

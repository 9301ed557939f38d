#include "roles/system.h"

#include <algorithm>
#include <filesystem>

#include "base/ensure.h"
#include "durable/queued/activity_claims.h"
#include "durable/queued/activity_results.h"
#include "gateway/once.h"
#include "roles/orchestrator_role.h"
#include "roles/remote_session.h"
#include "roles/trainer_role.h"
#include "search/index_portfolio.h"
#include "training/train_model.h"

namespace cloudfolio::roles {
namespace {

constexpr std::chrono::seconds kReadOldEvery{5};
constexpr std::chrono::seconds kOnItsWay{30};
constexpr std::chrono::seconds kLookForStoreEvery{2};

}  // namespace

Result<std::unique_ptr<System>> System::open(Config config, const Clock& clock, Work work,
                                             ServeAs as) {
  std::unique_ptr<System> system(new System(std::move(config), clock, std::move(as)));
  if (work == Work::orchestrations && system->roles_.has(Role::orchestrator)) {
    CF_TRY(auto lock, StoreLock::acquire(system->config_.data, StoreLock::Of::orchestrations));
    system->lock_.emplace(std::move(lock));
  }
  CF_CHECK(system->open_features());
  if (work == Work::orchestrations) CF_CHECK(system->open_orchestrations());
  system->administration_ =
      std::make_unique<LocalAdministration>(*system->platform_, system->client_);
  system->trainings_ =
      std::make_unique<TrainingDesk>(*system->platform_, *system->progress_, system->client_);
  system->portfolios_ = std::make_unique<LocalPortfolios>(
      LocalPortfolios::Parts{.config = system->config_,
                             .platform = *system->platform_,
                             .search = *system->search_,
                             .sync = *system->sync_,
                             .progress = *system->progress_,
                             .client = system->client_,
                             .presence = system->presence_.get()});
  if (system->scheduler_ && system->config_.compatibility_old_app) system->read_old_trainings();
  return system;
}

System::~System() {
  std::unique_ptr<CapacityRole> ended;
  saying_.reset();
  reading_old_.reset();
  workers_.clear();  // Give back what they run.
  inline_trainer_.reset();
  trainer_.reset();
  seat_.reset();
  {
    const std::lock_guard lock(capacity_mutex_);
    ended = std::move(capacity_);
  }
  ended.reset();
  client_server_.reset();
  if (scheduler_) scheduler_->stop();
  if (presence_) (void)presence_->leave(Context());
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
      {.training = config_.training_enabled ? search::Training::on : search::Training::off,
       .trains_on_private = [this](const Context& ctx, const TenantId& tenant) -> Result<bool> {
         CF_TRY(const auto allowed, platform_->tenancy().settings().include_private(ctx, tenant));
         return allowed == tenancy::Allowed::yes;
       }});
  CF_TRY(costs_, CostRecorder::open(config_, *platform_));
  const bool beside_others = roles_.has(Role::orchestrator) && !roles_.has(Role::trainer);
  register_trainer(registry_, config_, *platform_, *base_, *progress_, *costs_,
                   beside_others ? training::Cores::one : training::Cores::all,
                   [this](const InstanceId& instance) {
                     if (trainer_) trainer_->beat(instance);
                   });
  register_start_orchestration(registry_, slot_, platform_->flags());
  if (roles_.has(Role::orchestrator)) CF_CHECK(open_scheduler());
  return roles_.is_all() ? Status(Done{}) : open_other_roles();
}

Status System::open_scheduler() {
  const CapacityKind kind =
      as_.program ? capacity_kind(config_.capacity, roles_, as_.named) : CapacityKind::none;
  // The scheduler dispatches what waits from its first moment on; capacity looks for itself when it
  // opens, and is told from then on.
  remote_.on_change = [this] {
    const std::lock_guard lock(capacity_mutex_);
    if (capacity_) capacity_->changed();
  };
  CF_TRY(scheduler_, open_orchestrator(config_, *platform_, registry_, slot_,
                                       around_pools(remote_, *platform_, registry_, roles_)));
  client_ = scheduler_.get();
  if (kind != CapacityKind::none) CF_CHECK(open_capacity(kind));
  return open_inline_trainer();
}

Status System::open_capacity(CapacityKind kind) {
  CapacityRole::Parts parts{
      .config = config_,
      .kind = kind,
      .platform = *platform_,
      .ledger = costs_->ledger(),
      .prices = costs_->prices(),
      .progress = *progress_,
      .program = *as_.program,
      .waiting = [this] { return remote_.dispatcher.load()->waiting(training::kTrainingPool); }};
  // With the fallback there is somebody who does it.
  if (config_.capacity.fallback == "wait")
    parts.give_up = [this](const std::string& instance, const std::string& why) {
      // Its code says that no retry policy tries again: five workers did.
      remote_.dispatcher.load()->give_up(instance, Error(Code::invalid_argument, why));
    };
  CF_TRY(auto opened, CapacityRole::open(std::move(parts)));
  const std::lock_guard lock(capacity_mutex_);
  capacity_ = std::move(opened);
  return Done{};
}

Status System::open_inline_trainer() {
  if (config_.capacity.fallback != "inline" || remote_.dispatcher == nullptr) return Done{};
  if (roles_.has(Role::trainer)) return Done{};
  CF_TRY(inline_trainer_,
         InlineTrainer::open(
             {.clock = clock_,
              .log = platform_->log(),
              .patience = std::chrono::seconds(config_.capacity.patience_seconds),
              .waiting =
                  [this] { return remote_.dispatcher.load()->waiting(training::kTrainingPool); },
              .open_worker =
                  [this](TrainingHooks hooks) {
                    return open_training_worker(config_, *platform_, registry_, std::move(hooks), 0,
                                                std::chrono::seconds(0));
                  }}));
  return Done{};
}

void System::read_old_trainings() {
  old_trainings_ = std::make_unique<OldTrainingQueue>(OldTrainingQueue::Parts{
      .storage = platform_->storage(),
      .log = platform_->log(),
      .published = [this](const Context& ctx, const TenantId& tenant) -> Result<std::string> {
        CF_TRY(const auto info, platform_->cache().open(tenant).publication_info(ctx));
        return info.fingerprint;
      },
      .start_training = [this](const Context& ctx, const TenantId& tenant) -> Status {
        CF_CHECK(portfolios_->start_training(ctx, tenant, {}));
        return Done{};
      }});
  reading_old_ = std::make_unique<runtime::PeriodicTask>(
      runtime::PeriodicTask::Options{.name = "old trainings", .every = kReadOldEvery}, clock_,
      [this](std::stop_token stop) {
        const Status looked = old_trainings_->look(Context().with_stop(std::move(stop)));
        if (!looked)
          platform_->log().warn(Context(), "training.old_queue", {{"error", looked.error()}});
      });
}

Status System::open_trainer() {
  storage::Storage& store = platform_->storage();
  if (as_.generation) {
    CF_TRY(storage::Table* const table, store.table(capacity::kWorkersTable));
    const auto lost = [this](const std::string& why) {
      if (as_.on_seat_lost) as_.on_seat_lost(why);
    };
    seat_ = std::make_unique<WorkerSeat>(
        *as_.generation,
        WorkerSeat::Parts{
            .workers = *table, .clock = clock_, .log = platform_->log(), .on_lost = lost});
  }
  CF_TRY(storage::BlobStore* const logs, store.blobs(kTrainingLogContainer));
  TrainingHooks hooks;
  hooks.admit = [this, logs](const durable::ActivityInfo& activity) -> Status {
    if (seat_) CF_CHECK(seat_->take(activity));
    const auto tenant = activity.tags.find("tenant");
    platform_->run_log().begin(*logs, clock_,
                               TenantId(tenant == activity.tags.end() ? "-" : tenant->second),
                               activity.instance_id);
    return Done{};
  };
  hooks.on_over = [this](const durable::ActivityInfo& activity) {
    platform_->run_log().end();
    if (seat_) seat_->let_go(activity);
  };
  hooks.on_retry = [this](const durable::ActivityInfo& activity, const Error& error,
                          std::int64_t starts_count) {
    const auto tenant = activity.tags.find("tenant");
    progress_->report(Context()
                          .for_tenant(TenantId(tenant == activity.tags.end() ? "" : tenant->second))
                          .with_instance(InstanceId(activity.instance_id)),
                      waiting_report("failed " + std::to_string(starts_count) +
                                     " times and is tried again: " + error.message()));
  };
  const int threads_count = as_.trainings == ServeAs::Trainings::one ? 0 : 1;
  CF_TRY(trainer_,
         open_training_worker(config_, *platform_, registry_, std::move(hooks), threads_count));
  return Done{};
}

Status System::open_other_roles() {
  storage::Storage& store = platform_->storage();
  CF_TRY(storage::Table* const table, store.table(kPresenceTable));
  const bool drives = capacity_ && (as_.named == Named::no_roles || !config_.capacity.kind.empty());
  presence_ = std::make_unique<Presence>(*table, clock_, platform_->random(), roles_,
                                         drives ? std::string(to_string(capacity_->kind())) : "");
  if (scheduler_) {
    CF_TRY(
        client_server_,
        durable::ClientServer::open(
            {.client = *scheduler_, .storage = store, .clock = clock_, .log = platform_->log()}));
  } else {
    CF_TRY(queued_client_,
           durable::QueuedClient::open({.storage = store,
                                        .clock = clock_,
                                        .random = platform_->random(),
                                        .answered = [this](const Context& ctx) -> Status {
                                          if (!presence_) return Done{};
                                          return presence_->expect(ctx, Role::orchestrator);
                                        }}));
    client_ = queued_client_.get();
    slot_.set(client_);
    CF_TRY(workers_, open_workers(config_, *platform_, registry_, roles_));
    if (roles_.has(Role::trainer)) CF_CHECK(open_trainer());
  }
  CF_CHECK(presence_->say(Context()));
  saying_ = std::make_unique<runtime::PeriodicTask>(
      runtime::PeriodicTask::Options{.name = "presence", .every = Presence::kSayEvery}, clock_,
      [this](std::stop_token stop) {
        const Status said = presence_->say(Context().with_stop(std::move(stop)));
        if (!said) platform_->log().warn(Context(), "presence.not_said", {{"error", said.error()}});
      });
  return Done{};
}

Status System::run_one_training(const Context& ctx) {
  CF_ENSURE(trainer_ != nullptr);
  const std::stop_callback stopped(ctx.stop_token(), [this] { trainer_->stop(); });
  // A worker that died holds its message so long.
  const auto until = clock_.now() + std::chrono::seconds(config_.durable_claim_seconds) + kOnItsWay;
  while (!ctx.stopped() && clock_.now() < until) {
    const auto looked =
        trainer_->run_one_until(ctx, std::min(until, clock_.now() + kLookForStoreEvery));
    if (looked && *looked == durable::ActivityWorker::Looked::ran) return Done{};
    if (!looked && !ctx.stopped()) return looked.error();
    if (config_.storage_backend == "embedded" && !std::filesystem::exists(config_.data))
      return Error(Code::not_found, "the store's folder is gone: " + config_.data);
  }
  return Done{};
}

void System::sweep(const Context& ctx) {
  if (!scheduler_) return;
  auto next = platform_->tenancy().request_keys().collect(ctx, gateway::running_in(*scheduler_),
                                                          sweep_keys_from_);
  if (next)
    sweep_keys_from_ = *std::move(next);
  else
    platform_->log().warn(ctx, "store.sweep_failed", {{"error", next.error()}});
  if (!client_server_) return;
  const Status swept = sweep_once(ctx);
  if (!swept) platform_->log().warn(ctx, "store.sweep_failed", {{"error", swept.error()}});
}

Status System::sweep_once(const Context& ctx) {
  storage::Storage& store = platform_->storage();
  CF_TRY(storage::BlobStore* const kept, store.blobs(durable::kActivityResultContainer));
  CF_TRY(storage::Table* const claims, store.table(durable::kClaimTable));
  CF_TRY(sweep_results_from_,
         durable::ActivityResultStore(*kept, clock_).sweep(ctx, sweep_results_from_));
  CF_TRY(sweep_claims_from_,
         durable::ActivityClaims(*claims, clock_).sweep(ctx, sweep_claims_from_));
  CF_TRY(sweep_replies_from_, client_server_->sweep(ctx, sweep_replies_from_));
  CF_TRY(storage::BlobStore* const logs, store.blobs(kTrainingLogContainer));
  CF_TRY(sweep_logs_from_, sweep_run_logs(ctx, *logs, clock_, sweep_logs_from_));
  return Done{};
}

Result<std::optional<JobView>> System::find_job(const Context& ctx, const InstanceId& id) {
  if (!client_) return std::optional<JobView>();
  CF_TRY(const auto state, client_->get(ctx, id));
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
  if (!lock_) {
    CF_TRY(auto lock, StoreLock::acquire(config_.data, StoreLock::Of::gateway));
    lock_.emplace(std::move(lock));
  }
  return lock_->announce(url);
}

Result<std::unique_ptr<Session>> open_session(const Config& config, const Clock& clock,
                                              System::Work work) {
  auto owner = StoreLock::read_owner(config.data);
  if (!owner || owner->url.empty()) {
    const auto gateway = StoreLock::read_owner(config.data, StoreLock::Of::gateway);
    if (gateway && !gateway->url.empty()) owner = gateway;
  }
  if (owner && !owner->url.empty()) {
    CF_TRY(auto client, http::open_client({}, clock));
    return open_remote_session(owner->url, config.server_token, std::move(client));
  }
  CF_TRY(auto system, System::open(config, clock, work));
  return std::unique_ptr<Session>(std::move(system));
}

}  // namespace cloudfolio::roles

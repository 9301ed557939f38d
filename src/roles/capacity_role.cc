#include "roles/capacity_role.h"

#include <algorithm>

#include "capacity/aci_platform.h"
#include "capacity/process_platform.h"
#include "roles/remote_work.h"
#include "training/train_model.h"

namespace cloudfolio::roles {
namespace {

using std::chrono::milliseconds;

constexpr const char* kArmResource = "https://management.azure.com/";
// While workers or work are there, and while there are none: what a pass asks is the machine's own
// files, or Resource Manager, which counts requests.
constexpr milliseconds kProcessBusy{500};
constexpr milliseconds kProcessIdle{5'000};
constexpr milliseconds kAciBusy{5'000};
constexpr milliseconds kAciIdle{30'000};
constexpr milliseconds kExternal{2'000};

class ManagedIdentity final : public capacity::AccessTokens {
 public:
  explicit ManagedIdentity(storage::azure::TokenCache& cache) : cache_(cache) {}
  Result<Secret> get(const Context& ctx) override { return cache_.get(ctx); }
  void forget() override { cache_.forget(); }

 private:
  storage::azure::TokenCache& cache_;
};

TenantId tenant_of(const durable::ActivityInfo& activity) {
  const auto tenant = activity.tags.find("tenant");
  return tenant == activity.tags.end() ? TenantId() : TenantId(tenant->second);
}

}  // namespace

CapacityRole::CapacityRole(Parts parts)
    : parts_(std::move(parts)),
      usage_(parts_.ledger),
      depth_(kTrainingQueue, parts_.platform.clock(), parts_.platform.metrics()),
      alarms_(parts_.platform.metrics()
                  .counters("cloudfolio_capacity_alarms_total",
                            "Things about workers that a person should look at.",
                            {{"queue", {kTrainingQueue}}})
                  .with({kTrainingQueue})),
      workers_(parts_.platform.metrics()
                   .gauges("cloudfolio_capacity_workers", "Workers that are there or being made.",
                           {{"queue", {kTrainingQueue}}})
                   .with({kTrainingQueue})) {}

Result<std::unique_ptr<CapacityRole>> CapacityRole::open(Parts parts) {
  std::unique_ptr<CapacityRole> role(new CapacityRole(std::move(parts)));
  if (role->parts_.kind != CapacityKind::external) CF_CHECK(role->open_platform());
  CapacityRole& self = *role;
  role->thread_ = std::jthread([&self](const std::stop_token& stop) { self.serve(stop); });
  return role;
}

CapacityRole::~CapacityRole() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

Status CapacityRole::open_platform() {
  Platform& platform = parts_.platform;
  const Config& config = parts_.config;
  CF_TRY(capacity::Policy policy, capacity_policy(config.capacity, parts_.kind, parts_.prices,
                                                  platform.clock().wall_time()));
  if (parts_.kind == CapacityKind::aci) {
    tokens_ = std::make_unique<storage::azure::TokenCache>(
        storage::azure::make_token_source(entra_tokens(config.azure, kArmResource), platform.http(),
                                          platform.clock()),
        platform.clock());
    access_ = std::make_unique<ManagedIdentity>(*tokens_);
    platform_ =
        std::make_unique<capacity::AciPlatform>(aci_options(config), platform.http(), *access_);
  } else {
    CF_TRY(auto processes,
           capacity::ProcessPlatform::open(
               {.folder = std::filesystem::absolute(config.data) / "workers" / kTrainingQueue,
                .command = parts_.program.command,
                .environment = parts_.program.environment}));
    platform.log().info(Context(), "capacity.limits", {{"by", processes->limits()}});
    platform_ = std::move(processes);
  }
  CF_TRY(storage::Table* const table, platform.storage().table(capacity::kWorkersTable));
  capacity_ = std::make_unique<capacity::Provisioner>(
      std::move(policy), *table, platform.storage().leases(), *platform_, usage_, platform.clock(),
      Random(platform.random().next()));
  return Done{};
}

void CapacityRole::changed() {
  const std::lock_guard lock(mutex_);
  changed_ = true;
  wake_.notify_all();
}

void CapacityRole::serve(const std::stop_token& stop) {
  const Context ctx = Context().with_stop(stop);
  milliseconds next{0};
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, stop, next, [this] { return changed_; });
      changed_ = false;
    }
    if (!stop.stop_requested()) next = pass(ctx);
  }
}

milliseconds CapacityRole::pass(const Context& ctx) {
  capacity::Demand demand;
  for (const durable::WaitingTask& task : parts_.waiting())
    demand.jobs.push_back({task.info.instance_id, tenant_of(task.info), task.since});
  (void)depth_.ensure(ctx, demand);
  if (!capacity_) return kExternal;
  const auto passed = capacity_->ensure(ctx, demand);
  const bool aci = parts_.kind == CapacityKind::aci;
  if (!passed) {
    parts_.platform.log().warn(ctx, "capacity.store_refuses", {{"error", passed.error()}});
    return aci ? kAciBusy : kProcessBusy;
  }
  workers_.set(static_cast<double>(passed->workers + passed->deleting));
  tell(ctx, demand, passed->log);
  if (parts_.give_up)
    for (const capacity::GivenUp& one : passed->given_up) parts_.give_up(one.job, one.why);
  const bool busy = passed->workers + passed->deleting + demand.jobs.size() > 0;
  if (aci) return busy ? kAciBusy : kAciIdle;
  return busy ? kProcessBusy : kProcessIdle;
}

// What was decided, once each; and to whoever watches a training, why it waits.
void CapacityRole::tell(const Context& ctx, const capacity::Demand& demand,
                        const std::vector<std::string>& said) {
  telemetry::Log& log = parts_.platform.log();
  std::set<std::string> now;
  for (const std::string& text : said) {
    now.insert(text);
    if (said_.contains(text)) continue;
    const bool alarm = text.starts_with("alarm: ");
    if (alarm) alarms_.add();
    if (alarm) {
      log.error(ctx, "capacity.alarm", {{"text", text}});
    } else {
      log.info(ctx, "capacity.decided", {{"text", text}});
    }
    for (const capacity::Job& job : demand.jobs) {
      const std::string begin = job.id + " waits: ";
      if (!text.starts_with(begin)) continue;
      const Context of_job = ctx.for_tenant(job.tenant).with_instance(InstanceId(job.id));
      parts_.progress.report(of_job, waiting_report(text.substr(begin.size())));
    }
  }
  said_ = std::move(now);
}

}  // namespace cloudfolio::roles

#include "roles/capacity_settings.h"

#include <sstream>
#include <thread>

#include "roles/config.h"
#include "roles/remote_work.h"

namespace cloudfolio::roles {
namespace {

constexpr std::int64_t kMicrosPerCent = 10'000;
constexpr std::int64_t kPicosPerNano = 1'000;
// A process says that it lives far more often; a suspended machine is given time to wake.
constexpr std::chrono::seconds kProcessHeartbeatLimit{30};
// It ends by itself; what waits longer was made for work that is gone.
constexpr std::chrono::seconds kProcessIdleLimit{1};
// The shortest that every store grants: whoever waits for a worker waits for it after a crash.
constexpr std::chrono::seconds kProcessLease{15};
constexpr int kAciCores = 2;

std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');)
    if (!part.empty()) parts.push_back(part);
  return parts;
}

Error wrong(std::string message) {
  return Error(Code::invalid_argument, std::move(message));
}

int cores_of(const CapacityConfig& config, CapacityKind kind) {
  if (config.cores > 0) return static_cast<int>(config.cores);
  if (kind != CapacityKind::process) return kAciCores;
  // One is left to what serves beside it.
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()) - 1);
}

}  // namespace

std::string_view to_string(CapacityKind kind) {
  switch (kind) {
    case CapacityKind::none:
      return "none";
    case CapacityKind::process:
      return "process";
    case CapacityKind::aci:
      return "aci";
    case CapacityKind::external:
      return "external";
  }
  return "";
}

const std::vector<Setting>& capacity_settings() {
  using T = Setting::Target;
  static const std::vector<Setting> kSettings{
      {"capacity.kind", "CLOUDFOLIO_CAPACITY_KIND",
       "Who brings workers for trainings: process, aci or external; empty: process for serve "
       "without --role, else external.",
       [](Config& c) -> T { return &c.capacity.kind; }},
      {"capacity.workers_max", "CLOUDFOLIO_CAPACITY_WORKERS_MAX",
       "Workers at once, over all tenants; one a tenant in any case.",
       [](Config& c) -> T { return &c.capacity.workers_max; }, 1, 1000},
      {"capacity.cores", "CLOUDFOLIO_CAPACITY_CORES",
       "Processors of one worker; 0: all of this machine's but one, or 2 with aci.",
       [](Config& c) -> T { return &c.capacity.cores; }, 0, 256},
      {"capacity.memory_gib", "CLOUDFOLIO_CAPACITY_MEMORY_GIB", "Memory of one worker.",
       [](Config& c) -> T { return &c.capacity.memory_gib; }, 1, 1024},
      {"capacity.idle_seconds", "CLOUDFOLIO_CAPACITY_IDLE_SECONDS",
       "How long a worker without work is kept.",
       [](Config& c) -> T { return &c.capacity.idle_seconds; }, 1, 86'400},
      {"capacity.start_seconds", "CLOUDFOLIO_CAPACITY_START_SECONDS",
       "How long a worker may take to show life before another is made.",
       [](Config& c) -> T { return &c.capacity.start_seconds; }, 5, 3600},
      {"capacity.spend_per_day_cents", "CLOUDFOLIO_CAPACITY_SPEND_PER_DAY_CENTS",
       "What workers may cost in a day, by the price table, before none is created; 0: no limit.",
       [](Config& c) -> T { return &c.capacity.spend_per_day_cents; }, 0, 100'000'000},
      {"capacity.over_budget", "CLOUDFOLIO_CAPACITY_OVER_BUDGET",
       "What running work does when the day's money is spent: finish or stop.",
       [](Config& c) -> T { return &c.capacity.over_budget; }},
      {"capacity.fallback", "CLOUDFOLIO_CAPACITY_FALLBACK",
       "A training that no worker took in time: wait, or inline: the orchestrator trains, on one "
       "core.",
       [](Config& c) -> T { return &c.capacity.fallback; }},
      {"capacity.patience_seconds", "CLOUDFOLIO_CAPACITY_PATIENCE_SECONDS",
       "How long a training waits for a worker before that.",
       [](Config& c) -> T { return &c.capacity.patience_seconds; }, 1, 86'400},
      {"capacity.aci.subscription", "CLOUDFOLIO_ACI_SUBSCRIPTION",
       "Azure subscription in which container groups are made.",
       [](Config& c) -> T { return &c.capacity.aci_subscription; }},
      {"capacity.aci.resource_group", "CLOUDFOLIO_ACI_RESOURCE_GROUP", "Their resource group.",
       [](Config& c) -> T { return &c.capacity.aci_resource_group; }},
      {"capacity.aci.regions", "CLOUDFOLIO_ACI_REGIONS",
       "Where, joined by commas; the next one where one has no capacity.",
       [](Config& c) -> T { return &c.capacity.aci_regions; }},
      {"capacity.aci.image", "CLOUDFOLIO_ACI_IMAGE", "The trainer's image.",
       [](Config& c) -> T { return &c.capacity.aci_image; }},
      {"capacity.aci.identity", "CLOUDFOLIO_ACI_IDENTITY",
       "Resource id of the user-assigned identity that a worker acts as.",
       [](Config& c) -> T { return &c.capacity.aci_identity; }},
      {"capacity.aci.registry", "CLOUDFOLIO_ACI_REGISTRY",
       "Registry of the image; empty: a public one.",
       [](Config& c) -> T { return &c.capacity.aci_registry; }},
      {"capacity.aci.url", "CLOUDFOLIO_ACI_URL", "Address of Azure Resource Manager.",
       [](Config& c) -> T { return &c.capacity.aci_url; }},
  };
  return kSettings;
}

Status validate_capacity(const Config& config) {
  const CapacityConfig& capacity = config.capacity;
  if (!capacity.kind.empty() && capacity.kind != "process" && capacity.kind != "aci" &&
      capacity.kind != "external")
    return wrong("capacity.kind: '" + capacity.kind + "'; expected process, aci or external");
  if (capacity.over_budget != "finish" && capacity.over_budget != "stop")
    return wrong("capacity.over_budget: expected finish or stop");
  if (capacity.fallback != "wait" && capacity.fallback != "inline")
    return wrong("capacity.fallback: expected wait or inline");
  if (capacity.kind != "aci") return Done{};
  if (config.storage_backend != "azure")
    return wrong("capacity.kind is aci: workers reach the store only with storage.backend azure");
  const std::pair<const char*, const std::string*> needed[] = {
      {"capacity.aci.subscription", &capacity.aci_subscription},
      {"capacity.aci.resource_group", &capacity.aci_resource_group},
      {"capacity.aci.regions", &capacity.aci_regions},
      {"capacity.aci.image", &capacity.aci_image},
      {"capacity.aci.identity", &capacity.aci_identity}};
  for (const auto& [key, value] : needed)
    if (value->empty()) return wrong(std::string("capacity.kind is aci: ") + key + " is not set");
  return Done{};
}

CapacityKind capacity_kind(const CapacityConfig& config, RoleSet roles, Named named) {
  if (!roles.has(Role::orchestrator) || roles.has(Role::trainer)) return CapacityKind::none;
  if (config.kind == "process") return CapacityKind::process;
  if (config.kind == "aci") return CapacityKind::aci;
  if (config.kind == "external" || named == Named::roles) return CapacityKind::external;
  return CapacityKind::process;
}

Result<capacity::Policy> capacity_policy(const CapacityConfig& config, CapacityKind kind,
                                         const costs::PriceTable& prices, Clock::WallTime now) {
  capacity::Policy policy;
  policy.queue = kTrainingQueue;
  policy.workers_max = static_cast<std::size_t>(config.workers_max);
  const int cores = cores_of(config, kind);
  const int memory = static_cast<int>(config.memory_gib);
  policy.sizes = {{cores, memory}};
  if (kind == CapacityKind::aci) {
    if (cores > 1) policy.sizes.push_back({cores / 2, std::max(1, memory / 2)});
    policy.regions = parts_of(config.aci_regions);
    policy.image = config.aci_image;
  } else {
    policy.heartbeat_limit = kProcessHeartbeatLimit;
    policy.lease = kProcessLease;
    policy.endings = capacity::Endings::certain;
  }
  policy.idle_limit =
      kind == CapacityKind::process ? kProcessIdleLimit : std::chrono::seconds(config.idle_seconds);
  policy.start_limit = std::chrono::seconds(config.start_seconds);
  CF_TRY(const auto cpu, prices.price(costs::Unit::cpu_second, policy.regions.front(), now));
  CF_TRY(const auto gib, prices.price(costs::Unit::gib_second, policy.regions.front(), now));
  policy.nanos_per_second = (cpu * cores + gib * memory) / kPicosPerNano;
  policy.day_limit_micros = config.spend_per_day_cents * kMicrosPerCent;
  if (config.over_budget == "stop") policy.over_budget = capacity::OverBudget::checkpoint_stop;
  return policy;
}

capacity::AciOptions aci_options(const Config& config) {
  const CapacityConfig& capacity = config.capacity;
  capacity::AciOptions options;
  options.url = capacity.aci_url;
  options.subscription = capacity.aci_subscription;
  options.resource_group = capacity.aci_resource_group;
  options.owner = config.azure.account.empty() ? "cloudfolio" : config.azure.account;
  options.queue = kTrainingQueue;
  options.identity_id = capacity.aci_identity;
  options.registry = capacity.aci_registry;
  options.command = {"cloudfolio", "serve", "--role", "trainer"};
  // An identity opens the store: no key goes into a container group's description.
  const auto add = [&options](const char* name, const std::string& value) {
    if (!value.empty()) options.environment.emplace_back(name, value);
  };
  add("CLOUDFOLIO_STORAGE_BACKEND", "azure");
  add("AZURE_STORAGE_ACCOUNT", config.azure.account);
  add("BLOB_SERVICE_URI", config.azure.blob_url);
  add("QUEUE_SERVICE_URI", config.azure.queue_url);
  add("TABLE_SERVICE_URI", config.azure.table_url);
  add("AZURE_CLIENT_ID", config.azure.client_id);
  add("CLOUDFOLIO_TRAINING_MAX_TOKENS", std::to_string(config.training_tokens_max));
  add("CLOUDFOLIO_TRAINING_MAX_STEPS", std::to_string(config.training_steps_max));
  add("CLOUDFOLIO_TRAINING_SEED", std::to_string(config.training_seed));
  add("CLOUDFOLIO_TRAINING_PRECISION", config.training_precision);
  add("CLOUDFOLIO_LOG_LEVEL", config.log_level);
  options.cost_tags = {{"service", "trainer"}};
  return options;
}

}  // namespace cloudfolio::roles

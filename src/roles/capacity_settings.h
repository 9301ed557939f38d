#pragma once
// The settings of capacity: who brings workers for trainings, how many, how large, for how much.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "capacity/aci_platform.h"
#include "capacity/policy.h"
#include "costs/price_table.h"
#include "roles/role_set.h"

namespace cloudfolio::roles {

struct Config;
struct Setting;

struct CapacityConfig {
  std::string kind;  // Empty: by how `serve` was started (capacity_kind()).
  std::int64_t workers_max = 2;
  std::int64_t cores = 0;  // 0: this machine's but one (process), 2 (aci).
  std::int64_t memory_gib = 4;
  std::int64_t idle_seconds = 600;
  std::int64_t start_seconds = 180;
  std::int64_t spend_per_day_cents = 0;  // 0: no limit.
  std::string over_budget = "finish";
  std::string fallback = "wait";
  std::int64_t patience_seconds = 120;

  std::string aci_subscription;
  std::string aci_resource_group;
  std::string aci_regions;  // Joined by commas.
  std::string aci_image;
  std::string aci_identity;
  std::string aci_registry;
  std::string aci_url = "https://management.azure.com";
};

enum class CapacityKind { none, process, aci, external };
std::string_view to_string(CapacityKind kind);

// Part of settings().
const std::vector<Setting>& capacity_settings();
Status validate_capacity(const Config& config);

// What a process drives. `none` where it has no orchestrator or trains itself. Not configured:
// `process` for a whole system on one machine (`serve` without --role), else `external`: whoever
// names roles starts trainers, too.
enum class Named { no_roles, roles };
CapacityKind capacity_kind(const CapacityConfig& config, RoleSet roles, Named named);

// Errors: invalid_argument (no price for the region).
Result<capacity::Policy> capacity_policy(const CapacityConfig& config, CapacityKind kind,
                                         const costs::PriceTable& prices, Clock::WallTime now);
capacity::AciOptions aci_options(const Config& config);

}  // namespace cloudfolio::roles

#pragma once
// TenantSettings: what a tenant decides about its own data, and who decided it when.
//
// Table `tenantsettings`, partition: the tenant (to_table_key). Rows: "v-NAME" the present value;
// "a-…" every change, the latest first, at most kChangesKept of them. A value and its change are
// written in one batch. A setting that nobody set has its default.
//
// Threads: thread-safe; any number of processes. Errors: the store's; conflict where somebody else
// changes the same setting all the time.

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/context.h"
#include "base/id.h"
#include "base/result.h"
#include "storage/table.h"

namespace cloudfolio::tenancy {

inline constexpr char kSettingsTable[] = "tenantsettings";
// Whether the tenant's private text trains a model of its own, which answers for it alone. Off.
inline constexpr std::string_view kIncludePrivate = "training.include_private";

enum class Allowed : bool { no, yes };

struct SettingChange {
  std::string name;
  Allowed value = Allowed::no;
  std::string by;  // "tenant ada", "operator"
  Clock::WallTime at{};
};

class TenantSettings {
 public:
  static constexpr std::size_t kChangesKept = 50;

  // Both outlive it.
  TenantSettings(storage::Table& table, const Clock& clock) : table_(table), clock_(clock) {}

  Result<Allowed> include_private(const Context& ctx, const TenantId& tenant) const;
  // Writes nothing where it is set so already; true where it changed.
  Result<bool> set_include_private(const Context& ctx, const TenantId& tenant, Allowed value,
                                   std::string_view by);
  // The latest first.
  Result<std::vector<SettingChange>> changes(const Context& ctx, const TenantId& tenant) const;

 private:
  storage::Table& table_;
  const Clock& clock_;
};

}  // namespace cloudfolio::tenancy

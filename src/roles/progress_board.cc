#include "roles/progress_board.h"

#include "json/json.h"
#include "storage/rules.h"

namespace cloudfolio::roles {
namespace {
constexpr std::chrono::seconds kReportEvery{1};
constexpr std::size_t kRunningMax = 10'000;  // Instances remembered for the pace of their reports.

storage::EntityKey key_of(const TenantId& tenant, const InstanceId& instance) {
  return {.partition = storage::to_table_key(tenant.str()),
          .row = storage::to_table_key(instance.str())};
}
}  // namespace

std::string waiting_report(const std::string& why) {
  return json::write(json::Object{{"phase", "queued"}, {"why", why}});
}

void ProgressBoard::report(const Context& ctx, const std::string& json) {
  {
    auto last = last_write_.lock();
    const auto now = clock_.now();
    const auto found = last->find(ctx.instance().str());
    if (found != last->end() && now - found->second < kReportEvery) return;
    if (last->size() >= kRunningMax) last->clear();
    (*last)[ctx.instance().str()] = now;
  }
  const storage::Entity entity{.key = key_of(ctx.tenant(), ctx.instance()),
                               .values = {{"report", json}, {"at", clock_.wall_time()}}};
  (void)table_.upsert(ctx, entity, storage::Write::replace);
}

std::optional<std::string> ProgressBoard::find(const Context& ctx, const TenantId& tenant,
                                               const InstanceId& instance) {
  const auto entity = table_.get(ctx, key_of(tenant, instance));
  if (!entity) return std::nullopt;
  const auto found = entity->values.find("report");
  if (found == entity->values.end()) return std::nullopt;
  const auto* text = std::get_if<std::string>(&found->second);
  return text == nullptr ? std::nullopt : std::optional(*text);
}

void ProgressBoard::clear(const Context& ctx, const TenantId& tenant, const InstanceId& instance) {
  last_write_.lock()->erase(instance.str());
  (void)table_.remove(ctx, key_of(tenant, instance), storage::Anything{});
}

}  // namespace cloudfolio::roles

#include "cache/rights.h"

#include "cache/cache.h"
#include "storage/rules.h"
#include "storage/table.h"

namespace cloudfolio::cache {

namespace {

constexpr char kConfirmedAt[] = "confirmed_at";
constexpr char kSince[] = "since";
// Clocks of two machines may differ by so much; a confirmation further ahead is no confirmation.
constexpr std::chrono::minutes kClockSkewMax{5};
constexpr std::size_t kRemoveSliceCount = 1'000;

storage::EntityKey key_of(const Place& place) {
  return {.partition = storage::to_table_key(place.tenant.str()), .row = place.scope.text()};
}

std::optional<Right> right_from(const storage::Entity& entity) {
  const auto scope = Scope::from(entity.key.row);
  if (!scope) return std::nullopt;
  Right right{*scope, std::nullopt};
  if (const auto found = entity.values.find(kConfirmedAt); found != entity.values.end())
    if (const auto* time = std::get_if<Clock::WallTime>(&found->second)) right.confirmed_at = *time;
  return right;
}

}  // namespace

Result<std::vector<Right>> Rights::list(const Context& ctx, const TenantId& tenant) const {
  storage::TableQuery query;
  query.partition = storage::to_table_key(tenant.str());
  query.max_count = kScopesCountMax;
  CF_TRY(const storage::TablePage page, table_.query(ctx, query));
  std::vector<Right> rights;
  for (const storage::Entity& entity : page.entities)
    if (auto right = right_from(entity)) rights.push_back(*std::move(right));
  return rights;
}

bool Rights::is_live(const Right& right) const {
  if (!right.confirmed_at) return false;
  const auto age = clock_.wall_time() - *right.confirmed_at;
  return age < lifetime_ && age > -kClockSkewMax;
}

bool Rights::is_ageing(const Right& right) const {
  return !is_live(right) || clock_.wall_time() - *right.confirmed_at >= lifetime_ / 2;
}

Result<std::optional<Place>> Rights::find_live(const Context& ctx, const TenantId& tenant) const {
  CF_TRY(const auto rights, list(ctx, tenant));
  const Right* last = nullptr;
  for (const Right& right : rights)
    if (is_live(right) && (!last || *last->confirmed_at < *right.confirmed_at)) last = &right;
  if (!last) return std::optional<Place>();
  return std::optional<Place>(Place(tenant, last->scope));
}

Status Rights::announce(const Context& ctx, const Place& place) const {
  const storage::Entity row{.key = key_of(place), .values = {{kSince, clock_.wall_time()}}};
  const auto inserted = table_.insert(ctx, row);
  if (!inserted && inserted.error().code() != Code::conflict) return inserted.error();
  return Done{};
}

Status Rights::confirm(const Context& ctx, const Place& place) const {
  const auto entity = table_.get(ctx, key_of(place));
  if (!entity && entity.error().code() != Code::not_found) return entity.error();
  const Clock::WallTime now = clock_.wall_time();
  if (entity) {
    const auto known = right_from(*entity);
    if (known && is_live(*known) && now - *known->confirmed_at < lifetime_ / 4) return Done{};
  }
  const storage::Entity row{.key = key_of(place), .values = {{kConfirmedAt, now}}};
  CF_CHECK(table_.upsert(ctx, row, storage::Write::merge));
  return Done{};
}

Status Rights::suspend(const Context& ctx, const Place& place) const {
  const storage::Entity row{.key = key_of(place), .values = {{kSince, clock_.wall_time()}}};
  CF_CHECK(table_.upsert(ctx, row, storage::Write::replace));
  return Done{};
}

Status Rights::remove(const Context& ctx, const Cache& cache, const Place& place) const {
  CF_CHECK(suspend(ctx, place));
  const TenantCache own = cache.open(place);
  std::string next;
  do {
    CF_TRY(const auto removed, own.remove_private(ctx, kRemoveSliceCount, std::move(next)));
    next = removed.next;
  } while (!next.empty());
  return table_.remove(ctx, key_of(place), storage::Anything{});
}

Result<std::optional<TenantCache>> open_private(const Context& ctx, const Cache& cache,
                                                const Rights* rights, const TenantId& tenant) {
  if (!rights) return std::optional<TenantCache>();
  CF_TRY(const auto place, rights->find_live(ctx, tenant));
  if (!place) return std::optional<TenantCache>();
  return std::optional<TenantCache>(cache.open(*place));
}

}  // namespace cloudfolio::cache

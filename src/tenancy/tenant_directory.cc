#include "tenancy/tenant_directory.h"

#include "crypto/hash.h"
#include "tenancy/table_rows.h"

namespace cloudfolio::tenancy {

namespace {

constexpr char kRow[] = "r";
constexpr std::size_t kHexDigits = 40;
constexpr char kParked[] = "~";

std::string hash_of(std::string_view text) {
  return crypto::sha256_hex(text).substr(0, kHexDigits);
}
storage::EntityKey login_key(const TenantId& login) {
  return {"login-" + hash_of(login.str()), kRow};
}
storage::EntityKey owner_key(const std::string& owner) {
  return {"owner-" + hash_of(owner), kRow};
}

TenantState state_from(const std::string& text) {
  for (const TenantState state : {TenantState::moving, TenantState::deleting, TenantState::deleted})
    if (to_string(state) == text) return state;
  return TenantState::live;
}

}  // namespace

std::string_view to_string(TenantState state) {
  switch (state) {
    case TenantState::live:
      return "live";
    case TenantState::moving:
      return "moving";
    case TenantState::deleting:
      return "deleting";
    case TenantState::deleted:
      return "deleted";
  }
  return "live";
}

TenantId parked_tenant(const std::string& owner) {
  return TenantId(kParked + hash_of(owner));
}

bool is_parked(const TenantId& tenant) {
  return tenant.str().starts_with(kParked);
}

Result<TenantRecord> TenantDirectory::find(const Context& ctx, const TenantId& login) const {
  CF_TRY(const auto row, find_row(ctx, table_, login_key(login)));
  TenantRecord record;
  if (!row) return record;
  record.owner = text_of(*row, "owner");
  record.state = state_from(text_of(*row, "state"));
  record.epoch = int_of(*row, "epoch");
  record.receipt = text_of(*row, "receipt");
  record.etag = row->etag.str();
  return record;
}

Status TenantDirectory::write(const Context& ctx, const TenantId& login,
                              const TenantRecord& record) {
  storage::Entity entity{login_key(login),
                         {{"state", std::string(to_string(record.state))},
                          {"epoch", record.epoch},
                          {"owner", record.owner}}};
  if (record.state != TenantState::deleted) entity.values["login"] = login.str();
  if (!record.receipt.empty()) entity.values["receipt"] = record.receipt;
  if (record.etag.empty()) {
    CF_CHECK(table_.insert(ctx, entity));
    return Done{};
  }
  CF_CHECK(table_.update(ctx, entity, storage::Write::replace,
                         storage::Matches{storage::ETag(record.etag)}));
  return Done{};
}

Result<std::optional<TenantId>> TenantDirectory::login_of(const Context& ctx,
                                                          const std::string& owner) const {
  CF_TRY(const auto row, find_row(ctx, table_, owner_key(owner)));
  if (!row) return std::optional<TenantId>();
  return std::optional(TenantId(text_of(*row, "login")));
}

Status TenantDirectory::set_owner(const Context& ctx, const std::string& owner,
                                  const TenantId& login) {
  CF_CHECK(
      table_.upsert(ctx, {owner_key(owner), {{"login", login.str()}}}, storage::Write::replace));
  return Done{};
}

Status TenantDirectory::forget_owner(const Context& ctx, const std::string& owner) {
  return table_.remove(ctx, owner_key(owner), storage::Anything{});
}

Result<Settlement> TenantDirectory::compare(const Context& ctx, const TenantId& login,
                                            const std::string& owner) const {
  Settlement settlement;
  CF_TRY(const TenantRecord record, find(ctx, login));
  if (!record.owner.empty() && record.owner != owner) {
    settlement.parked_owner = record.owner;
    settlement.park_at = parked_tenant(record.owner);
  }
  if (record.owner == owner && record.state == TenantState::live) return settlement;
  CF_TRY(const auto known, login_of(ctx, owner));
  if (known && *known != login) settlement.come_from = known;
  return settlement;
}

Status TenantDirectory::begin_move(const Context& ctx, const TenantId& from, const TenantId& to) {
  for (const TenantId& place : {from, to}) {
    CF_TRY(TenantRecord record, find(ctx, place));
    if (record.state == TenantState::deleting)
      return Error(Code::cancelled, "'" + place.str() + "' is being deleted");
    if (record.state == TenantState::moving) continue;
    record.state = TenantState::moving;
    ++record.epoch;
    CF_CHECK(write(ctx, place, record));
  }
  return Done{};
}

Status TenantDirectory::end_move(const Context& ctx, const std::string& owner, const TenantId& from,
                                 const TenantId& to) {
  // In this order every prefix is understood by compare() and claim().
  CF_CHECK(set_owner(ctx, owner, to));
  for (const TenantId& place : {from, to}) {
    CF_TRY(TenantRecord record, find(ctx, place));
    record.owner = place == to ? owner : "";
    record.state = TenantState::live;
    record.receipt.clear();
    ++record.epoch;
    CF_CHECK(write(ctx, place, record));
  }
  return Done{};
}

Status TenantDirectory::claim(const Context& ctx, const TenantId& login, const std::string& owner) {
  CF_TRY(TenantRecord record, find(ctx, login));
  if (record.owner == owner && record.state == TenantState::live) return Done{};
  if (record.state == TenantState::deleting || record.state == TenantState::deleted)
    return Error(Code::cancelled, "'" + login.str() + "' was deleted");
  CF_CHECK(set_owner(ctx, owner, login));
  record.owner = owner;
  record.state = TenantState::live;
  return write(ctx, login, record);
}

}  // namespace cloudfolio::tenancy

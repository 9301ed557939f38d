#include "storage/conditions.h"

#include <utility>

namespace cloudfolio::storage {

namespace {

Error conflict(std::string message) {
  return Error(Code::conflict, std::move(message));
}

Status check_update(const UpdateIf& condition, const Entity* existing) {
  if (!existing) return Error(Code::not_found, "there is no such entity");
  const auto* matches = std::get_if<Matches>(&condition);
  if (!matches || matches->etag == existing->etag) return Done{};
  return conflict("the entity has changed since it was read");
}

TableEffect written(const Entity& entity, Write write, const Entity* existing) {
  TableEffect effect{TableEffect::Kind::write, entity.values};
  // Keeps what is there and not named anew.
  if (write == Write::merge && existing) {
    effect.values.insert(existing->values.begin(), existing->values.end());
  }
  return effect;
}

struct EffectOf {
  const Entity* existing;

  Result<TableEffect> operator()(const InsertAction& action) const {
    if (existing) return conflict("the entity exists already");
    return written(action.entity, Write::replace, nullptr);
  }
  Result<TableEffect> operator()(const UpsertAction& action) const {
    return written(action.entity, action.write, existing);
  }
  Result<TableEffect> operator()(const UpdateAction& action) const {
    CF_CHECK(check_update(action.condition, existing));
    return written(action.entity, action.write, existing);
  }
  Result<TableEffect> operator()(const RemoveAction& action) const {
    if (existing) {
      CF_CHECK(check_update(action.condition, existing));
      return TableEffect{TableEffect::Kind::erase, {}};
    }
    if (std::holds_alternative<Matches>(action.condition)) {
      return conflict("the entity is gone since it was read");
    }
    return TableEffect{};
  }
};

}  // namespace

bool is_held(const BlobLease& lease, Clock::WallTime now) {
  // A lease that ends exactly now has ended: nobody acts on one that two may believe in.
  return !lease.id.empty() && now < lease.until;
}

Status check_condition(const Matches& condition, const ETag* existing) {
  if (existing && *existing == condition.etag) return Done{};
  return conflict(existing ? "the blob has changed since it was read"
                           : "the blob is gone since it was read");
}

Status check_condition(const PutIf& condition, const ETag* existing) {
  if (const auto* matches = std::get_if<Matches>(&condition)) {
    return check_condition(*matches, existing);
  }
  if (std::holds_alternative<Nothing>(condition) && existing) {
    return conflict("the blob exists already");
  }
  return Done{};
}

Status check_lease(const BlobLease& lease, const std::optional<LeaseId>& given,
                   Clock::WallTime now) {
  const bool held = is_held(lease, now);
  if (held && !given) return conflict("the blob is leased by somebody else");
  if (held && *given != lease.id) return conflict("the blob is leased by somebody else now");
  if (!held && given) return conflict("the lease has ended");
  return Done{};
}

Status check_renewal(const BlobLease& lease, const LeaseId& given) {
  if (!given.empty() && lease.id == given) return Done{};
  return conflict("the lease has ended or is somebody else's");
}

Result<TableEffect> effect_of(const TableAction& action, const Entity* existing) {
  return std::visit(EffectOf{existing}, action);
}

bool looks_at_existing(const TableAction& action) {
  const auto* upsert = std::get_if<UpsertAction>(&action);
  return !upsert || upsert->write == Write::merge;
}

}  // namespace cloudfolio::storage

#pragma once
// Whether a write may happen, and what it then does: decided here once for every backend that
// decides itself (a service across a network decides on its own side).
//
// Pure functions of what is stored, what is asked, and the time.

#include <chrono>
#include <cstdint>

#include "base/clock.h"
#include "base/result.h"
#include "storage/blob_store.h"
#include "storage/table.h"

namespace cloudfolio::storage {

// What a backend keeps of a blob's latest lease. An empty id: there was none, or it was released,
// broken, or had run out before a write.
struct BlobLease {
  LeaseId id;
  Clock::WallTime until;
  std::chrono::seconds length{0};
};

bool is_held(const BlobLease& lease, Clock::WallTime now);

// `existing` is the ETag of the blob there is, or null.
Status check_condition(const PutIf& condition, const ETag* existing);
Status check_condition(const Matches& condition, const ETag* existing);
// `given` as in PutOptions; the lease of a missing blob is BlobLease{}.
Status check_lease(const BlobLease& lease, const std::optional<LeaseId>& given,
                   Clock::WallTime now);
Status check_renewal(const BlobLease& lease, const LeaseId& given);

// What an action does to the entity of its key.
struct TableEffect {
  enum class Kind : std::uint8_t { write, erase, none };
  Kind kind = Kind::none;
  Values values;  // All values afterwards, for a write.
};
// `existing` is the entity there is, or null. Error: conflict or not_found, as table.h says.
Result<TableEffect> effect_of(const TableAction& action, const Entity* existing);

// Whether a write of this kind needs to know what is there.
bool looks_at_existing(const TableAction& action);

}  // namespace cloudfolio::storage

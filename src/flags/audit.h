#pragma once
// AuditEntry: one change of a flag, by a person or by the guard; and the chain that shows whether
// the entries are the ones that were written.
//
// Each entry's hash covers the entry and the hash before it; the newest hash stands in the table's
// head row. A changed, removed, inserted or reordered entry breaks the chain where it happened. It
// covers the tenant and the reason by their own hashes, so that a deleted tenant's name can be
// taken out of an entry (redact) and the chain still holds. (Who may write the whole table can
// write a new chain; copy the head elsewhere against that.) Format: docs/formats/flags.md.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "storage/table.h"

namespace cloudfolio::flags {

inline constexpr char kGuardActor[] = "guard";
// Stands for the tenant and the reason of an entry whose tenant was deleted. No login looks so.
inline constexpr char kRemovedText[] = "(deleted)";
inline constexpr std::size_t kReasonLengthMax = 1'000;
inline constexpr std::size_t kActorLengthMax = 100;

struct AuditEntry {
  std::uint64_t version = 0;  // 1, 2, 3, … over all flags.
  Clock::WallTime at = {};
  std::string flag;
  std::string action;  // set, set_tenant, turn_back, set_apart, rearm, forget_tenant
  std::string tenant;  // Of set_tenant and set_apart.
  std::string before;  // "on", "off", "25%", "default"; for rearm: "turned back", "armed".
  std::string after;
  std::string actor;  // A person's name, or kGuardActor.
  std::string reason;
  std::string evidence;     // JSON; of the guard's entries.
  std::string tenant_hash;  // SHA-256, lower-case hex, of the texts as they were written.
  std::string reason_hash;
  std::string previous;  // The hash of the entry before; empty for the first.
  std::string hash;
  bool operator==(const AuditEntry&) const = default;
};

// Fills the hashes of an entry that is complete otherwise.
void seal(AuditEntry& entry);
// SHA-256, lower-case hex, over everything but `hash`, the tenant and the reason by their hashes.
std::string hash_of(const AuditEntry& entry);
// Takes the tenant and the reason out of a sealed entry.
void redact(AuditEntry& entry);

// The row that an entry is kept in, and back. Errors: corrupt.
storage::Entity to_entity(const AuditEntry& entry);
Result<AuditEntry> audit_entry_from(const storage::Entity& entity);

// Whether `entries` are all of them, from the first to the head. Errors: corrupt, naming the first
// version that is missing or not as it was written.
Status check_chain(const std::vector<AuditEntry>& entries, std::uint64_t head_version,
                   std::string_view head_hash);

}  // namespace cloudfolio::flags

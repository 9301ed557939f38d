#pragma once
// FlagStore: the flags table. A change and its audit entry are one batch: both are there or
// neither.
//
// Versions count the changes of all flags: 1, 2, 3, … Two writers never make the same one; the
// later of two reads again and follows. Threads:  thread-safe. Lifetime: the table and the clock
// outlive it. Errors:   invalid_argument: no such flag, no reason, a name or a reason that is too
// long; conflict:
//           said at each call, and where others kept changing; corrupt: a row that is none of ours.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/context.h"
#include "base/id.h"
#include "base/result.h"
#include "flags/audit.h"
#include "flags/setting.h"
#include "storage/table.h"

namespace cloudfolio::flags {

// Who changes, and why: both are asked for, and kept.
struct Author {
  std::string name;
  std::string reason;
};

// What the table says, as of one version.
struct FlagTable {
  std::uint64_t version = 0;
  std::string head_hash;
  std::map<std::string, Setting, std::less<>> settings;  // By flag; absent: never changed.
};

class FlagStore {
 public:
  FlagStore(storage::Table& table, const Clock& clock) : table_(table), clock_(clock) {}

  // Rows of flags that this release does not know are left out.
  Result<FlagTable> read(const Context& ctx) const;

  // Each answers the version that it made, or the present one where nothing had to be changed.

  // The value for everybody. `off` also takes away the `on` of single tenants, so that nobody stays
  // on the new path; a tenant's `off` stays until it is set otherwise. conflict: the guard turned
  // the flag back, and nobody re-armed it.
  Result<std::uint64_t> set(const Context& ctx, std::string_view flag, const Share& share,
                            const Author& author);
  // The value for one tenant: on, off, or default (the share decides again). conflict: as above,
  // for `on`. quota_exceeded: kTenantValuesMax tenants have one.
  Result<std::uint64_t> set_tenant(const Context& ctx, std::string_view flag,
                                   const TenantId& tenant, const Share& share,
                                   const Author& author);
  // Lets the guard act again. The flag stays off until somebody sets it.
  Result<std::uint64_t> rearm(const Context& ctx, std::string_view flag, const Author& author);

  // The guard's: off for everybody, and latched. Does nothing where it is latched already, or was
  // re-armed since `armed_version`.
  Result<std::uint64_t> turn_back(const Context& ctx, std::string_view flag,
                                  std::uint64_t armed_version, const std::string& reason,
                                  const std::string& evidence);
  // The guard's: off for one tenant, whose data alone fails.
  Result<std::uint64_t> set_apart(const Context& ctx, std::string_view flag, const TenantId& tenant,
                                  std::uint64_t armed_version, const std::string& reason,
                                  const std::string& evidence);

  // How many rows hold the tenant's name: flags that have a value for it, and audit entries.
  Result<std::uint64_t> count_rows_of(const Context& ctx, const TenantId& tenant) const;
  // For a tenant that is deleted: takes its values away (one change a flag, without its name), and
  // its name out of the entries, with their reasons. One that was interrupted may be called again.
  Status forget(const Context& ctx, const TenantId& tenant);

  // Every entry, oldest first, of one flag or (empty) of all; the whole chain is checked first.
  // Errors: corrupt where an entry was changed or removed.
  Result<std::vector<AuditEntry>> history(const Context& ctx, std::string_view flag) const;

 private:
  template <class Edit>
  Result<std::uint64_t> change(const Context& ctx, std::string_view flag, Edit edit);
  // Every audit row, in order, unchecked.
  Status for_each_entry(
      const Context& ctx,
      const std::function<Status(AuditEntry entry, const storage::ETag& etag)>& visit) const;
  Status forget_reason(const Context& ctx, const AuditEntry& entry);
  Result<FlagTable> read_with_head(const Context& ctx, storage::ETag& head) const;
  Result<bool> write(const Context& ctx, const FlagTable& before, const storage::ETag& head,
                     AuditEntry entry, Setting setting);

  storage::Table& table_;
  const Clock& clock_;
};

}  // namespace cloudfolio::flags

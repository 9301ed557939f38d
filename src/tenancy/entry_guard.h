#pragma once
// EntryGuard: what the cache asks before and after it writes an entry of a tenant: so that its
// bytes are counted, and that nothing of a tenant that is being deleted comes back.
//
// A write is: admit, put, settle. A tenant that was deleted between the two is noticed by settle,
// and the writer takes back what it put. A process that dies between put and settle leaves the
// entry uncounted until its step runs again or a recount (usage_ledger.h) sets that right.
//
// Threads: thread-safe. Errors: cancelled (the tenant is being deleted or moved), and the store's.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/context.h"
#include "base/id.h"
#include "base/result.h"
#include "tenancy/meter.h"

namespace cloudfolio::tenancy {

// The tenancy's count of deletions and moves at the moment of asking.
using Epoch = std::int64_t;

struct EntryWrite {
  const TenantId& tenant;
  std::string_view key;
  StorageClass storage_class = StorageClass::content;
  std::size_t size_bytes = 0;
};

class EntryGuard {
 public:
  virtual ~EntryGuard() = default;
  virtual Result<Epoch> admit(const Context& ctx, const TenantId& tenant) = 0;
  // After the put: counts the bytes in place of those that the key had. Cancelled: the entry must
  // go again, and is not counted.
  virtual Status settle(const Context& ctx, const EntryWrite& write, Epoch epoch) = 0;
  // After the removal of an entry, whoever removed it.
  virtual Status removed(const Context& ctx, const TenantId& tenant, std::string_view key) = 0;
};

}  // namespace cloudfolio::tenancy

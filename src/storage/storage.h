#pragma once
// One place where everything is kept: containers of blobs, queues, tables and leases, by name.
//
// Containers, queues and tables come into being with the first write to them; before, they are
// empty.
//
// Promises: the same name gives the same object. Table names that differ only in case are one
// table. Names:    containers and queues: 3 to 63 of [a-z0-9-], no `--`, ends of [a-z0-9]; tables:
// 3 to 63 of
//   [A-Za-z0-9], a letter first.
// Threads:  thread-safe.
// Lifetime: what it gives out belongs to it and lives as long.
// Errors:   invalid_argument: the name.

#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/context.h"
#include "base/result.h"
#include "storage/blob_store.h"
#include "storage/lease.h"
#include "storage/queue.h"
#include "storage/table.h"

namespace cloudfolio::storage {

class Storage {
 public:
  virtual ~Storage() = default;

  // Never null.
  virtual Result<BlobStore*> blobs(std::string_view container) = 0;
  virtual Result<Queue*> queue(std::string_view name) = 0;
  virtual Result<Table*> table(std::string_view name) = 0;
  virtual LeaseBook& leases() = 0;

  // Whether the store answers and could write; the error says what is wrong. For health checks.
  virtual Status check(const Context& ctx) = 0;
  // One bounded slice of housekeeping (expired messages, what crashes left over). Call it every
  // minute or so from anywhere; skipping it costs space, nothing else.
  virtual Status maintain(const Context& ctx) = 0;
};

// Keeps everything in memory; gone with the object. For tests, and for what need not last.
std::unique_ptr<Storage> open_memory(const Clock& clock);

// The container in which a Storage keeps its leases.
inline constexpr std::string_view kLeaseContainer = "cloudfolio-leases";

}  // namespace cloudfolio::storage

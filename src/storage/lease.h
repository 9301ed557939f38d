#pragma once
// Who may do something now, among processes that may stall, and a number by which everybody can
// tell an old holder from the present one.
//
// A lease ends by itself; its holder renews it well before. Nothing can stop a holder that stalls
// past the end, or a wall clock that jumps, from believing that it still holds: so whatever must
// not be done twice carries the lease's `epoch` and is refused by a store that has seen a higher
// one.
//
// Promises: between two acquires of one name with different holders the first lease has ended by
// the
//   store's clock. Epochs of one name only grow, by one for each successful acquire, across
//   releases, restarts and processes. It is built on BlobStore's leases alone, so every backend has
//   it.
// Threads:  thread-safe.
// Lifetime: the BlobStore (a container used for nothing else) and the clock outlive the book.
// Errors:   conflict: somebody else holds it, or it is no longer yours. invalid_argument: length
// out of
//   kLeaseLengthMin to kLeaseLengthMax, or a name that is no blob key.

#include <chrono>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/context.h"
#include "base/result.h"
#include "storage/blob_store.h"

namespace cloudfolio::storage {

struct Lease {
  std::string name;
  LeaseId id;
  std::uint64_t epoch = 0;  // The fencing token.
  Clock::Instant ends;      // By the holder's steady clock, counted from before the call.
  std::chrono::seconds length{0};
};

class LeaseBook {
 public:
  LeaseBook(BlobStore& blobs, const Clock& clock) : blobs_(blobs), clock_(clock) {}

  Result<Lease> acquire(const Context& ctx, const std::string& name, std::chrono::seconds length);
  // For `lease.length` from now on; moves lease.ends. After a conflict it is lost for good.
  Status renew(const Context& ctx, Lease& lease);
  // Others may acquire at once.
  Status release(const Context& ctx, const Lease& lease);
  // Ends it, whoever holds it: for operators. The holder learns at its next renewal.
  Status break_lease(const Context& ctx, const std::string& name);

 private:
  Result<LeaseId> acquire_blob(const Context& ctx, const BlobKey& key, std::chrono::seconds length);
  Result<std::uint64_t> count_up(const Context& ctx, const BlobKey& key, const LeaseId& lease);

  BlobStore& blobs_;
  const Clock& clock_;
};

}  // namespace cloudfolio::storage

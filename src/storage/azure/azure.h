#pragma once
// Storage in an Azure Storage account: containers of block blobs, queues and tables, over REST.
//
// Promises: those of the interfaces. What a write answered is durable by the service's own promise
//   (three copies at least). Every call is tried again after refused and broken connections and
//   after 408, 429, 500, 502, 503 and 504, with growing, scattered pauses and by Retry-After, until
//   the context's deadline or Retries::attempts_max. A conditional write whose answer was lost is
//   recognised by the mark that it left (see README.md), so that a success is never reported as a
//   conflict; where even that does not tell, the answer is `unavailable`, and not a guess.
// Containers, queues and tables are made by the first write to them.
// A blob above Transfers::single_put_bytes_max is sent as blocks and becomes visible with the last
//   step, as a whole; one above read_bytes is read in pieces of one version.
// Clocks:   the service decides when leases and messages end. Requests carry our wall time: Azure
//   refuses one that is off by more than 15 minutes (permission_denied, saying so).
// Threads:  thread-safe; connections are kept for as many threads as ask at once.
// Errors:   besides the interfaces': unauthenticated and permission_denied where the credential is
//   wrong or too weak; the message carries the service's code, never a secret.
// Lifetime: `clock` outlives the storage.

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>

#include "base/clock.h"
#include "base/limits.h"
#include "base/result.h"
#include "storage/azure/account.h"
#include "storage/storage.h"

namespace cloudfolio::storage::azure {

struct Retries {
  std::size_t attempts_max = 6;
  std::chrono::milliseconds pause_first{200};  // Doubles; the later half of each is chance.
  std::chrono::milliseconds pause_max{10'000};
  std::chrono::milliseconds retry_after_max{60'000};  // A longer Retry-After is not waited for.
};

struct Transfers {
  std::size_t single_put_bytes_max = 8 * kMiB;
  std::size_t block_bytes = 8 * kMiB;
  std::size_t read_bytes = 8 * kMiB;
};

// wait_for_message asks again after pauses that grow between these.
struct Polling {
  std::chrono::milliseconds pause_first{100};
  std::chrono::milliseconds pause_max{5'000};
};

struct Options {
  Account account;
  Retries retries = {};
  Transfers transfers = {};
  Polling polling = {};
  std::chrono::milliseconds attempt_timeout{60'000};
  std::size_t idle_connections_max = 64;
  std::filesystem::path ca_file = {};  // PEM; empty: the system's authorities.
};

// Asks nothing of the network: Storage::check() tells whether the account answers.
// Errors: invalid_argument where the account is incomplete.
Result<std::unique_ptr<Storage>> open(Options options, const Clock& clock);

}  // namespace cloudfolio::storage::azure

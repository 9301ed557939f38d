#pragma once
// RequestKeys: which requests of a tenant were made before, by the key that their callers gave them
// (the header Idempotency-Key), and what was answered.
//
// A request claims its key before it works, and keeps its answer under it afterwards. Another of
// the same key finds the answer; or that the first still works; or, where the first broke off,
// takes over and is told so, because what the first started may be running. Every change is
// conditional on what was read: a request that was overtaken changes and removes nothing.
//
// Table `idempotency`, partition: the tenant (to_table_key); row: 32 digits of the key's SHA-256,
// so that a key may be any text and none is kept. Values: request (SHA-256 of what was asked),
// made_at, claimed_until (while it works), keep_until, job (the instance it started), answer.
//
// Promises: a key is kept for Options::kept, and for as long as the job that it started runs.
// Threads:  thread-safe; any number of processes.
// Errors:   invalid_argument (a key that is empty, longer than kRequestKeyBytesMax or not visible
//           ASCII), quota_exceeded (kRequestKeysMax of this tenant are kept), and the store's.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/context.h"
#include "base/id.h"
#include "base/result.h"
#include "storage/table.h"

namespace cloudfolio::tenancy {

inline constexpr char kRequestKeysTable[] = "idempotency";
inline constexpr std::size_t kRequestKeyBytesMax = 255;
inline constexpr std::size_t kRequestKeysMax = 1'000;
inline constexpr std::size_t kKeptAnswerBytesMax = 16 * kKiB;

// The right to work on a request.
struct RequestClaim {
  TenantId tenant;
  std::string mark;     // Names the request among the tenant's; what it starts carries it.
  std::string request;  // As given to open().
  Clock::WallTime made_at{};
  // Another attempt broke off: what it started, if anything, began after made_at.
  enum class Attempt : std::uint8_t { first, after_another } attempt = Attempt::first;
  storage::ETag etag = {};
};
struct KeptAnswer {
  std::string answer;
};
struct StillWorking {
  std::chrono::seconds again_in{1};
};
// The key was used for something else.
struct OtherRequest {};
using OpenedRequest = std::variant<RequestClaim, KeptAnswer, StillWorking, OtherRequest>;

class RequestKeys {
 public:
  struct Options {
    std::chrono::hours kept{72};
  };
  // Whether a job still runs.
  using IsRunning = std::function<Result<bool>(const Context&, const InstanceId&)>;

  // Both outlive it.
  RequestKeys(Options options, storage::Table& table, const Clock& clock)
      : options_(options), table_(table), clock_(clock) {}

  // `request` is a digest of all that the answer depends on; `longest` is how long an attempt may
  // work: after it, and not before, another takes over.
  Result<OpenedRequest> open(const Context& ctx, const TenantId& tenant, std::string_view key,
                             std::string_view request, std::chrono::seconds longest,
                             const IsRunning& is_running);
  // Keeps the answer, of at most kKeptAnswerBytesMax. Conflict: another attempt took over.
  Status settle(const Context& ctx, const RequestClaim& claim, std::string answer,
                const InstanceId& job);
  // The request was refused and had no effect: its key is free. Done also where another attempt
  // took over: its claim stays.
  Status release(const Context& ctx, const RequestClaim& claim);
  // It may have had an effect, and its answer is not known: the next attempt takes over at once.
  Status leave_open(const Context& ctx, const RequestClaim& claim);

  // Removes keys whose time is over, one page of the table; where to go on (empty: from the start).
  Result<std::string> collect(const Context& ctx, const IsRunning& is_running,
                              const std::string& from);

 private:
  Result<bool> is_over(const Context& ctx, const storage::Entity& row,
                       const IsRunning& is_running) const;
  Status check_room(const Context& ctx, const std::string& partition) const;

  const Options options_;
  storage::Table& table_;
  const Clock& clock_;
};

}  // namespace cloudfolio::tenancy

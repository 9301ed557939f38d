#pragma once
// Deleting a tenant: everything that any part of a store keeps of it, until a scan of all of it
// finds nothing.
//
// The tenant is marked first, so that no writer brings anything back (tenancy/entry_guard.h); what
// runs for it is ended; what there is is counted once, for the receipt; then all of it is removed
// and looked for again. A call that was interrupted, by a crash too, is made again and goes on; one
// that was finished answers its receipt. What stays is a row without a name: the receipt under the
// hash of the login, so that a late writer is refused.
//
// It works on the storage interfaces alone, so on every backend.
//
// Errors: the store's and the orchestrator's; conflict where it is still being written by processes
// that know no mark (the old app): call again.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/context.h"
#include "base/id.h"
#include "base/result.h"
#include "durable/client.h"
#include "json/json_fwd.h"
#include "roles/tenancy_desk.h"
#include "storage/storage.h"
#include "telemetry/log.h"

namespace cloudfolio::roles {

// Every place of a store where something of a tenant may be.
struct Places {
  std::vector<std::string> containers;
  std::vector<std::string> tables;           // a partition a tenant
  std::vector<std::string> tables_by_value;  // rows whose `username` is the tenant
  std::vector<std::string> queues;
};
const Places& all_places();

// What is left, or was there.
struct Findings {
  std::uint64_t blobs = 0;
  std::uint64_t blob_bytes = 0;
  std::uint64_t rows = 0;
  std::uint64_t messages = 0;
  std::uint64_t instances = 0;
  std::string digest;  // SHA-256 over the blobs' hashed keys, sizes and ETags, in order
  bool nothing() const { return blobs + rows + messages + instances == 0; }
};

class TenantErasure {
 public:
  struct Parts {
    storage::Storage& storage;
    TenancyDesk& desk;
    durable::Client& instances;
    const Clock& clock;
    telemetry::Log& log;
    // Told each removed key of the cache's container; may be empty.
    std::function<void(const std::string&)> on_removed = {};
  };
  explicit TenantErasure(Parts parts) : parts_(std::move(parts)) {}

  // The receipt as JSON: subject (SHA-256 of the login), started_at, finished_at, removed {blobs,
  // blob_bytes, rows, messages, instances}, inventory (a digest), left 0, proof (SHA-256 of the
  // rest).
  Result<std::string> run(const Context& ctx, const TenantId& tenant);
  // Everything of the tenant, in every place. Changes nothing but the visibility of messages.
  Result<Findings> scan(const Context& ctx, const TenantId& tenant);

 private:
  Result<json::Object> mark(const Context& ctx, const TenantId& tenant);
  Status save(const Context& ctx, const TenantId& tenant, const json::Object& receipt,
              tenancy::TenantState state);
  Result<std::vector<InstanceId>> instances_of(const Context& ctx, const TenantId& tenant);
  Status end_instances(const Context& ctx, const TenantId& tenant);
  // The places, one kind after the other: found, and removed where `then` says so.
  enum class Then { remove, leave };
  Result<Findings> visit(const Context& ctx, const TenantId& tenant, Then then);
  Status visit_blobs(const Context& ctx, const TenantId& tenant, Then then, Findings& found);
  Status visit_rows(const Context& ctx, const TenantId& tenant, Then then, Findings& found);
  Status visit_messages(const Context& ctx, const TenantId& tenant, Then then, Findings& found);

  const Parts parts_;
};

// Whether an orchestration is about the tenant: "refresh:octocat", or tagged so.
bool is_instance_of(const TenantId& tenant, const durable::OrchestrationState& state);
// Whether a queue's message is: a JSON object whose login, username or tenant is this one.
bool is_message_of(const TenantId& tenant, std::string_view body);

}  // namespace cloudfolio::roles

#pragma once
// Administration: what the gateway's admin routes and the command line ask about tenants: usage,
// quotas, deletion. Beside Portfolios, which is about what a tenant mirrored.
//
// Answers that are interfaces of their own come as JSON text, as with Portfolios;
// docs/operating/tenants.md lists their fields.
//
// Threads: thread-safe. Errors: not_found, invalid_argument (a meter that is none), unavailable
// (this process may not do it), and the store's.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/context.h"
#include "base/id.h"
#include "base/result.h"

namespace cloudfolio::gateway {

enum class Metered { refresh, training };

// Where one more would be refused, or how much is left.
struct QuotaState {
  std::string meter;  // "orchestrations"
  std::int64_t used = 0;
  std::int64_t limit = 0;
  std::int64_t remaining = 0;
  std::chrono::seconds window{0};
  // Until one more fits; absent: waiting does not help, or one fits now.
  std::optional<std::chrono::seconds> fits_in = {};
  std::string fits_at = {};  // RFC 3339; "" where absent
  std::string message = {};  // for people
  bool refused = false;
};

enum class IncludePrivate { no, yes };

class Administration {
 public:
  virtual ~Administration() = default;

  // {"tenants":[…], "enforced":…} of all, or the one object of a tenant.
  virtual Result<std::string> usage(const Context&, const std::optional<TenantId>&) = 0;
  // {"reconciles":true, "tenants":N, "problems":[{"tenant","what","expected","found"}]}
  virtual Result<std::string> verify_usage(const Context&, const std::optional<TenantId>&) = 0;
  // nullopt: the default again. The usage object after it.
  virtual Result<std::string> set_quota(const Context&, const TenantId&, const std::string& meter,
                                        std::optional<std::int64_t> amount) = 0;
  // {"tenant", "settings": {"training.include_private": false}, "changes": [{"name", "value", "by",
  // "at"}]}, the latest change first.
  virtual Result<std::string> settings(const Context&, const TenantId&) = 0;
  // Whether private text trains the tenant's private model; `by` is for the record. What answers
  // follows: on, a training is asked for; off, the base model answers again. The settings after it.
  virtual Result<std::string> set_include_private(const Context&, const TenantId&,
                                                  IncludePrivate value, const std::string& by) = 0;
  // Removes everything of the tenant, or goes on where an earlier call was interrupted; its
  // receipt.
  virtual Result<std::string> delete_tenant(const Context&, const TenantId&) = 0;
  // Whether only somebody who asks for it may begin the tenant anew.
  virtual Result<bool> is_deleted(const Context&, const TenantId&) = 0;
  // The quota nearest to its end that such work asks; nullopt: none is limited.
  virtual Result<std::optional<QuotaState>> quota(const Context&, const TenantId&, Metered) = 0;
};

}  // namespace cloudfolio::gateway

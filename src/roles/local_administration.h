#pragma once
// LocalAdministration: what the admin routes and commands ask, answered from this process's store.
//
// Threads: thread-safe. Everything given outlives it. Without an orchestrator (`instances` null: a
// command that only reads) nothing can be deleted.

#include "durable/client.h"
#include "gateway/administration.h"
#include "roles/platform.h"

namespace cloudfolio::roles {

class LocalAdministration final : public gateway::Administration {
 public:
  LocalAdministration(Platform& platform, durable::Client* instances)
      : platform_(platform), instances_(instances) {}

  Result<std::string> usage(const Context&, const std::optional<TenantId>&) override;
  Result<std::string> verify_usage(const Context&, const std::optional<TenantId>&) override;
  Result<std::string> set_quota(const Context&, const TenantId&, const std::string& meter,
                                std::optional<std::int64_t> amount) override;
  Result<std::string> settings(const Context&, const TenantId&) override;
  Result<std::string> set_include_private(const Context&, const TenantId&,
                                          gateway::IncludePrivate value,
                                          const std::string& by) override;
  Result<std::string> delete_tenant(const Context&, const TenantId&) override;
  Result<bool> is_deleted(const Context&, const TenantId&) override;
  Result<std::optional<gateway::QuotaState>> quota(const Context&, const TenantId&,
                                                   gateway::Metered) override;

 private:
  // Lets what answers for private text follow the setting; nothing where there is none.
  Status follow_include_private(const Context&, const TenantId&, gateway::IncludePrivate value);

  Platform& platform_;
  durable::Client* const instances_;
};

}  // namespace cloudfolio::roles

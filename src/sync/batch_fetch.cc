// Whether a tenant's repositories are read in GraphQL batches: decided once a pass, carried by its
// messages, and charged with how it went.

#include "flags/definition.h"
#include "flags/flags.h"
#include "sync/steps.h"

namespace cloudfolio::sync {

std::optional<BatchFetch> RefreshSteps::decide_batch_fetch(const TenantId& tenant) const {
  if (!services_.flags) return std::nullopt;
  const auto decision = services_.flags->decide(flags::kGraphqlBatchFetch, tenant);
  return BatchFetch{decision.value, decision.version};
}

Source& RefreshSteps::source_for(const std::optional<BatchFetch>& batches) const {
  return batches && !batches->value && services_.one_by_one ? *services_.one_by_one
                                                            : services_.source;
}

void RefreshSteps::record(const TenantId& tenant, const std::optional<BatchFetch>& batches,
                          flags::Outcome outcome) const {
  if (!services_.flags || !batches) return;
  services_.flags->record(
      {flags::kGraphqlBatchFetch, batches->value, batches->version, flags::Decision::Why::standard},
      tenant, outcome);
}

}  // namespace cloudfolio::sync

#pragma once
// What a refresh builds upon.

#include <optional>

#include "base/context.h"
#include "base/result.h"
#include "cache/bundle.h"
#include "cache/tenant_cache.h"

namespace cloudfolio::sync {

struct Base {
  std::optional<cache::PublicationInfo> info;  // nullopt: nothing is published
  cache::Bundle bundle;                        // as that publication has it
};

// The publication, read once. Where it is damaged, `bundle` is empty: then everything is read anew,
// and the refresh heals it.
Result<Base> read_base(const Context& ctx, const cache::TenantCache& cache);

}  // namespace cloudfolio::sync

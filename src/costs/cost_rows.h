#pragma once
// Cost lines as table entities, and back.

#include <string>

#include "costs/ledger.h"

namespace cloudfolio::costs {

std::string partition_of(const TenantId& tenant);
storage::Values values_of(const CostLine& line, const std::string& price_version);
// Code::corrupt where a value is missing.
Result<CostLine> cost_line_from(const storage::Entity& entity);

}  // namespace cloudfolio::costs

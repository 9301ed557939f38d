#pragma once
// Workers, tenants and the leader's memory as table entities, and back. Errors: corrupt.

#include "capacity/planner.h"
#include "storage/table.h"

namespace cloudfolio::capacity {

inline constexpr const char* kMemoryRow = "memory";
inline constexpr std::string_view kWorkerRows = "worker|";
inline constexpr std::string_view kTenantRows = "tenant|";

std::string worker_row(std::uint64_t generation);
std::string tenant_row(const TenantId& tenant);

storage::Values values_of(const Worker& worker);
storage::Values values_of(const TenantRow& tenant);
storage::Values values_of(const Memory& memory);
Result<Worker> worker_from(const storage::Entity& entity);
Result<TenantRow> tenant_from(const storage::Entity& entity);
Result<Memory> memory_from(const storage::Entity& entity);

}  // namespace cloudfolio::capacity

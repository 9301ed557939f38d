#pragma once
// Where an orchestration stands, under Durable Task's names and numbers.

#include <cstdint>
#include <optional>
#include <string_view>

namespace cloudfolio::durable {

// Numbers of the Durable Task protocol, stored and sent. Never renumber.
enum class OrchestrationStatus : std::uint8_t {
  running = 0,
  completed = 1,
  continued_as_new = 2,  // Only inside a history; an instance that continued shows as running.
  failed = 3,
  canceled = 4,
  terminated = 5,
  pending = 6,  // Accepted; its first turn has not run.
  suspended = 7,
};

// "Running", "Completed", "ContinuedAsNew", … as the Durable status routes print them.
std::string_view to_string(OrchestrationStatus status);
std::optional<OrchestrationStatus> status_from(std::string_view name);

// True where nothing more will happen: completed, failed, canceled, terminated.
constexpr bool is_terminal(OrchestrationStatus status) {
  return status == OrchestrationStatus::completed || status == OrchestrationStatus::failed ||
         status == OrchestrationStatus::canceled || status == OrchestrationStatus::terminated;
}

}  // namespace cloudfolio::durable

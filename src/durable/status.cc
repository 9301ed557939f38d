#include "durable/status.h"

#include <array>
#include <utility>

namespace cloudfolio::durable {
namespace {

constexpr std::array<std::pair<OrchestrationStatus, std::string_view>, 8> kNames = {{
    {OrchestrationStatus::running, "Running"},
    {OrchestrationStatus::completed, "Completed"},
    {OrchestrationStatus::continued_as_new, "ContinuedAsNew"},
    {OrchestrationStatus::failed, "Failed"},
    {OrchestrationStatus::canceled, "Canceled"},
    {OrchestrationStatus::terminated, "Terminated"},
    {OrchestrationStatus::pending, "Pending"},
    {OrchestrationStatus::suspended, "Suspended"},
}};

}  // namespace

std::string_view to_string(OrchestrationStatus status) {
  for (const auto& [value, name] : kNames) {
    if (value == status) return name;
  }
  return "Unknown";
}

std::optional<OrchestrationStatus> status_from(std::string_view name) {
  for (const auto& [value, text] : kNames) {
    if (text == name) return value;
  }
  return std::nullopt;
}

}  // namespace cloudfolio::durable

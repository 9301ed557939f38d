#pragma once
// The process that is killed: an orchestration engine with random orchestrations, and a caller that
// says what it was promised.

#include <cstdint>
#include <filesystem>
#include <string>

#include "durable/registry.h"

namespace cloudfolio::crash {

// On the pipe, after the engine acknowledged it: instance started_id(number) was started, or event
// `number` was raised to the collector.
struct DurableReport {
  enum class Said : std::uint32_t { opened, started, raised } said = Said::opened;
  std::uint32_t number = 0;
};

inline constexpr const char* kCollector = "collector";
std::string started_id(std::uint32_t number);

// The kitchen sink, and "collect": it adds the numbers of its events "word" to a list, starting
// over after every fifth, and ends with event "end".
void register_crash(durable::Registry& registry);

// Opens the engine, and starts and raises from `first` on until it is killed. Returns only if
// something failed.
int orchestrate_until_killed(const std::filesystem::path& directory, std::uint32_t first, int pipe);

}  // namespace cloudfolio::crash

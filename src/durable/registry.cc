#include "durable/registry.h"

#include "base/ensure.h"

namespace cloudfolio::durable {

void Registry::orchestration(std::string name, std::string version, Orchestrator run) {
  auto key = std::make_pair(std::move(name), std::move(version));
  const auto [at, added] = orchestrations_.try_emplace(std::move(key), std::move(run));
  CF_ENSURE(added, "orchestration registered twice:", at->first.first, at->first.second);
}

void Registry::activity(std::string name, Activity run, ActivityOptions options) {
  ActivityEntry entry{std::move(run), std::move(options)};
  const auto [at, added] = activities_.try_emplace(std::move(name), std::move(entry));
  CF_ENSURE(added, "activity registered twice:", at->first);
}

void Registry::pool(std::string name, int threads_count) {
  CF_ENSURE(threads_count > 0, name, threads_count);
  pools_[std::move(name)] = threads_count;
}

const Orchestrator* Registry::find_orchestration(std::string_view name,
                                                 std::string_view version) const {
  auto at = orchestrations_.find(std::make_pair(std::string(name), std::string(version)));
  if (at == orchestrations_.end()) {
    at = orchestrations_.find(std::make_pair(std::string(name), std::string()));
  }
  return at == orchestrations_.end() ? nullptr : &at->second;
}

const Registry::ActivityEntry* Registry::find_activity(std::string_view name) const {
  const auto at = activities_.find(name);
  return at == activities_.end() ? nullptr : &at->second;
}

std::vector<std::string> Registry::orchestration_names() const {
  std::vector<std::string> names;
  for (const auto& [key, run] : orchestrations_) {
    if (names.empty() || names.back() != key.first) names.push_back(key.first);
  }
  return names;
}

std::vector<std::string> Registry::activity_names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : activities_) names.push_back(name);
  return names;
}

}  // namespace cloudfolio::durable

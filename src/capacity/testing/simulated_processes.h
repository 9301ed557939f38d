#pragma once
// Processes of a simulated machine, by a manual clock: each runs one job and ends with it, or,
// where it lingers, never ends by itself.

#include <map>
#include <set>
#include <string>

#include "capacity/platform.h"

namespace cloudfolio::capacity::simulated {

class SimulatedProcesses final : public Platform {
 public:
  CreateAnswer create(const Context&, const CreateRequest& request) override {
    if (!running_.emplace(request.name, request.job).second) return {Answer::exists};
    ++creations_;
    return {Answer::accepted};
  }
  Result<std::vector<Group>> list(const Context&) override {
    std::vector<Group> groups;
    for (const auto& [name, job] : running_)
      groups.push_back({name, ended_.contains(name) ? GroupState::ended : GroupState::running,
                        "local", failing_ ? "exit status 1" : "exit status 0",
                        failing_ ? Ending::failed : Ending::in_order});
    return groups;
  }
  Status remove(const Context&, const std::string& name) override {
    running_.erase(name);
    ended_.erase(name);
    return Done{};
  }

  const std::map<std::string, std::string>& running() const { return running_; }
  bool has_ended(const std::string& name) const { return ended_.contains(name); }
  void end(const std::string& name) { ended_.insert(name); }
  // Whatever ends from now on ends with an error.
  void fail_from_now_on() { failing_ = true; }
  std::size_t creations() const { return creations_; }

 private:
  std::map<std::string, std::string> running_;  // Name to job.
  std::set<std::string> ended_;
  bool failing_ = false;
  std::size_t creations_ = 0;
};

}  // namespace cloudfolio::capacity::simulated

#pragma once
// Faults: what can go wrong with GitHub, each by a name, switchable at start and while running.
//
// A fault is written NAME, NAME=VALUE, NAME*TIMES or NAME=VALUE*TIMES: "bad-gateway-above=20*2"
// fails the next two requests about more than 20 repositories. Without TIMES it stays until it is
// cleared. Some faults change the world once and for all (README.md says which): they take a
// repository, "owner/name" or "name"; without one, the first repository of the corpus that fits.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "simulator/world.h"

namespace cloudfolio::simulator {

struct FaultInfo {
  std::string_view name;
  std::string_view value;  // What the value means; empty: takes none.
  std::string_view help;
  bool changes_world = false;
};
std::span<const FaultInfo> known_faults();

class Faults {
 public:
  // Code::invalid_argument for an unknown name (and says which there are) or a bad value.
  Status set(const std::string& spec, World& world);
  void clear(std::string_view name) { active_.erase(std::string(name)); }
  void clear_all() { active_.clear(); }

  // The fault's value ("" if it has none) if it is on; counts as one of its times.
  std::optional<std::string> take(std::string_view name);
  // The same without counting.
  std::optional<std::string> peek(std::string_view name) const;
  std::optional<std::int64_t> peek_number(std::string_view name) const;
  std::vector<std::string> active() const;

 private:
  struct Active {
    std::string value;
    std::optional<std::int64_t> times_left;
  };
  std::map<std::string, Active, std::less<>> active_;
};

// "owner/name", "name", or "" for the first public repository with commits.
RepositoryState* find_target(World& world, std::string_view target);
// Whether a fault's value names this repository.
bool is_target(const RepositoryState& repository, std::string_view target);
// One of the faults that change the world.
Status change_world(World& world, std::string_view name, const std::string& target);

}  // namespace cloudfolio::simulator

#pragma once
// The simulator's own routes, which GitHub does not have: what a test or a person does to the
// world.
//
//   POST   /_sim/faults   {"set": ["NAME=VALUE*TIMES"…], "clear": ["NAME"…]}   → {"active": […]}
//   DELETE /_sim/faults                                                        clears all
//   POST   /_sim/push     {"owner", "repo", "files": {"path": "text" or null}, "message"?,
//   …metadata} POST   /_sim/create | rename | delete | recreate | make-private | edit   {"owner",
//   "repo", …} POST   /_sim/limits   {"resource", "remaining", "reset_in_seconds"} GET
//   /_sim/requests → counters and the last requests;  DELETE resets them GET    /_sim/faults   →
//   all names with their help

#include <functional>
#include <string>

#include "http/message.h"
#include "simulator/budgets.h"
#include "simulator/faults.h"
#include "simulator/world.h"

namespace cloudfolio::http {
class Router;
}

namespace cloudfolio::simulator {

struct ControlView {
  World& world;
  Faults& faults;
  Budgets& budgets;
};
using CurrentControl = std::function<ControlView()>;

void add_control_routes(http::Router& router, CurrentControl view);

}  // namespace cloudfolio::simulator

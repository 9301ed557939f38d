#pragma once
// REST: GitHub's routes that a mirror calls, answered from a world.
//
// Answers carry body and Content-Type; ETags, rate headers and 304 are the simulator's
// (simulator.cc).

#include <optional>
#include <string>

#include "http/message.h"
#include "simulator/faults.h"
#include "simulator/rest_json.h"
#include "simulator/world.h"

namespace cloudfolio::http {
class Router;
}

namespace cloudfolio::simulator {

struct RestView {
  World& world;
  Faults& faults;
  RestPlaces places;
  std::optional<std::string> viewer;
  bool sees_private = false;  // Whether the viewer's private repositories show.
};

// How a handler gets the view of the request that is being answered.
using CurrentView = std::function<RestView&()>;

void add_rest_routes(http::Router& router, CurrentView view);

// {"message", "documentation_url", "status"}
http::Response rest_error(int status, const std::string& message,
                          const std::string& documentation = "https://docs.github.com/rest");
http::Response rest_json(int status, const json::Value& body);

}  // namespace cloudfolio::simulator

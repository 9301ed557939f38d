#pragma once
// Router: method and path pattern → handler.
//
//   router.add(Method::get, "/api/bundles/{username}/{repo}", "bundle_repository", handler);
//
// A placeholder matches one non-empty segment, which is percent-decoded (so "a%2Fb" is one segment
// with a slash in it); "{rest*}" as the last one matches everything that is left. A literal segment
// goes before a placeholder. A trailing slash is ignored. No route: 404; another method: 405 with
// Allow; OPTIONS: 204 with Allow; HEAD is served by GET's handler (the server drops the body).
//
// Threads: add first, then route() from any thread.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace cloudfolio::http {

using Handler = std::function<Response(const Request&)>;

class Router {
 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  // Two routes with the same method and shape are a bug (CF_ENSURE).
  void add(Method method, std::string_view pattern, std::string_view name, Handler handler);
  // What answers when no pattern matches; by default 404 {"error": "No such route: …"}.
  void set_not_found(Handler handler);

  // Finds the route, fills request.path_parameters and request.route, and calls the handler.
  // request.route is "none" where nothing matched.
  Response route(Request& request) const;

  // The names, once each, for metric labels.
  std::vector<std::string> names() const;
  struct Listed {
    Method method;
    std::string pattern;
    std::string name;
  };
  std::vector<Listed> routes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cloudfolio::http

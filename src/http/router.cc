#include "http/router.h"

#include <algorithm>

#include "base/ensure.h"
#include "http/json_response.h"
#include "http/url.h"

namespace cloudfolio::http {
namespace {

// Segments between slashes, without the empty one that a leading or trailing slash makes.
std::vector<std::string_view> split(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  std::vector<std::string_view> segments;
  if (path.empty()) return segments;
  while (true) {
    const std::size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

struct Segment {
  enum class Kind { literal, one, rest } kind;
  std::string text;  // The literal, or the placeholder's name.
};

std::vector<Segment> parse_pattern(std::string_view pattern) {
  std::vector<Segment> segments;
  for (const std::string_view part : split(pattern)) {
    if (part.starts_with('{') && part.ends_with("*}"))
      segments.push_back({Segment::Kind::rest, std::string(part.substr(1, part.size() - 3))});
    else if (part.starts_with('{') && part.ends_with('}'))
      segments.push_back({Segment::Kind::one, std::string(part.substr(1, part.size() - 2))});
    else
      segments.push_back({Segment::Kind::literal, std::string(part)});
  }
  return segments;
}

// Names do not matter to what a pattern matches.
std::string shape_of(const std::vector<Segment>& segments) {
  std::string shape;
  for (const Segment& segment : segments)
    shape += '/' + (segment.kind == Segment::Kind::literal ? segment.text
                    : segment.kind == Segment::Kind::one   ? std::string("{}")
                                                           : std::string("{*}"));
  return shape;
}

struct Route {
  Method method;
  std::string pattern;
  std::string name;
  std::vector<Segment> segments;
  Handler handler;
};

using Parameters = std::map<std::string, std::string, std::less<>>;

bool matches(const Route& route, const std::vector<std::string_view>& path, Parameters& found) {
  found.clear();
  std::size_t at = 0;
  for (const Segment& segment : route.segments) {
    if (segment.kind == Segment::Kind::rest) {
      std::string rest;
      for (; at < path.size(); ++at) rest += (rest.empty() ? "" : "/") + std::string(path[at]);
      auto decoded = percent_decode(rest);
      if (!decoded) return false;
      found.emplace(segment.text, std::move(*decoded));
      return true;
    }
    if (at >= path.size()) return false;
    auto decoded = percent_decode(path[at++]);
    if (!decoded || decoded->empty()) return false;
    if (segment.kind == Segment::Kind::one)
      found.emplace(segment.text, std::move(*decoded));
    else if (*decoded != segment.text)
      return false;
  }
  return at == path.size();
}

// A literal goes before a placeholder, a placeholder before a rest; the first difference decides.
bool more_precise(const Route& one, const Route& other) {
  return std::lexicographical_compare(
      one.segments.begin(), one.segments.end(), other.segments.begin(), other.segments.end(),
      [](const Segment& a, const Segment& b) { return a.kind < b.kind; });
}

Response no_route(const Request& request) {
  return error_response(404, "No such route: " + request.path);
}

}  // namespace

struct Router::State {
  std::vector<Route> routes;
  Handler not_found = no_route;
};

Router::Router() : state_(std::make_unique<State>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

void Router::add(Method method, std::string_view pattern, std::string_view name, Handler handler) {
  Route route{method, std::string(pattern), std::string(name), parse_pattern(pattern),
              std::move(handler)};
  for (const Route& other : state_->routes)
    CF_ENSURE(other.method != method || shape_of(other.segments) != shape_of(route.segments),
              pattern, other.pattern);
  const auto place =
      std::upper_bound(state_->routes.begin(), state_->routes.end(), route, more_precise);
  state_->routes.insert(place, std::move(route));
}

void Router::set_not_found(Handler handler) {
  state_->not_found = std::move(handler);
}

Response Router::route(Request& request) const {
  const auto path = split(request.path);
  const Method wanted = request.method == Method::head ? Method::get : request.method;
  std::vector<std::string_view> allowed;
  Parameters found;
  for (const Route& route : state_->routes) {
    if (!matches(route, path, found)) continue;
    if (route.method == wanted) {
      request.path_parameters = std::move(found);
      request.route = route.name;
      return route.handler(request);
    }
    allowed.push_back(to_string(route.method));
    if (route.method == Method::get) allowed.push_back("HEAD");
  }
  request.route = "none";
  if (allowed.empty()) return state_->not_found(request);
  allowed.push_back("OPTIONS");
  std::sort(allowed.begin(), allowed.end());
  allowed.erase(std::unique(allowed.begin(), allowed.end()), allowed.end());
  std::string list;
  for (const std::string_view method : allowed)
    list += (list.empty() ? "" : ", ") + std::string(method);
  Response response = wanted == Method::options
                          ? Response{204, {}, {}}
                          : error_response(405, std::string(to_string(request.method)) +
                                                    " is not allowed here; use " + list);
  response.headers.set("Allow", list);
  return response;
}

std::vector<std::string> Router::names() const {
  std::vector<std::string> names;
  for (const Route& route : state_->routes)
    if (std::find(names.begin(), names.end(), route.name) == names.end())
      names.push_back(route.name);
  return names;
}

std::vector<Router::Listed> Router::routes() const {
  std::vector<Listed> listed;
  for (const Route& route : state_->routes)
    listed.push_back({route.method, route.pattern, route.name});
  return listed;
}

}  // namespace cloudfolio::http

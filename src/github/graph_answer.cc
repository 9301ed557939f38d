#include "github/graph_answer.h"

#include <algorithm>

namespace cloudfolio::github {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

GraphError error_from(const json::Object& object) {
  GraphError error;
  error.type = std::string(json::find_string(object, "type").value_or(""));
  error.message = std::string(json::find_string(object, "message").value_or(""));
  if (error.type.empty())
    if (const json::Object* extensions = json::find_object(object, "extensions"))
      error.type = std::string(json::find_string(*extensions, "code").value_or(""));
  if (const json::Array* path = json::find_array(object, "path"))
    for (const json::Value& step : *path) {
      if (const auto name = json::as_string(step))
        error.path.emplace_back(*name);
      else if (const auto index = json::as_int(step))
        error.path.push_back(std::to_string(*index));
    }
  return error;
}

}  // namespace

bool GraphError::is_limit() const {
  return type == "RATE_LIMITED" || type == "RATE_LIMIT" || type == "graphql_rate_limit" ||
         contains(message, "API rate limit exceeded");
}

bool GraphError::is_secondary() const {
  return contains(message, "secondary rate limit");
}

bool GraphError::is_exhaustion() const {
  return type == "RESOURCE_LIMITS_EXCEEDED";
}

bool GraphError::is_timeout() const {
  return contains(message, "Something went wrong");
}

const GraphError* GraphAnswer::error_around(std::span<const std::string> path) const {
  for (const GraphError& error : errors) {
    const std::size_t common = std::min(error.path.size(), path.size());
    if (std::equal(error.path.begin(), error.path.begin() + std::ptrdiff_t(common), path.begin()))
      return &error;
  }
  return nullptr;
}

Result<GraphAnswer> parse_graph_answer(std::string_view body) {
  auto object = json::parse_object(body);
  if (!object)
    return Error(Code::unavailable, "GitHub's answer is not JSON: " + object.error().message());
  GraphAnswer answer;
  if (const json::Array* errors = json::find_array(*object, "errors"))
    for (const json::Value& error : *errors)
      if (const json::Object* one = error.if_object()) answer.errors.push_back(error_from(*one));
  json::Value* data = object->if_contains("data");
  if (data && data->is_object()) answer.data = std::move(data->get_object());
  if (answer.data.empty() && answer.errors.empty())
    return Error(Code::unavailable, "GitHub's answer holds neither data nor errors");
  if (const json::Object* rate = json::find_object(answer.data, "rateLimit"))
    answer.cost = json::find_int(*rate, "cost").value_or(0);
  return answer;
}

}  // namespace cloudfolio::github

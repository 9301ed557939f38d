#pragma once
// GraphAnswer: a GraphQL answer that may be partial, with the one question that matters about a
// null: is it certain?

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/json.h"

namespace cloudfolio::github {

struct GraphError {
  std::string type;  // "NOT_FOUND", "RESOURCE_LIMITS_EXCEEDED", …; often empty.
  std::string message;
  std::vector<std::string> path;  // {"nodes", "3", "readme"}; empty: the whole query.
  bool is_limit() const;  // The primary budget: matched loosely, GitHub spells it in several ways.
  bool is_secondary() const;
  bool is_exhaustion() const;  // RESOURCE_LIMITS_EXCEEDED: asked too much at once.
  bool is_timeout() const;     // "Something went wrong while executing your query…"
};

struct GraphAnswer {
  json::Object data;  // Empty where GitHub sent null.
  std::vector<GraphError> errors;
  std::int64_t cost = 0;  // As rateLimit said; 0 if the answer does not.

  // The first error at, above or below the path; null if the answer is certain there. Errors
  // without a path stand for everything.
  const GraphError* error_around(std::span<const std::string> path) const;
};

// Code::unavailable for a body that is no GraphQL answer (cut off, a proxy's page).
Result<GraphAnswer> parse_graph_answer(std::string_view body);

}  // namespace cloudfolio::github

#pragma once
// Runs a checked query: selections, aliases, fragments and merging as the GraphQL specification
// says (section 6), over nodes that answer one field at a time.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/json.h"
#include "simulator/document.h"

namespace cloudfolio::simulator {

struct FieldCall {
  std::string_view field;
  const json::Object& arguments;

  std::optional<std::string_view> text(std::string_view name) const {
    return json::find_string(arguments, name);
  }
  std::optional<std::int64_t> number(std::string_view name) const {
    return json::find_int(arguments, name);
  }
};

struct FieldResult;

// An object of the graph. `resolve` may borrow from the world; it lives for one request.
struct GraphNode {
  std::string_view type;
  std::function<FieldResult(const FieldCall&)> resolve;
};

// Why a field is null: "NOT_FOUND", "FORBIDDEN", "RESOURCE_LIMITS_EXCEEDED"; an empty type is left
// out.
struct FieldError {
  std::string type;
  std::string message;
  json::Object extensions;
};

struct ListElement {
  std::optional<GraphNode> node;
  std::optional<FieldError> error;  // Together with no node.
};

// A leaf, an object (or null), or a list of objects.
struct FieldResult {
  enum class Kind { leaf, node, list };
  Kind kind = Kind::leaf;
  json::Value leaf;
  std::optional<GraphNode> node;
  std::vector<ListElement> list;
  std::optional<FieldError> error;

  FieldResult() = default;
  template <class Leaf>
  requires(std::is_constructible_v<json::Value, Leaf>) FieldResult(Leaf value)
      : leaf(std::move(value)) {}
  FieldResult(GraphNode value) : kind(Kind::node), node(std::move(value)) {}
  FieldResult(std::optional<GraphNode> value) : kind(Kind::node), node(std::move(value)) {}
  FieldResult(std::vector<ListElement> value) : kind(Kind::list), list(std::move(value)) {}
  static FieldResult failed(FieldError why) {
    FieldResult result;
    result.kind = Kind::node;
    result.error = std::move(why);
    return result;
  }
};

struct Execution {
  json::Object data;
  json::Array errors;
};

Execution execute(const Document& document, const Operation& operation,
                  const json::Object& variables, const GraphNode& root);

}  // namespace cloudfolio::simulator

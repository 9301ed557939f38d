#include "simulator/graph_answer.h"

#include "simulator/document.h"

namespace cloudfolio::simulator {
namespace {

GraphAnswer failed(std::string message) {
  json::Object body;
  body["errors"] = json::Array{json::Object{{"message", std::move(message)}}};
  return {std::move(body), 0};
}

const Operation* find_operation(const Document& document, std::string_view name) {
  if (name.empty()) return document.operations.size() == 1 ? &document.operations.front() : nullptr;
  for (const Operation& operation : document.operations)
    if (operation.name == name) return &operation;
  return nullptr;
}

}  // namespace

GraphAnswer answer_graph(std::string_view body, GraphView& view, const BeforeRun& before_run) {
  const auto request = json::parse_object(body);
  if (!request) return failed("Problems parsing JSON");
  const auto query = json::find_string(*request, "query");
  if (!query) return failed("A query attribute must be specified and must be a string.");
  const auto document = parse_document(*query);
  if (!document) return failed(document.error().message());
  const Operation* operation =
      find_operation(*document, json::find_string(*request, "operationName").value_or(""));
  if (!operation) return failed("No operation with that name");
  json::Object variables;
  if (const json::Object* given = json::find_object(*request, "variables")) variables = *given;
  const CheckedQuery checked = check_query(*document, *operation, variables);
  if (!checked.errors.empty()) {
    GraphAnswer refused;
    refused.cost = 0;
    json::Array errors;
    for (const json::Value& error : checked.errors) errors.push_back(error);
    // A query that is refused for its size has run into "data": null; a wrong one has no data at
    // all.
    if (json::find(checked.errors.front(), "type")) refused.body["data"] = nullptr;
    refused.body["errors"] = std::move(errors);
    return refused;
  }
  if (auto instead = before_run(checked)) return *std::move(instead);
  Execution done = execute(*document, *operation, variables, query_root(view));
  GraphAnswer answer;
  answer.cost = checked.cost;
  answer.body["data"] = std::move(done.data);
  if (!done.errors.empty()) answer.body["errors"] = std::move(done.errors);
  return answer;
}

}  // namespace cloudfolio::simulator

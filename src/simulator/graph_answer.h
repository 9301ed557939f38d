#pragma once
// One GraphQL request: from the body to the answer's JSON.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "simulator/graph_check.h"
#include "simulator/graph_fields.h"

namespace cloudfolio::simulator {

struct GraphAnswer {
  json::Object body;
  std::int64_t cost = 1;  // 0 where the query did not run.
};

// Called with the checked query before it runs: charges it, fills the view's rate fields, and may
// answer instead ("cannot answer a page of that size").
using BeforeRun = std::function<std::optional<GraphAnswer>(const CheckedQuery&)>;

GraphAnswer answer_graph(std::string_view body, GraphView& view, const BeforeRun& before_run);

}  // namespace cloudfolio::simulator

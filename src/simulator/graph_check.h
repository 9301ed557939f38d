#pragma once
// What GitHub refuses before it runs a query, and what it charges for one.
//
// Refusals: unknown fields, arguments, types and variables, missing selections, missing variables,
// connections without or with too large a first/last, more than 100 ids, more than 500,000 nodes.
// The cost is the documented formula: the number of connections that are asked, each times the
// `first`s around it, divided by 100 and rounded, at least 1
// (docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api).

#include <cstdint>
#include <string>
#include <vector>

#include "json/json.h"
#include "simulator/document.h"

namespace cloudfolio::simulator {

inline constexpr std::int64_t kConnectionFirstMax = 100;
inline constexpr std::size_t kNodeIdsMax = 100;
inline constexpr std::int64_t kQueryNodesMax = 500'000;

struct CheckedQuery {
  std::vector<json::Value> errors;  // As they go into the answer; not empty: do not run it.
  std::int64_t cost = 1;
  std::int64_t nodes_count = 0;
  // The largest number of repositories that one field asks for: a page's size, or a list of ids.
  std::int64_t repositories_count = 0;
};

// `variables` gets the defaults that the document names.
CheckedQuery check_query(const Document& document, const Operation& operation,
                         json::Object& variables);

// An input with its variables put in; null for a variable without a value.
json::Value resolve_input(const Input& input, const json::Object& variables);
// Whether @include and @skip leave a selection in.
bool is_included(const Selection& selection, const json::Object& variables);

}  // namespace cloudfolio::simulator

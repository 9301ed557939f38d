#pragma once
// What one node of a detail answer says: a draft, a final word, or "ask again".
//
// The rules about nulls live here: null under an error is not known, null without one is absent;
// and a document that does not fit the tree of the same answer was torn by a push.

#include <string>
#include <variant>

#include "github/draft.h"
#include "github/graph_answer.h"
#include "github/rest_details.h"

namespace cloudfolio::github {

// GitHub ran out of resources: ask fewer at once.
struct AskSmaller {};
// Torn, or a passing failure: ask once more.
struct AskAgain {
  std::string why;
};
using NodeReading = std::variant<Draft, Outcome, AskSmaller, AskAgain>;

// `position`: in the answer's `nodes`.
NodeReading read_detail_node(const GraphAnswer& answer, std::size_t position,
                             const json::Value& node, const std::string& rest_base);

}  // namespace cloudfolio::github

#pragma once
// The graph over a world: what each field of the served schema answers.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "simulator/graph_execute.h"
#include "simulator/world.h"

namespace cloudfolio::simulator {

// What one request sees.
struct GraphView {
  World& world;
  std::string origin;                 // "https://github.com": of html addresses.
  std::optional<std::string> viewer;  // The token's login.
  bool sees_private = false;          // Whether the viewer's private repositories show.
  // rateLimit's answer.
  std::int64_t cost = 1;
  std::int64_t nodes_count = 0;
  std::int64_t limit = 0;
  std::int64_t remaining = 0;
  std::int64_t used = 0;
  std::string reset_at;
  // Asked for every repository that a list is about to hold; an error replaces it. `position`
  // counts the repositories of this request.
  std::function<std::optional<FieldError>(const RepositoryState&, std::int64_t position)> refuse;
  // The same for each document's text.
  std::function<std::optional<FieldError>(const RepositoryState&, std::int64_t position)>
      refuse_text;
  std::int64_t repositories_count = 0;  // Listed so far.
};

// `view` outlives the node.
GraphNode query_root(GraphView& view);

// What a text blob shows: GraphQL cuts at this size.
inline constexpr std::size_t kBlobTextBytesMax = 512'000;
// Whether bytes are text to GitHub: valid UTF-8 without NUL.
bool is_text(std::string_view bytes);

}  // namespace cloudfolio::simulator

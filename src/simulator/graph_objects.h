#pragma once
// Nodes of the graph that several files make: accounts, repositories, git objects, pages.

#include <optional>
#include <string>

#include "simulator/graph_fields.h"
#include "simulator/licenses.h"

namespace cloudfolio::simulator {

// The part [from, to) of `total` elements that first/after/last/before name.
struct Window {
  std::size_t from = 0;
  std::size_t to = 0;
  std::size_t total = 0;
};
Window window_of(const FieldCall& call, std::size_t total);
std::string cursor_of(std::size_t index);
GraphNode page_info_node(Window window);

bool is_visible(const GraphView& view, const RepositoryState& repository);
std::string visibility_of(const RepositoryState& repository);

GraphNode account_node(GraphView& view, const AccountState& account);
// `position`: which of the request's repositories it is.
GraphNode repository_node(GraphView& view, RepositoryState& repository, std::int64_t position);
GraphNode license_node(const LicenseName& license);

}  // namespace cloudfolio::simulator

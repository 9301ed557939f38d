#pragma once
// Details by GraphQL: batches of repositories in one request, then follow-ups for deep folders and
// odd documents; REST for what GraphQL cannot say.
//
// A request that is too heavy is tried once more at its size (GitHub warms up), then halved; nodes
// that a partial answer left out are asked again at half the size. A repository that is too heavy
// alone goes by REST; after the second of those GraphQL counts as down, and the rest goes by REST
// too. One object for one fetch_details() call.

#include <deque>
#include <span>
#include <vector>

#include "github/api.h"
#include "github/batch_sizes.h"
#include "github/draft.h"
#include "github/graph_node.h"

namespace cloudfolio::github {

class GraphDetails {
 public:
  GraphDetails(Api& api, BatchSizes& sizes, std::size_t attempts_max, const Clock& clock,
               telemetry::Log& log, std::span<const RepositoryRef> refs);

  // One outcome for each, in order. An Error of everything is the outcome of those that it kept
  // from being answered.
  std::vector<FetchedRepository> run(const Context& ctx, Usage& usage);
  // How many repositories run() had to ask REST about.
  std::size_t fallback_count() const { return by_rest_.size(); }

 private:
  Status ask_batches(const Context& ctx, Usage& usage);
  // True if GitHub left some of them out for want of resources.
  bool apply(const Context& ctx, std::span<const std::size_t> batch, const GraphAnswer& answer);
  void too_heavy(std::span<const std::size_t> batch);
  void ask_again(const Context& ctx, std::size_t index, const std::string& why);
  Status ask_rest(const Context& ctx, Usage& usage);
  void settle(std::size_t index, Outcome outcome);
  void settle_draft(Draft draft);

  Api& api_;
  BatchSizes& sizes_;
  const std::size_t attempts_max_;
  const Clock& clock_;
  telemetry::Log& log_;
  const std::span<const RepositoryRef> refs_;
  std::vector<FetchedRepository> fetched_;
  std::vector<bool> settled_;
  std::vector<int> again_counts_;
  std::deque<std::size_t> pending_;
  std::deque<Draft> drafts_;
  std::vector<std::size_t> by_rest_;
};

}  // namespace cloudfolio::github

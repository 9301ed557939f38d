#include "github/graph_details.h"

#include <algorithm>

#include "github/follow_ups.h"
#include "github/queries.h"

namespace cloudfolio::github {
namespace {

constexpr int kAgainMax = 2;

}  // namespace

GraphDetails::GraphDetails(Api& api, BatchSizes& sizes, std::size_t attempts_max,
                           const Clock& clock, telemetry::Log& log,
                           std::span<const RepositoryRef> refs)
    : api_(api),
      sizes_(sizes),
      attempts_max_(attempts_max),
      clock_(clock),
      log_(log),
      refs_(refs),
      fetched_(refs.size()),
      settled_(refs.size(), false),
      again_counts_(refs.size(), 0) {
  for (std::size_t index = 0; index < refs.size(); ++index) {
    fetched_[index].node_id = refs[index].node_id;
    pending_.push_back(index);
  }
}

void GraphDetails::settle(std::size_t index, Outcome outcome) {
  fetched_[index].outcome = std::move(outcome);
  settled_[index] = true;
}

void GraphDetails::settle_draft(Draft draft) {
  const std::size_t index = draft.index;
  if (draft.failed) return settle(index, Unknown{*std::move(draft.failed)});
  if (!is_complete(draft) || !resolve_links(draft).empty()) return;
  settle(index, Outcome(finish(std::move(draft))));
}

void GraphDetails::ask_again(const Context& ctx, std::size_t index, const std::string& why) {
  log_.debug(ctx, "github.node_again",
             {{"repository", refs_[index].owner + "/" + refs_[index].name}, {"reason", why}});
  if (++again_counts_[index] <= kAgainMax)
    pending_.push_back(index);
  else
    settle(index, Unknown{Error(Code::unavailable, "GitHub could not say: " + why)});
}

bool GraphDetails::apply(const Context& ctx, std::span<const std::size_t> batch,
                         const GraphAnswer& answer) {
  const json::Array* nodes = json::find_array(answer.data, "nodes");
  std::vector<std::size_t> smaller;
  for (std::size_t position = 0; position < batch.size(); ++position) {
    const std::size_t index = batch[position];
    const json::Value none;
    const json::Value& node = nodes && position < nodes->size() ? (*nodes)[position] : none;
    if (!nodes && answer.errors.empty()) {
      ask_again(ctx, index, "an answer without nodes");
      continue;
    }
    NodeReading reading = read_detail_node(answer, position, node, api_.endpoints().rest);
    if (Draft* draft = std::get_if<Draft>(&reading)) {
      draft->index = index;
      drafts_.push_back(std::move(*draft));
    } else if (Outcome* outcome = std::get_if<Outcome>(&reading)) {
      settle(index, std::move(*outcome));
    } else if (AskAgain* again = std::get_if<AskAgain>(&reading)) {
      ask_again(ctx, index, again->why);
    } else {
      smaller.push_back(index);
    }
  }
  if (smaller.empty()) return false;
  if (batch.size() == 1)
    too_heavy(batch);
  else
    pending_.insert(pending_.begin(), smaller.begin(), smaller.end());
  return true;
}

void GraphDetails::too_heavy(std::span<const std::size_t> batch) {
  if (batch.size() > 1) {
    pending_.insert(pending_.begin(), batch.begin(), batch.end());
    return;
  }
  by_rest_.push_back(batch.front());
  if (by_rest_.size() < 2) return;
  by_rest_.insert(by_rest_.end(), pending_.begin(), pending_.end());
  pending_.clear();
}

Status GraphDetails::ask_batches(const Context& ctx, Usage& usage) {
  while (!pending_.empty()) {
    const std::size_t size = std::min(pending_.size(), sizes_.size(Shape::detail));
    const std::vector<std::size_t> batch(pending_.begin(), pending_.begin() + std::ptrdiff_t(size));
    json::Array ids;
    for (const std::size_t index : batch) ids.emplace_back(refs_[index].node_id);
    const auto started = clock_.now();
    CF_TRY(const GraphResult result,
           api_.query(ctx, detail_query(), json::Object{{"ids", std::move(ids)}},
                      size > 1 ? 2 : attempts_max_, usage));
    pending_.erase(pending_.begin(), pending_.begin() + std::ptrdiff_t(size));
    if (const TooHeavy* heavy = std::get_if<TooHeavy>(&result)) {
      log_.warn(ctx, "github.batch_too_heavy",
                {{"repositories_count", size}, {"reason", heavy->reason}});
      sizes_.failed(Shape::detail, size);
      too_heavy(batch);
      continue;
    }
    if (apply(ctx, batch, std::get<GraphAnswer>(result)))
      sizes_.failed(Shape::detail, size);
    else
      sizes_.answered(Shape::detail, size, clock_.now() - started);
  }
  return Done{};
}

Status GraphDetails::ask_rest(const Context& ctx, Usage& usage) {
  for (const std::size_t index : by_rest_) {
    CF_TRY(Outcome outcome, fetch_by_rest(api_, ctx, refs_[index], usage));
    settle(index, std::move(outcome));
  }
  return Done{};
}

std::vector<FetchedRepository> GraphDetails::run(const Context& ctx, Usage& usage) {
  const auto all = [&]() -> Status {
    CF_CHECK(ask_batches(ctx, usage));
    FollowUps follow_ups(api_, sizes_, clock_, {refs_.begin(), refs_.end()});
    const Status completed = follow_ups.complete(ctx, drafts_, usage);
    // What is whole is kept, also when the others could not be completed.
    for (Draft& draft : drafts_) settle_draft(std::move(draft));
    CF_CHECK(completed);
    return ask_rest(ctx, usage);
  };
  const Status done = all();
  if (!done)
    for (std::size_t index = 0; index < refs_.size(); ++index)
      if (!settled_[index]) fetched_[index].outcome = Unknown{done.error()};
  return std::move(fetched_);
}

}  // namespace cloudfolio::github

#include "github/follow_ups.h"

#include <algorithm>

#include "github/documents.h"
#include "github/queries.h"
#include "github/rest_details.h"

namespace cloudfolio::github {
namespace {

// A repository with more closed folders than this is one REST call, not a row of follow-ups.
constexpr std::size_t kClosedTreesMax = 1'000;
// Deeper than any repository that has come to light; a tree that goes on is REST's.
constexpr int kRoundsMax = 20;

}  // namespace

std::vector<FollowUps::Unit> FollowUps::open_units(std::deque<Draft>& drafts) const {
  std::vector<Unit> units;
  for (Draft& draft : drafts) {
    if (draft.failed || whole_tree_by_rest_.contains(&draft)) continue;
    for (const ClosedTree& tree : draft.closed)
      units.push_back({&draft, tree.oid, tree.path, DocumentKind::readme, true, "", ""});
    for (const BlobNeed& blob : draft.blobs)
      units.push_back({&draft, blob.oid, "", blob.kind, false, "", ""});
  }
  return units;
}

std::string FollowUps::document_for(std::span<Unit> units, json::Object& variables) const {
  std::vector<FollowUpRepository> repositories;
  const Draft* last = nullptr;
  for (Unit& unit : units) {
    if (unit.draft != last) {
      const std::string alias = "r" + std::to_string(repositories.size());
      repositories.push_back({refs_[unit.draft->index].node_id, {}, {}});
      variables[alias] = repositories.back().node_id;
      last = unit.draft;
    }
    FollowUpRepository& own = repositories.back();
    unit.alias = "r" + std::to_string(repositories.size() - 1);
    auto& oids = unit.is_tree ? own.tree_oids : own.blob_oids;
    unit.inner_alias = (unit.is_tree ? "t" : "b") + std::to_string(oids.size());
    oids.push_back(unit.oid);
    variables[unit.alias + unit.inner_alias] = unit.oid;
  }
  return follow_up_query(repositories);
}

bool FollowUps::apply(const Unit& unit, const GraphAnswer& answer) {
  Draft& draft = *unit.draft;
  const std::array<std::string, 2> path{unit.alias, unit.inner_alias};
  const GraphError* error = answer.error_around(path);
  if (error && error->is_exhaustion()) return false;
  const json::Object* node = json::find_object(answer.data, unit.alias);
  const json::Object* object = node ? json::find_object(*node, unit.inner_alias) : nullptr;
  if (unit.is_tree) {
    std::erase_if(draft.closed, [&](const ClosedTree& tree) { return tree.path == unit.path; });
    std::vector<TreeEntry> entries;
    std::vector<ClosedTree> closed;
    if (error || !object || !entries_from_graph(*object, unit.path, entries, closed)) {
      whole_tree_by_rest_.insert(&draft);
      return true;
    }
    auto& tree = draft.details.tree;
    tree.insert(tree.end(), std::make_move_iterator(entries.begin()),
                std::make_move_iterator(entries.end()));
    if (tree.size() > kTreeEntriesMax) closed.clear(), draft.closed.clear();
    draft.closed.insert(draft.closed.end(), closed.begin(), closed.end());
    return true;
  }
  std::erase_if(draft.blobs, [&](const BlobNeed& need) { return need.kind == unit.kind; });
  if (error || !object || json::find_string(*object, "__typename") != "Blob")
    draft.raw_blobs.push_back({unit.kind, unit.oid});
  else
    read_blob_node(draft, unit.kind, *object);
  return true;
}

Status FollowUps::ask(const Context& ctx, std::span<Unit> units, Usage& usage) {
  std::vector<Unit> left(units.begin(), units.end());
  while (!left.empty()) {
    const std::size_t size = std::min(left.size(), sizes_.size(Shape::follow_up));
    const std::span<Unit> now(left.data(), size);
    json::Object variables;
    const std::string document = document_for(now, variables);
    const auto started = clock_.now();
    CF_TRY(const GraphResult result, api_.query(ctx, document, variables, 2, usage));
    std::vector<Unit> again;
    if (const GraphAnswer* answer = std::get_if<GraphAnswer>(&result)) {
      sizes_.answered(Shape::follow_up, size, clock_.now() - started);
      for (const Unit& unit : now)
        if (!apply(unit, *answer)) again.push_back(unit);
    } else {
      again.assign(now.begin(), now.end());
    }
    if (again.size() == size && size == 1) {  // Even alone it is too much: REST.
      const Unit& unit = again.front();
      if (unit.is_tree) {
        whole_tree_by_rest_.insert(unit.draft);
      } else {
        std::erase_if(unit.draft->blobs,
                      [&](const BlobNeed& need) { return need.kind == unit.kind; });
        unit.draft->raw_blobs.push_back({unit.kind, unit.oid});
      }
      again.clear();
    } else if (!again.empty()) {
      sizes_.failed(Shape::follow_up, size);
    }
    left.erase(left.begin(), left.begin() + std::ptrdiff_t(size));
    left.insert(left.begin(), again.begin(), again.end());
    std::erase_if(left, [&](const Unit& unit) {
      return unit.is_tree && whole_tree_by_rest_.contains(unit.draft);
    });
  }
  return Done{};
}

Status FollowUps::complete_by_rest(const Context& ctx, std::deque<Draft>& drafts, Usage& usage) {
  for (Draft& draft : drafts) {
    if (whole_tree_by_rest_.erase(&draft) > 0) {
      auto read = read_recursive_tree(api_, ctx, draft, usage);
      if (!read && !is_local(read.error())) return read;
      if (!read) {
        draft.failed = std::move(read).error();
        draft.closed.clear();
        continue;
      }
    }
    const std::vector<BlobNeed> needs = std::move(draft.raw_blobs);
    draft.raw_blobs.clear();
    CF_CHECK(read_raw_blobs(api_, ctx, draft, needs, usage));
  }
  return Done{};
}

Status FollowUps::complete(const Context& ctx, std::deque<Draft>& drafts, Usage& usage) {
  for (int round = 0; round < kRoundsMax; ++round) {
    for (Draft& draft : drafts) {
      if (draft.closed.size() > kClosedTreesMax) whole_tree_by_rest_.insert(&draft);
      // A link waits only for its own repository.
      if (is_complete(draft))
        for (const BlobNeed& need : resolve_links(draft)) draft.blobs.push_back(need);
    }
    std::vector<Unit> units = open_units(drafts);
    if (!units.empty()) {
      CF_CHECK(ask(ctx, units, usage));
      continue;
    }
    CF_CHECK(complete_by_rest(ctx, drafts, usage));
    const bool all = std::all_of(drafts.begin(), drafts.end(), [](const Draft& draft) {
      return draft.failed || (is_complete(draft) && draft.links_resolved);
    });
    if (all) return Done{};
  }
  for (Draft& draft : drafts)
    if (!draft.closed.empty()) whole_tree_by_rest_.insert(&draft);
  return complete_by_rest(ctx, drafts, usage);
}

}  // namespace cloudfolio::github

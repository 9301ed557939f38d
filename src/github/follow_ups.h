#pragma once
// FollowUps: the second and later GraphQL requests of a fetch: folders that are deeper than the
// detail request sees, and texts of documents that it could not name.
//
// Objects of many repositories share one request. What GraphQL cannot say is left to REST: a whole
// tree for folders, a raw blob for a text.

#include <deque>
#include <set>
#include <span>
#include <vector>

#include "github/api.h"
#include "github/batch_sizes.h"
#include "github/draft.h"

namespace cloudfolio::github {

class FollowUps {
 public:
  FollowUps(Api& api, BatchSizes& sizes, const Clock& clock, std::vector<RepositoryRef> refs)
      : api_(api), sizes_(sizes), clock_(clock), refs_(std::move(refs)) {}

  // Completes the drafts. An Error stops everything.
  Status complete(const Context& ctx, std::deque<Draft>& drafts, Usage& usage);

 private:
  // A folder's entries, or a document's text.
  struct Unit {
    Draft* draft = nullptr;
    std::string oid;
    std::string path;  // Of a folder.
    DocumentKind kind = DocumentKind::readme;
    bool is_tree = false;
    std::string alias;  // "r0", "t3": where the answer has it.
    std::string inner_alias;
  };
  std::vector<Unit> open_units(std::deque<Draft>& drafts) const;
  Status ask(const Context& ctx, std::span<Unit> units, Usage& usage);
  std::string document_for(std::span<Unit> units, json::Object& variables) const;
  // False: the answer left it out for want of resources.
  bool apply(const Unit& unit, const GraphAnswer& answer);
  Status complete_by_rest(const Context& ctx, std::deque<Draft>& drafts, Usage& usage);

  Api& api_;
  BatchSizes& sizes_;
  const Clock& clock_;
  const std::vector<RepositoryRef> refs_;  // By Draft::index.
  std::set<const Draft*> whole_tree_by_rest_;
};

}  // namespace cloudfolio::github

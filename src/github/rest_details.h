#pragma once
// Details by REST alone: repository, branch, recursive tree, languages, and one call a document.
//
// For ENABLE_GRAPHQL_BATCH_FETCH=off, and for what GraphQL could not answer. Some five to nine
// calls a repository, each of one point.

#include "github/api.h"
#include "github/draft.h"

namespace cloudfolio::github {

using Outcome = decltype(FetchedRepository::outcome);

// An Error stands for everything (token, limit, network); what concerns this repository alone is in
// the outcome.
Result<Outcome> fetch_by_rest(Api& api, const Context& ctx, const RepositoryRef& ref, Usage& usage);

// The texts of `needs` into the draft's documents. One that cannot be had stays unknown.
Status read_raw_blobs(Api& api, const Context& ctx, Draft& draft,
                      const std::vector<BlobNeed>& needs, Usage& usage);
// The whole tree of the draft's tree_oid, in one call. Code::conflict if GitHub has it no more.
Status read_recursive_tree(Api& api, const Context& ctx, Draft& draft, Usage& usage);

// Whether an error concerns one repository, so that the others go on.
bool is_local(const Error& error);
// "/repos/<owner>/<name>", encoded.
std::string repository_target(const std::string& owner, const std::string& name);

}  // namespace cloudfolio::github

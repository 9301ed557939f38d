#pragma once
// Lists: all repositories of an owner, by GraphQL's pages or by REST's.

#include <string>

#include "github/api.h"
#include "github/batch_sizes.h"
#include "github/client.h"

namespace cloudfolio::github {

Result<Listing> list_by_graph(Api& api, BatchSizes& sizes, std::size_t attempts_max,
                              const Clock& clock, const Context& ctx, const std::string& login,
                              Visibility visibility);
// `own`: the token's own login, if private repositories are wanted and it is known.
Result<Listing> list_by_rest(Api& api, const Context& ctx, const std::string& login,
                             bool through_own_route);

// The first page's address.
std::string list_target(const std::string& login, bool through_own_route);
// The repositories of a page; partial if one of them cannot be read.
Result<std::vector<Repository>> page_from(const json::Value& value);
// The address with rel="next" in a Link header; empty if there is none.
std::string next_page(const http::Headers& headers);
Error no_such_login(const std::string& login);

}  // namespace cloudfolio::github

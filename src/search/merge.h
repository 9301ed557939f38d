#pragma once
// What was found in a tenant's public and private publications, made one answer.

#include <string>

#include "base/result.h"
#include "search/portfolio_search.h"

namespace cloudfolio::search {

// Adds `own`'s results and facets to `all`, of which the best `limit` stay: exact names first, then
// by score, public ones first where both are equal. So the top k are a prefix of the top n. A
// repository that is found in both is the public one. Where `own` failed, `all` says so and stays.
void merge(SearchAnswer& all, Result<SearchAnswer> own, std::size_t limit);

// Best first, as merge() orders: whether `one` comes before `other`.
bool comes_before(const SearchResult& one, const SearchResult& other);

}  // namespace cloudfolio::search

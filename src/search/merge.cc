#include "search/merge.h"

#include <algorithm>

namespace cloudfolio::search {
namespace {

void add(std::vector<FacetCount>& all, const std::vector<FacetCount>& more) {
  for (const FacetCount& facet : more) {
    const auto known = std::find_if(
        all.begin(), all.end(), [&](const FacetCount& one) { return one.value == facet.value; });
    if (known == all.end())
      all.push_back(facet);
    else
      known->count += facet.count;
  }
  std::sort(all.begin(), all.end(), [](const FacetCount& one, const FacetCount& other) {
    return one.count != other.count ? one.count > other.count : one.value < other.value;
  });
}

}  // namespace

std::string_view to_string(Visibility visibility) {
  return visibility == Visibility::private_ ? "private" : "public";
}

bool comes_before(const SearchResult& one, const SearchResult& other) {
  if (one.exact != other.exact) return one.exact > other.exact;
  return one.score > other.score;
}

void merge(SearchAnswer& all, Result<SearchAnswer> own, std::size_t limit) {
  all.own.emplace();
  if (!own) {
    all.own->mode = "unavailable";
    all.own->mode_reason = own.error().message();
    return;
  }
  *all.own = {own->mode, own->mode_reason, own->model, own->generation, own->coverage};
  const std::size_t public_count = all.results.size();
  for (SearchResult& result : own->results) {
    result.visibility = Visibility::private_;
    const auto end = all.results.begin() + static_cast<std::ptrdiff_t>(public_count);
    const bool moved = std::any_of(all.results.begin(), end, [&](const SearchResult& known) {
      return known.repository == result.repository;
    });
    if (!moved) all.results.push_back(std::move(result));
  }
  std::stable_sort(all.results.begin(), all.results.end(), comes_before);
  if (all.results.size() > limit) all.results.resize(limit);
  add(all.facets.languages, own->facets.languages);
  add(all.facets.types, own->facets.types);
}

}  // namespace cloudfolio::search

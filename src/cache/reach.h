#pragma once
// Reach: what a publication still needs of its place: what it names, and what a refresh under way
// will name.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/context.h"
#include "base/result.h"
#include "cache/place.h"
#include "cache/tenant_cache.h"

namespace cloudfolio::cache {

class Store;

struct Reach {
  std::optional<PublicationInfo> info;    // nullopt: nothing is published.
  std::uint64_t reserved_generation = 0;  // The highest number that was given out.

  // Read it after the list of what may go, so that nothing in the list was named later than this.
  static Result<Reach> of(const Context& ctx, const Store& store, const Place& place);

  // Of any key of the place's generations. What is of the newest reserved generation is of a run
  // that may still be under way, however old the clock says it is: at most one a place.
  bool reaches(const Place& place, std::string_view key) const;
  // Answers now, would after one step back, or was trained on what is published.
  bool reaches_model(std::string_view fingerprint) const;
};

}  // namespace cloudfolio::cache

#pragma once
// Reads a published portfolio: the bundle once, then the vectors that it names.

#include <memory>
#include <string>
#include <string_view>

#include "search/portfolio.h"

namespace cloudfolio::search {

inline constexpr std::string_view kIndexWhole = "whole";
inline constexpr std::string_view kIndexPartial = "partial";  // Some chunks have no vector yet.
inline constexpr std::string_view kIndexNone = "none";
inline constexpr std::string_view kIndexDamaged = "damaged";  // Named, and lost or unreadable.

struct LoadedPortfolio {
  std::shared_ptr<const Portfolio> portfolio;
  std::string_view index_state;
  std::string problem;  // Of a damaged index.
};

// What training chose for the model that answers and kept in its record; kFusionWeights for the
// base model and where the record says nothing usable.
retrieval::FusionWeights weights_of_model(const Context& ctx, const cache::TenantCache& tenant,
                                          const std::string& model);

// A damaged or missing index costs the vectors, not the portfolio. A generation that has no index
// yet is served by the vectors of the one before, for every chunk that did not change. Where a
// newer publication overtakes the reading, it starts again.
Result<LoadedPortfolio> load_portfolio(const Context& ctx, const cache::TenantCache& tenant);

}  // namespace cloudfolio::search

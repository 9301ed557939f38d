#include "search/load.h"

#include <utility>

namespace cloudfolio::search {
namespace {

constexpr int kReadsMax = 5;

}  // namespace

Result<LoadedPortfolio> load_portfolio(const Context& ctx, const cache::TenantCache& tenant) {
  for (int read = 1;; ++read) {
    CF_TRY(cache::Publication publication, tenant.read_publication(ctx));
    const std::string& key = publication.info.index.key.empty() ? publication.info.stale_index
                                                                : publication.info.index.key;
    LoadedPortfolio loaded;
    loaded.index_state = kIndexNone;
    std::shared_ptr<const VectorIndex> vectors;
    if (!key.empty()) {
      const auto bytes = tenant.read_index(ctx, key);
      auto index = bytes ? VectorIndex::from_bytes(*bytes) : Result<VectorIndex>(bytes.error());
      if (index) {
        vectors = std::make_shared<const VectorIndex>(*std::move(index));
      } else if (index.error().retryable() || index.error().code() == Code::cancelled ||
                 index.error().code() == Code::deadline_exceeded) {
        return std::move(index).error();
      } else {
        // Collected because the publication moved on? Then what it says now is what counts.
        const auto now = tenant.publication_info(ctx);
        if (now && now->etag != publication.info.etag && read < kReadsMax) continue;
        loaded.index_state = kIndexDamaged;
        loaded.problem = index.error().message();
      }
    }
    auto portfolio = std::make_shared<const Portfolio>(std::move(publication), std::move(vectors));
    if (portfolio->vectors() != nullptr) {
      loaded.index_state =
          portfolio->covered_count() == portfolio->repository_count() ? kIndexWhole : kIndexPartial;
    }
    loaded.portfolio = std::move(portfolio);
    return loaded;
  }
}

}  // namespace cloudfolio::search

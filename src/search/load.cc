#include "search/load.h"

#include <utility>

#include "json/json.h"

namespace cloudfolio::search {
namespace {

constexpr int kReadsMax = 5;

}  // namespace

retrieval::FusionWeights weights_of_model(const Context& ctx, const cache::TenantCache& tenant,
                                          const std::string& model) {
  if (model.empty() || model == cache::kBaseModelName) return kFusionWeights;
  const auto record = tenant.find_model_record(ctx, model);
  if (!record || !*record) return kFusionWeights;
  const auto report = json::parse_object((*record)->report);
  if (!report) return kFusionWeights;
  const double lexical = json::find_number(*report, "lexical_weight").value_or(0);
  if (!(lexical > 0) || !(lexical < 1)) return kFusionWeights;
  return {.lexical = lexical, .dense = 1.0 - lexical};
}

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
    const auto weights = weights_of_model(ctx, tenant, publication.info.index.model);
    auto portfolio = std::make_shared<Portfolio>(std::move(publication), std::move(vectors));
    portfolio->set_weights(weights);
    if (portfolio->vectors() != nullptr) {
      loaded.index_state =
          portfolio->covered_count() == portfolio->repository_count() ? kIndexWhole : kIndexPartial;
    }
    loaded.portfolio = std::move(portfolio);
    return loaded;
  }
}

}  // namespace cloudfolio::search

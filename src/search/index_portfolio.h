#pragma once
// Building the index: the orchestration `index_portfolio` and its activity `build_index`.
//
// Instance `index:{login}`, or `private:index:{login}` of the private publication; input {"login",
// "scope"?, "model"?}: `scope` (cache/place.h) is there for the private one; `model` names a tuned
// model to go over to; without it, the model that answers now is kept. A start while it runs sends
// it the event `again` with such an input, and it runs once more. It ends by asking for training
// (activity `start_orchestration`, which roles/ registers) where this content was never trained on.
//
// Only chunks whose text changed are embedded. While a portfolio has no index yet, each slice of
// repositories is published as it is ready, so coverage grows; a change of model is published
// whole, vectors and model in one step.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/context.h"
#include "base/result.h"
#include "cache/tenant_cache.h"
#include "search/text_embedder.h"

namespace cloudfolio::cache {
class Cache;
}
namespace cloudfolio::durable {
class Registry;
}
namespace cloudfolio::telemetry {
class Log;
class MetricRegistry;
}  // namespace cloudfolio::telemetry

namespace cloudfolio::search {

inline constexpr char kIndexPortfolio[] = "index_portfolio";
inline constexpr char kBuildIndex[] = "build_index";
inline constexpr char kAgainEvent[] = "again";
std::string index_instance(const TenantId& tenant);          // "index:octocat"
std::string private_index_instance(const TenantId& tenant);  // "private:index:octocat"
// The input of `index_portfolio`; `model` empty: keep the model.
std::string index_input(const cache::Place& place, std::string_view model);

struct IndexReport {
  std::string login;
  std::string scope;  // "" of the public publication
  std::uint64_t generation = 0;
  std::string model;
  std::string content;
  std::size_t repository_count = 0;
  std::size_t chunk_count = 0;
  std::size_t embedded_count = 0;  // Chunks embedded in this run; the others' vectors were there.
  std::string coverage;
  double seconds = 0;
  bool written = false;         // False where the published index was complete already.
  bool needs_training = false;  // This content has no model record yet.
};
std::string to_json(const IndexReport& report);

enum class Training : std::uint8_t { off, on };

struct IndexOptions {
  // Chunks embedded between two publications of a growing index.
  std::size_t slice_chunk_count = 256;
  Training training = Training::on;
  // Whether the tenant lets its private text train a model of its own. Empty: nobody does.
  std::function<Result<bool>(const Context&, const TenantId&)> trains_on_private = {};
};

struct IndexServices {
  TextEmbedders& embedders;
  telemetry::Log& log;
  telemetry::MetricRegistry& metrics;
  const Clock& clock;
};

// The activity's work. `model`: "" (keep), "base" or a content fingerprint. Repeating it is cheap:
// what is there already is not made again. Errors: those of TextEmbedders::open and of the cache;
// unavailable where publications keep overtaking it.
Result<IndexReport> build_index(const Context& ctx, const cache::TenantCache& tenant,
                                const std::string& model, const IndexServices& services,
                                const IndexOptions& options);

// What it takes outlives the registry.
void register_indexing(durable::Registry& registry, cache::Cache& cache, IndexServices services,
                       IndexOptions options);

}  // namespace cloudfolio::search

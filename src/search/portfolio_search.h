#pragma once
// Search and answers over tenants' portfolios, kept in memory between queries.
//
// Promises: an answer is made from one publication alone: vectors, model, text and citations. A new
// publication is noticed at the next query. While there are no vectors (or no model), words alone
// rank, and the answer says so: mode "lexical", with the reason. Several queries that find the same
// portfolio missing load it once.
//
// A caller who may read a tenant's private publication hands its cache over beside the public one
// (`own`; cache/rights.h says who may). The two are ranked each for itself, with its own index and
// model, and what is found is merged: exact names first, then by score. Nothing of it is kept where
// a caller without `own` could meet it.
// Threads: thread-safe. Lifetime: what the constructor borrows outlives the object.
// Errors: invalid_argument (the query: the message says what to write), not_found (no portfolio was
// published for this tenant), and the cache's own.

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "cache/tenant_cache.h"
#include "search/ranking.h"
#include "search/text_embedder.h"

namespace cloudfolio::telemetry {
class Log;
class MetricRegistry;
}  // namespace cloudfolio::telemetry

namespace cloudfolio::search {

enum class Explain : std::uint8_t { no, yes };

struct Query {
  std::string text;
  std::size_t limit = 10;               // At most kResultsMax.
  std::size_t hits_per_repository = 1;  // At most kResultsMax.
  Explain explain = Explain::no;
};
inline constexpr std::size_t kResultsMax = 100;
// Bytes of a result's passage; longer chunks are shown by their best lines.
inline constexpr std::size_t kPassageBytesMax = 700;

enum class Visibility : std::uint8_t { public_, private_ };
std::string_view to_string(Visibility visibility);  // "public", "private"

struct SearchResult {
  std::string repository;
  Visibility visibility = Visibility::public_;  // Written where private ones were searched too.
  std::string path;    // Empty: the repository as a whole (it has no document).
  std::string commit;  // The commit that the lines are of.
  std::size_t line_from = 0;
  std::size_t line_to = 0;
  std::string heading;  // "Usage > Options"
  double score = 0;     // 0…1
  std::string passage;  // Of these lines, as a reader sees them.
  // Why it is here; written with Explain::yes.
  Exact exact = Exact::none;
  double lexical = 0;
  double dense = 0;
  double lexical_raw = 0;
  double dense_raw = 0;
  retrieval::FusionWeights weights;
};

// How the private publication took part in an answer.
struct PrivateShare {
  std::string mode;  // As in SearchAnswer; "unavailable" where it could not be read.
  std::string mode_reason;
  std::string model;
  std::uint64_t generation = 0;
  std::string coverage;
};

struct SearchAnswer {
  std::string query;
  std::string mode;         // "hybrid" or "lexical"
  std::string mode_reason;  // Why not hybrid; empty where it is.
  std::string model;        // "base" or a tuned model's content fingerprint; "" in mode lexical.
  std::uint64_t generation = 0;
  std::string coverage;  // "37/100": repositories whose every chunk has a vector.
  std::vector<SearchResult> results;
  Facets facets;
  Explain explain = Explain::no;
  std::optional<PrivateShare> own;  // nullopt: only what is public was searched.
};
// What `search --json` prints: one compact object; docs/operating/cli.md lists its fields.
std::string to_json(const SearchAnswer& answer);

struct RepositoryUsed {
  std::string name;
  double relevance_score = 0;
};
// The original's answer to POST /api/ai, made without a language model: a Markdown text of cited
// passages, or "not in this portfolio" where the evidence is too thin.
struct PortfolioAnswer {
  std::string response;
  std::vector<RepositoryUsed> repositories_used;  // Best first, at most three.
  std::size_t total_repositories = 0;
  std::string query;
  std::vector<SearchResult> citations;
  std::string mode;
  std::string model;
  std::uint64_t generation = 0;
  std::string answered_by = "extract";  // No language model was asked.
  std::optional<PrivateShare> own;
};
std::string to_json(const PortfolioAnswer& answer);

class PortfolioSearch {
 public:
  struct Options {
    // Portfolios kept in memory, over all tenants; least recently used ones are dropped. Models are
    // counted by TextEmbedders.
    std::size_t memory_bytes_max = 512ULL << 20;
    // Told once for each publication whose index is lost or damaged, from the thread of the query
    // that noticed: whoever can starts `index_portfolio`. May be empty.
    std::function<void(const Context&, const TenantId&)> on_index_damaged = {};
  };

  PortfolioSearch(TextEmbedders& embedders, telemetry::Log& log, telemetry::MetricRegistry& metrics,
                  const Clock& clock, Options options);
  ~PortfolioSearch();

  Result<SearchAnswer> search(const Context& ctx, const cache::TenantCache& tenant,
                              const Query& query, const cache::TenantCache* own = nullptr);
  Result<PortfolioAnswer> answer(const Context& ctx, const cache::TenantCache& tenant,
                                 std::string_view question,
                                 const cache::TenantCache* own = nullptr);
  // The tenant's portfolio as it is published now, loaded if need be.
  Result<std::shared_ptr<const Portfolio>> portfolio(const Context& ctx,
                                                     const cache::TenantCache& tenant);
  // Frees what is kept of a tenant, private places included; the next query loads it again.
  void forget(const TenantId& tenant);
  std::size_t memory_bytes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cloudfolio::search

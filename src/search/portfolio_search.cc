#include "search/portfolio_search.h"

#include <algorithm>
#include <list>
#include <map>
#include <mutex>
#include <utility>

#include "base/clock.h"
#include "base/guarded.h"
#include "retrieval/inline_text.h"
#include "search/answer.h"
#include "search/excerpt.h"
#include "search/load.h"
#include "search/merge.h"
#include "search/metrics.h"
#include "telemetry/log.h"

namespace cloudfolio::search {
namespace {

constexpr std::size_t kAnswerRepositoriesMax = 3;
constexpr std::size_t kAnswerPassagesPerRepository = 2;

std::string_view document_at(const cache::RepositoryEntry& entry, const std::string& path) {
  for (const cache::DocumentRef& document : entry.documents) {
    if (document.path == path) return entry.text_of(document.kind);
  }
  if (path == "SKILLS-INDEX.md") return entry.skills_index;
  if (path == "ARCHITECTURE.md") return entry.architecture;
  return entry.readme;
}

SearchResult result_of(const Portfolio& portfolio, const Hit& hit, const ParsedQuery& query) {
  const cache::RepositoryEntry& entry = portfolio.bundle().repositories[hit.place.repository];
  const Chunk& chunk = portfolio.chunk(hit.place);
  const bool whole = chunk.kind == Chunk::Kind::repository;
  const std::string_view document = whole ? std::string_view() : document_at(entry, chunk.path);
  Excerpt excerpt = excerpt_of(chunk, document, query.text, kPassageBytesMax);
  SearchResult result;
  result.repository = entry.name;
  result.path = chunk.path;
  result.commit = entry.head_oid;
  result.line_from = excerpt.line_from;
  result.line_to = excerpt.line_to;
  result.heading = chunk.heading_text();
  result.score = hit.score.total;
  result.passage = std::move(excerpt.text);
  result.exact = hit.exact;
  result.lexical = hit.score.lexical;
  result.dense = hit.score.dense;
  result.lexical_raw = hit.lexical_raw;
  result.dense_raw = hit.dense_raw;
  result.weights = portfolio.weights();
  return result;
}

}  // namespace

// What one tenant's queries share.
struct Slot {
  std::mutex loading;  // Held while the portfolio is loaded; never while one answers.
  Guarded<std::shared_ptr<const LoadedPortfolio>> loaded;
};

struct PortfolioSearch::State {
  State(TextEmbedders& its_embedders, telemetry::Log& its_log, telemetry::MetricRegistry& registry,
        const Clock& its_clock, Options its_options)
      : embedders(its_embedders),
        log(its_log),
        metrics(registry),
        clock(its_clock),
        options(its_options) {}

  // The model that a query is answered with, or why none.
  struct Meaning {
    std::vector<float> vector;
    std::string reason;
  };
  Meaning meaning_of(const Context& ctx, const cache::TenantCache& tenant,
                     const LoadedPortfolio& loaded, const std::string& text);
  Result<std::shared_ptr<const LoadedPortfolio>> load(const Context& ctx,
                                                      const cache::TenantCache& tenant);
  std::shared_ptr<Slot> slot_of(const cache::Place& place);
  void forget(const cache::Place& place);
  void drop_beyond_budget();
  Result<SearchAnswer> search_one(const Context& ctx, const cache::TenantCache& tenant,
                                  const Query& query, const ParsedQuery& parsed);
  Result<PortfolioAnswer> answer_one(const Context& ctx, const cache::TenantCache& tenant,
                                     const ParsedQuery& query);

  struct Kept {
    cache::Place place;
    std::shared_ptr<Slot> slot;
  };
  TextEmbedders& embedders;
  telemetry::Log& log;
  SearchMetrics metrics;
  const Clock& clock;
  const Options options;
  Guarded<std::list<Kept>> slots;  // Last used first.
};

std::shared_ptr<Slot> PortfolioSearch::State::slot_of(const cache::Place& place) {
  auto kept = slots.lock();
  for (auto at = kept->begin(); at != kept->end(); ++at) {
    if (at->place != place) continue;
    kept->splice(kept->begin(), *kept, at);
    return kept->front().slot;
  }
  kept->push_front({place, std::make_shared<Slot>()});
  return kept->front().slot;
}

void PortfolioSearch::State::forget(const cache::Place& place) {
  auto kept = slots.lock();
  kept->remove_if([&](const Kept& one) { return one.place == place; });
}

void PortfolioSearch::State::drop_beyond_budget() {
  auto kept = slots.lock();
  std::size_t bytes = 0;
  for (auto at = kept->begin(); at != kept->end();) {
    std::size_t own = 0;
    {
      auto loaded = at->slot->loaded.lock();
      own = *loaded ? (*loaded)->portfolio->memory_bytes() : 0;
    }
    const bool in_use = at == kept->begin();
    if (bytes + own > options.memory_bytes_max && !in_use) {
      at = kept->erase(at);
    } else {
      bytes += own;
      ++at;
    }
  }
  metrics.memory_bytes.set(static_cast<double>(bytes));
}

PortfolioSearch::State::Meaning PortfolioSearch::State::meaning_of(const Context& ctx,
                                                                   const cache::TenantCache& tenant,
                                                                   const LoadedPortfolio& loaded,
                                                                   const std::string& text) {
  const Portfolio& portfolio = *loaded.portfolio;
  if (text.empty()) return {{}, "only filters were asked"};
  if (loaded.index_state == kIndexDamaged) {
    return {{}, "the index is damaged and is being built anew"};
  }
  if (portfolio.vectors() == nullptr || portfolio.vectors()->vector_count() == 0) {
    return {{}, "the index is being built"};
  }
  const auto embedder = embedders.open(ctx, tenant, portfolio.info().index.model);
  if (!embedder) {
    log.warn(ctx, "search.model_missing", {{"error", embedder.error()}});
    return {{}, "the model cannot be used: " + embedder.error().message()};
  }
  if ((*embedder)->fingerprint() != portfolio.vectors()->model()) {
    return {{}, "the index is being built with another model"};
  }
  auto vector = (*embedder)->embed_text(text);
  if (!vector) {
    log.warn(ctx, "search.query_not_embedded", {{"error", vector.error()}});
    return {{}, "the query could not be embedded: " + vector.error().message()};
  }
  return {*std::move(vector), {}};
}

PortfolioSearch::PortfolioSearch(TextEmbedders& embedders, telemetry::Log& log,
                                 telemetry::MetricRegistry& metrics, const Clock& clock,
                                 Options options)
    : state_(std::make_unique<State>(embedders, log, metrics, clock, options)) {}

PortfolioSearch::~PortfolioSearch() = default;

Result<std::shared_ptr<const LoadedPortfolio>> PortfolioSearch::State::load(
    const Context& ctx, const cache::TenantCache& tenant) {
  const auto info = tenant.publication_info(ctx);
  // What is gone from the store does not stay in memory.
  if (!info && info.error().code() == Code::not_found) forget(tenant.place());
  if (!info) return info.error();
  const std::shared_ptr<Slot> slot = slot_of(tenant.place());
  const auto current = [&]() -> std::shared_ptr<const LoadedPortfolio> {
    auto kept = slot->loaded.lock();
    return *kept && (*kept)->portfolio->info().etag == info->etag ? *kept : nullptr;
  };
  if (auto kept = current()) return kept;
  const std::lock_guard loading(slot->loading);
  if (auto kept = current()) return kept;
  CF_TRY(LoadedPortfolio fresh, load_portfolio(ctx, tenant));
  metrics.loads.with({fresh.index_state}).add();
  const auto loaded = std::make_shared<const LoadedPortfolio>(std::move(fresh));
  {
    auto kept = slot->loaded.lock();
    *kept = loaded;
  }
  drop_beyond_budget();
  if (loaded->index_state == kIndexDamaged) {
    log.warn(ctx, "search.index_damaged", {{"reason", loaded->problem}});
    if (options.on_index_damaged) options.on_index_damaged(ctx, tenant.tenant());
  }
  return loaded;
}

Result<std::shared_ptr<const Portfolio>> PortfolioSearch::portfolio(
    const Context& ctx, const cache::TenantCache& tenant) {
  CF_TRY(const auto loaded, state_->load(ctx, tenant));
  return loaded->portfolio;
}

Result<SearchAnswer> PortfolioSearch::State::search_one(const Context& ctx,
                                                        const cache::TenantCache& tenant,
                                                        const Query& query,
                                                        const ParsedQuery& parsed) {
  CF_TRY(const auto loaded, load(ctx, tenant));
  const Portfolio& folio = *loaded->portfolio;
  const Meaning meaning = meaning_of(ctx, tenant, *loaded, parsed.text);
  RankingOptions ranking_options;
  ranking_options.limit = query.limit;
  ranking_options.hits_per_repository = query.hits_per_repository;
  Ranking ranking = rank(folio, parsed, meaning.vector, ranking_options);

  SearchAnswer answer;
  answer.query = query.text;
  answer.mode = meaning.vector.empty() ? "lexical" : "hybrid";
  answer.mode_reason = meaning.reason;
  answer.model = meaning.vector.empty() ? "" : folio.info().index.model;
  answer.generation = folio.info().generation;
  answer.coverage =
      std::to_string(folio.covered_count()) + "/" + std::to_string(folio.repository_count());
  for (const Hit& hit : ranking.hits) answer.results.push_back(result_of(folio, hit, parsed));
  answer.facets = std::move(ranking.facets);
  answer.explain = query.explain;
  return answer;
}

Result<SearchAnswer> PortfolioSearch::search(const Context& ctx, const cache::TenantCache& tenant,
                                             const Query& query, const cache::TenantCache* own) {
  const auto started = state_->clock.now();
  const auto observe = [&](std::string_view mode) {
    const std::chrono::duration<double> took = state_->clock.now() - started;
    state_->metrics.seconds.with({mode}).observe(took.count());
  };
  const auto parsed = parse_query(query.text);
  if (!parsed) return parsed.error();
  if (query.limit == 0 || query.limit > kResultsMax || query.hits_per_repository == 0 ||
      query.hits_per_repository > kResultsMax) {
    return Error(Code::invalid_argument,
                 "limit and hits per repository go from 1 to " + std::to_string(kResultsMax));
  }
  auto answer = state_->search_one(ctx, tenant, query, *parsed);
  if (!answer) {
    observe("failed");
    return std::move(answer).error();
  }
  if (own) merge(*answer, state_->search_one(ctx, *own, query, *parsed), query.limit);
  observe(answer->mode);
  return answer;
}

// The evidence of one publication, best first; the text is made of it later.
Result<PortfolioAnswer> PortfolioSearch::State::answer_one(const Context& ctx,
                                                           const cache::TenantCache& tenant,
                                                           const ParsedQuery& query) {
  CF_TRY(const auto loaded, load(ctx, tenant));
  const std::shared_ptr<const Portfolio> folio = loaded->portfolio;
  const Meaning meaning = meaning_of(ctx, tenant, *loaded, query.text);
  RankingOptions ranking_options;
  ranking_options.limit = kResultsMax;
  ranking_options.hits_per_repository = kAnswerPassagesPerRepository;
  const Ranking ranking = rank(*folio, query, meaning.vector, ranking_options);

  PortfolioAnswer answer;
  answer.total_repositories = folio->repository_count();
  answer.mode = meaning.vector.empty() ? "lexical" : "hybrid";
  answer.model = meaning.vector.empty() ? "" : folio->info().index.model;
  answer.generation = folio->info().generation;
  for (const Hit& hit : ranking.hits)
    if (is_evidence(hit)) answer.citations.push_back(result_of(*folio, hit, query));
  return answer;
}

Result<PortfolioAnswer> PortfolioSearch::answer(const Context& ctx,
                                                const cache::TenantCache& tenant,
                                                std::string_view question,
                                                const cache::TenantCache* own) {
  ParsedQuery query;
  query.text = std::string(retrieval::cut_utf8(question, kQueryBytesMax));
  if (std::all_of(query.text.begin(), query.text.end(), [](unsigned char c) { return c <= ' '; })) {
    return Error(Code::invalid_argument, "the question is empty: ask with words");
  }
  CF_TRY(PortfolioAnswer answer, state_->answer_one(ctx, tenant, query));
  answer.query = std::string(question);
  std::vector<SearchResult> evidence = std::move(answer.citations);
  answer.citations.clear();
  if (own) {
    auto more = state_->answer_one(ctx, *own, query);
    answer.own.emplace();
    if (more) {
      *answer.own = {more->mode, "", more->model, more->generation, ""};
      answer.total_repositories += more->total_repositories;
      for (SearchResult& result : more->citations) {
        result.visibility = Visibility::private_;
        evidence.push_back(std::move(result));
      }
      std::stable_sort(evidence.begin(), evidence.end(), comes_before);
    } else {
      answer.own->mode = "unavailable";
      answer.own->mode_reason = more.error().message();
    }
  }
  for (SearchResult& result : evidence) {
    auto& used = answer.repositories_used;
    const bool known = std::any_of(used.begin(), used.end(), [&](const RepositoryUsed& repository) {
      return repository.name == result.repository;
    });
    if (!known) {
      if (used.size() == kAnswerRepositoriesMax) continue;
      used.push_back({result.repository, result.score});
    }
    answer.citations.push_back(std::move(result));
  }
  answer.response = answer_text(question, answer.citations, answer.total_repositories);
  return answer;
}

void PortfolioSearch::forget(const TenantId& tenant) {
  auto kept = state_->slots.lock();
  kept->remove_if([&](const State::Kept& slot) { return slot.place.tenant == tenant; });
}

std::size_t PortfolioSearch::memory_bytes() const {
  auto kept = state_->slots.lock();
  std::size_t bytes = 0;
  for (const State::Kept& one : *kept) {
    auto loaded = one.slot->loaded.lock();
    bytes += *loaded ? (*loaded)->portfolio->memory_bytes() : 0;
  }
  return bytes;
}

}  // namespace cloudfolio::search

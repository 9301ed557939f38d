#pragma once
// The order of a portfolio's repositories and passages for a query.
//
// Chunks are scored by words (BM25) and by meaning (cosine), both normalised and weighted
// (retrieval/fusion.h). Above every score stand exact names: a query that is a repository's name, a
// topic, a path or an identifier ranks what bears it first, in this order. A repository is as good
// as its best chunk; the repository's own chunk lifts its documents' (search/chunks.h).
//
// Promises: the top k are a prefix of the top n; the same portfolio, query and vector give the same
// order; a filter only leaves hits out, it never changes the scores of those that stay.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "retrieval/fusion.h"
#include "search/portfolio.h"
#include "search/query.h"

namespace cloudfolio::search {

enum class Exact : std::uint8_t { none, identifier, path, topic, name };
std::string_view to_string(Exact exact);

struct Hit {
  ChunkPlace place;
  Exact exact = Exact::none;
  retrieval::FusedScore score;
  double lexical_raw = 0;  // BM25
  double dense_raw = 0;    // Cosine; NaN without vector.
  double coverage = 0;     // Share of the query's words that the chunk has (retrieval/lexical.h).
};

struct FacetCount {
  std::string value;
  std::size_t count = 0;
};
struct Facets {
  std::vector<FacetCount> languages;  // Repositories that hold a hit, by language; most first.
  std::vector<FacetCount> types;
};

struct Ranking {
  std::vector<Hit> hits;  // Best first.
  Facets facets;          // Over all hits, not only the first ones.
};

struct RankingOptions {
  std::size_t limit = 10;
  std::size_t hits_per_repository = 1;
  std::optional<retrieval::FusionWeights> weights = {};  // Others than the portfolio's.
};

// `query_vector` empty: by words alone, and only what has one of the words (or an exact name, or,
// where nothing but filters was asked, everything that passes them).
Ranking rank(const Portfolio& portfolio, const ParsedQuery& query,
             std::span<const float> query_vector, RankingOptions options);

// The type of a repository for `type:` and the facet: what most of its files are (programming,
// data, markup or prose), "other" without any.
std::string repository_type(const cache::RepositoryEntry& entry);

}  // namespace cloudfolio::search

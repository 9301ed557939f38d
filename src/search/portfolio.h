#pragma once
// One tenant's portfolio in memory, ready to be searched: chunks, words, vectors; all of one
// publication.
//
// Never changes once it is searched; a new publication is a new object. Threads: const calls are
// thread-safe.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/tenant_cache.h"
#include "retrieval/fusion.h"
#include "retrieval/lexical.h"
#include "search/chunks.h"
#include "search/index.h"

namespace cloudfolio::search {

// Where the model has none of its own. Chosen by measurement on training splits of the corpus
// (bench/retrieval), never on test queries.
inline constexpr retrieval::FusionWeights kFusionWeights;

// Where a chunk stands: repository in the bundle, chunk of it.
struct ChunkPlace {
  std::uint32_t repository = 0;
  std::uint32_t chunk = 0;
};

class Portfolio {
 public:
  // `vectors` may be null, or hold only a part of the chunks: those others are ranked by words.
  Portfolio(cache::Publication publication, std::shared_ptr<const VectorIndex> vectors);
  // The same with other chunks than chunks_of() cuts, by repository: for measurements that withhold
  // a part of the text.
  Portfolio(cache::Publication publication, std::shared_ptr<const VectorIndex> vectors,
            std::vector<std::vector<Chunk>> chunks);

  const cache::PublicationInfo& info() const { return publication_.info; }
  const cache::Bundle& bundle() const { return *publication_.bundle; }
  std::size_t repository_count() const { return bundle().repositories.size(); }

  const std::vector<Chunk>& chunks(std::size_t repository) const { return chunks_[repository]; }
  // All chunks in order: position here is the document number of lexical().
  const std::vector<ChunkPlace>& places() const { return places_; }
  const Chunk& chunk(ChunkPlace place) const { return chunks_[place.repository][place.chunk]; }
  const retrieval::LexicalIndex& lexical() const { return lexical_; }

  // Null where there is no vector at all.
  const VectorIndex* vectors() const { return vectors_.get(); }
  // Cosine of each chunk with the query, by position in places(); NaN where a chunk has no vector.
  std::vector<float> cosines(std::span<const float> query) const;
  // Repositories whose chunks all have vectors.
  std::size_t covered_count() const { return covered_count_; }

  // Of words and meaning in a ranking.
  retrieval::FusionWeights weights() const { return weights_; }
  void set_weights(retrieval::FusionWeights weights) { weights_ = weights; }

  std::size_t memory_bytes() const { return memory_bytes_; }

 private:
  cache::Publication publication_;
  std::shared_ptr<const VectorIndex> vectors_;
  std::vector<std::vector<Chunk>> chunks_;
  std::vector<ChunkPlace> places_;
  std::vector<const float*> rows_;  // By place; null where there is no vector.
  retrieval::LexicalIndex lexical_;
  retrieval::FusionWeights weights_ = kFusionWeights;
  std::size_t covered_count_ = 0;
  std::size_t memory_bytes_ = 0;
};

}  // namespace cloudfolio::search

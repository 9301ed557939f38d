#pragma once
// The vectors of a portfolio's chunks, by chunk hash, made by one model.
//
// Chunks are cut anew from the bundle wherever they are needed (that takes milliseconds); only what
// is expensive is stored. A vector belongs to its text, so one generation's index serves the next
// for every chunk that did not change. docs/formats/index.md has the bytes.
//
// Promises: bytes that are damaged, cut or of a future format are Code::corrupt, never a wrong
// vector. Equal indexes give equal bytes. Threads: const calls are thread-safe.

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "search/chunks.h"

namespace cloudfolio::search {

inline constexpr std::size_t kIndexDimensionMax = 4'096;
inline constexpr std::size_t kIndexVectorsMax = 2'000'000;

class VectorIndex {
 public:
  // `model` is "base:<weights fingerprint>" or a tuned model's content fingerprint: see
  // TextEmbedder::fingerprint.
  VectorIndex(std::string model, std::size_t dimension);

  const std::string& model() const { return model_; }
  std::size_t dimension() const { return dimension_; }
  std::size_t vector_count() const { return rows_.size(); }
  bool contains(const ChunkHash& hash) const { return rows_.contains(hash); }
  // Empty where there is none.
  std::span<const float> find(const ChunkHash& hash) const;
  // A second vector for the same hash is ignored. `vector` has `dimension` elements.
  void add(const ChunkHash& hash, std::span<const float> vector);
  // Without the vectors of chunks that are not in `wanted`.
  VectorIndex restricted_to(std::span<const ChunkHash> wanted) const;
  std::size_t memory_bytes() const;

  std::string to_bytes() const;
  static Result<VectorIndex> from_bytes(std::string_view bytes);

 private:
  std::string model_;
  std::size_t dimension_;
  std::map<ChunkHash, std::size_t> rows_;
  std::vector<float> values_;
};

}  // namespace cloudfolio::search

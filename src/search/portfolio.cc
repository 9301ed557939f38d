#include "search/portfolio.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace cloudfolio::search {
namespace {

// Sixteen sums side by side, which the compiler keeps in vector registers.
float dot(const float* a, const float* b, std::size_t count) {
  constexpr std::size_t kLanes = 16;
  float sums[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  float sum = 0;
  for (const float lane : sums) sum += lane;
  for (; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

// What words may match of a repository as a whole, beside each of its chunks.
std::string repository_field(const cache::RepositoryEntry& entry) {
  std::string out = entry.name;
  for (const std::string& topic : entry.metadata.topics) out += " " + topic;
  return out;
}

std::vector<std::vector<Chunk>> all_chunks(const cache::Bundle& bundle) {
  std::vector<std::vector<Chunk>> out;
  for (const cache::RepositoryEntry& entry : bundle.repositories) out.push_back(chunks_of(entry));
  return out;
}

}  // namespace

Portfolio::Portfolio(cache::Publication publication, std::shared_ptr<const VectorIndex> vectors)
    : Portfolio(publication, std::move(vectors), all_chunks(*publication.bundle)) {}

Portfolio::Portfolio(cache::Publication publication, std::shared_ptr<const VectorIndex> vectors,
                     std::vector<std::vector<Chunk>> chunks)
    : publication_(std::move(publication)),
      vectors_(std::move(vectors)),
      chunks_(std::move(chunks)) {
  const auto& repositories = bundle().repositories;
  std::vector<std::string> fields;
  std::vector<std::string> headings;
  for (std::size_t r = 0; r < repositories.size(); ++r) {
    fields.push_back(repository_field(repositories[r]));
    bool covered = vectors_ != nullptr;
    for (std::size_t c = 0; c < chunks_[r].size(); ++c) {
      const Chunk& chunk = chunks_[r][c];
      places_.push_back({static_cast<std::uint32_t>(r), static_cast<std::uint32_t>(c)});
      headings.push_back(chunk.heading_text());
      const auto vector = vectors_ ? vectors_->find(chunk.hash) : std::span<const float>();
      rows_.push_back(vector.empty() ? nullptr : vector.data());
      covered = covered && !vector.empty();
      memory_bytes_ += chunk.text.capacity() + sizeof(Chunk) + headings.back().size() * 2;
    }
    covered_count_ += covered ? 1 : 0;
  }
  std::vector<retrieval::LexicalDocument> documents;
  documents.reserve(places_.size());
  for (std::size_t i = 0; i < places_.size(); ++i) {
    documents.push_back({fields[places_[i].repository], headings[i], chunk(places_[i]).text});
  }
  lexical_ = retrieval::LexicalIndex::build(documents);
  memory_bytes_ += lexical_.memory_bytes() + publication_.info.size_bytes +
                   places_.size() * (sizeof(ChunkPlace) + sizeof(const float*)) +
                   (vectors_ ? vectors_->memory_bytes() : 0);
}

std::vector<float> Portfolio::cosines(std::span<const float> query) const {
  std::vector<float> cosines(places_.size(), std::numeric_limits<float>::quiet_NaN());
  if (!vectors_ || query.size() != vectors_->dimension()) return cosines;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (rows_[i] != nullptr) cosines[i] = dot(rows_[i], query.data(), query.size());
  }
  return cosines;
}

}  // namespace cloudfolio::search

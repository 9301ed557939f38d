#pragma once
// A repository's documents as chunks: what search ranks, embeds and cites.
//
// Each document's passages are chunks, and each repository has one more that no document holds:
// its name, description, topics, languages and what .repo-context.json says, so that a repository
// without documents is found too. Hits are cited by documents' chunks; the repository's own lifts
// them, and is cited (without path and lines) only where there is no document.
//
// Promises: the same entry gives the same chunks and hashes everywhere; any shape of
// .repo-context.json is tolerated.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cache/bundle.h"

namespace cloudfolio::search {

// Part of the index: vectors of another recipe are not taken over.
inline constexpr std::string_view kChunkRecipe = "chunks-1";
inline constexpr std::size_t kChunksPerRepositoryMax = 2'000;  // The rest of a giant is not ranked.

// First half of SHA-256 over the embedded text.
using ChunkHash = std::array<std::uint8_t, 16>;

struct Chunk {
  enum class Kind : std::uint8_t { document, repository };
  Kind kind = Kind::document;
  std::string path;  // In the repository; empty for Kind::repository.
  std::vector<std::string> heading_path;
  std::size_t line_from = 0;  // 1-based, both ends included; 0 for Kind::repository.
  std::size_t line_to = 0;
  std::string text;
  ChunkHash hash{};

  std::string heading_text() const;  // "Usage > Options"
};

std::vector<Chunk> chunks_of(const cache::RepositoryEntry& entry);

// What the encoder reads of a chunk: repository name, heading path, text.
std::string embedded_text(std::string_view repository, const Chunk& chunk);
// Chunk::hash, of what the chunk holds now.
ChunkHash chunk_hash(std::string_view repository, const Chunk& chunk);

// The words of .repo-context.json's values that describe the project, whatever their shape:
// "type: educational; technical: REST APIs, caching". Empty for none.
std::string context_text(std::string_view repo_context_json);

}  // namespace cloudfolio::search

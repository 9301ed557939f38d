#pragma once
// Whether a query names something: a repository, a topic, a path, an identifier in a text.

#include <string>
#include <string_view>

#include "cache/bundle.h"
#include "search/chunks.h"
#include "search/ranking.h"

namespace cloudfolio::search {

// One query, held against many repositories and chunks.
class ExactName {
 public:
  explicit ExactName(std::string_view query_text);

  // name, topic or path of the repository as a whole, the strongest that fits.
  Exact of_repository(const cache::RepositoryEntry& entry) const;
  // path or identifier: the chunk's document, or a name inside its text.
  Exact of_chunk(const Chunk& chunk) const;

 private:
  bool names_path(std::string_view path) const;

  std::string folded_;  // Without quotes and backticks.
  std::string squashed_;
  bool is_one_word_ = false;
  bool is_identifier_ = false;
};

// Whether `text` reads as an identifier rather than as a word of a language: capitals or digits
// inside, underscores, dots, slashes, colons, a call's brackets.
bool looks_like_identifier(std::string_view text);

}  // namespace cloudfolio::search

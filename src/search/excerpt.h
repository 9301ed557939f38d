#pragma once
// What is shown of a chunk: its text where that is short, else its lines that fit the query best.

#include <cstddef>
#include <string>
#include <string_view>

#include "search/chunks.h"

namespace cloudfolio::search {

struct Excerpt {
  std::string text;
  std::size_t line_from = 0;
  std::size_t line_to = 0;
};

// `document` is the original text that the chunk's lines count in.
Excerpt excerpt_of(const Chunk& chunk, std::string_view document, std::string_view query,
                   std::size_t bytes_max);

}  // namespace cloudfolio::search

#pragma once
// A portfolio without what a query set withholds.
//
// Promises: the chunks stay in their places, with their path and lines, so that what is found can
// be named; what is withheld is in no text that is ranked, embedded or learnt.

#include <string>
#include <string_view>
#include <vector>

#include "cache/bundle.h"
#include "evaluation/query_set.h"
#include "search/chunks.h"

namespace cloudfolio::evaluation {

// The same repositories; the parts are empty, the texts are gone from the documents. Headings stay:
// without them a document has no sections.
cache::Bundle without(const cache::Bundle& bundle, const Withheld& withheld);

// The chunks of such a bundle, as they may be ranked: without headings where those are withheld,
// and without the texts where Markdown hid them from `without`.
std::vector<std::vector<search::Chunk>> rankable_chunks(const cache::Bundle& bundle,
                                                        const Withheld& withheld);

// `text` with a blank in the place of each occurrence of `part`; any run of blanks is like any
// other, and letter case does not matter (ASCII).
std::string without_text(std::string_view text, std::string_view part);

}  // namespace cloudfolio::evaluation

#pragma once
// An answer in words, without a language model: what the portfolio itself says, quoted and cited.
//
// Texts of READMEs are data: they are quoted line by line, with < > & written as entities, and
// command nothing.

#include <string_view>
#include <vector>

#include "search/portfolio_search.h"

namespace cloudfolio::search {

inline constexpr std::string_view kNotInPortfolio = "not in this portfolio";

// Whether a hit says anything about the question: an exact name, or enough nearness in meaning and
// words together. The bounds were set on general questions that no portfolio answers
// (training/guard_set.h) against the sample's own (samples/queries.json).
bool is_evidence(const Hit& hit);

// `results` are cited in their order; `repositories` in the order of their first result.
// Empty results: says that it is not in this portfolio.
std::string answer_text(std::string_view question, const std::vector<SearchResult>& results,
                        std::size_t total_repositories);

}  // namespace cloudfolio::search

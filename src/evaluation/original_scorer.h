#pragma once
// The original system's ranking of repositories, for comparison alone: nothing answers by it.
//
// context: cosine of query and repository in whitened vectors (whitening.h), where the repository
// has a .repo-context.json and a README, else 0. language: the share of the languages that the
// query names which the repository has. type: what most of its files are (programming 3, data 2,
// markup 1.5, prose 1, of at most 3).
// Score: 0.6·context + 0.25·language + 0.15·type where the query names a language of it, else
// 0.85·context + 0.15·type.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cache/bundle.h"
#include "evaluation/whitening.h"

namespace cloudfolio::search {
class TextEmbedder;
}

namespace cloudfolio::evaluation {

class OriginalScorer {
 public:
  // Embeds the repositories; keeps what it needs of `bundle`.
  static Result<OriginalScorer> fit(const cache::Bundle& bundle, const search::TextEmbedder& model);

  // One score a repository of the bundle. `vector`: the query's, by the same model.
  std::vector<float> scores(std::string_view query, std::span<const float> vector) const;

 private:
  struct Repository {
    std::vector<double> whitened;        // Empty: no context counts.
    std::vector<std::string> languages;  // Lower case.
    double type = 0;
  };
  Whitening whitening_;
  std::vector<Repository> repositories_;
};

// The languages that a query names, by its words and their synonyms; "c++" and "c#" are taken for
// C, as the original does.
std::vector<std::string> languages_named(std::string_view query);

}  // namespace cloudfolio::evaluation

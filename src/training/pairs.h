#pragma once
// What a portfolio teaches: pairs of a question and the text that answers it, and the held-out
// questions that judge what was learnt.
//
// Pairs are the original system's (docs/decisions names its faults and what became of them) with
// the repository's name in the question, and every section's text for its heading. Headings that
// several repositories have are asked with the repository's name. A heading is asked in up to three
// phrasings: as it is, beside the repository's name, and below the heading above it.
//
// Held out: a seeded quarter of the headings, at least 16 where there are 32 or more; all sections
// under a held-out heading are in no pair, in whatever repository. Candidates are all sections of
// the portfolio, without their headings.
//
// Promises: the same bundle, options and seed give the same set, in the same order, everywhere. No
// question and no positive is empty. Equal questions, and equal texts, share a group, so that a
// batch never takes one for the other's wrong answer.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cache/bundle.h"

namespace cloudfolio::training {

inline constexpr std::size_t kDocumentedRepositoriesMin = 3;
inline constexpr std::size_t kProseCharactersMin = 40;
inline constexpr std::size_t kHeldOutQueriesMin = 16;

struct TextPair {
  std::string query;
  std::string positive;
  // The same question in other words, for later epochs (Schedule::turns); may be empty.
  std::vector<std::string> phrasings = {};
  std::uint64_t query_group = 0;
  std::uint64_t positive_group = 0;
  bool operator==(const TextPair&) const = default;
};

// A passage that may answer; `section` groups the passages of one section.
struct Candidate {
  std::size_t section = 0;
  std::string text;
};
struct HeldOutQuery {
  std::string query;
  std::vector<std::size_t> relevant_sections;
  std::string repository = {};  // Whose sections these are,
  std::string heading = {};     // and under which heading.
};

struct TrainingSet {
  std::vector<std::string> documented;  // Names of the repositories that count.
  std::vector<TextPair> pairs;
  std::vector<Candidate> candidates;
  std::size_t section_count = 0;
  std::vector<HeldOutQuery> queries;
};

struct PairOptions {
  std::uint64_t seed = 42;
  // Passages of one section that are taken as positives.
  std::size_t positives_per_section_max = 4;
};

TrainingSet make_training_set(const cache::Bundle& bundle, PairOptions options);

// The text of a passage as it is learnt and judged: the repository's name, then the passage.
std::string candidate_text(std::string_view repository, std::string_view text);

// A README, SKILLS-INDEX or ARCHITECTURE with kProseCharactersMin characters of prose or more.
bool is_documented(const cache::RepositoryEntry& entry);

// Why a portfolio is not trained on: "too_few_repositories", "too_little_evidence"; empty: it is.
std::string_view reason_against(const TrainingSet& set);

}  // namespace cloudfolio::training

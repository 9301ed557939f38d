#pragma once
// A query set: questions, what answers each, and what must not be seen while they are asked.
//
// docs/formats/query-set.md has the JSON. Two levels: `repository` ranks repositories, `passage`
// ranks sections of documents.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cloudfolio::cache {
struct Bundle;
}

namespace cloudfolio::evaluation {

inline constexpr std::string_view kQuerySetFormat = "cloudfolio-query-set-1";
inline constexpr std::size_t kQuerySetQueriesMax = 10'000;
inline constexpr std::size_t kWithheldTextsMax = 10'000;

enum class Level : std::uint8_t { repository, passage };
std::string_view to_string(Level level);

// What answers: a repository; or the sections of it that fit every field that is not empty.
struct Relevant {
  std::string repository;
  std::string path;     // Of the document in the repository.
  std::string heading;  // The section's own, without those above it.
  bool operator==(const Relevant&) const = default;
};

struct Question {
  std::string text;
  std::string kind;                // For the reader; the report counts by it. May be empty.
  std::vector<Relevant> relevant;  // At least one.
  bool operator==(const Question&) const = default;
};

// Parts of a portfolio that are taken out before anything is ranked, because they hold the answers.
struct Withheld {
  bool descriptions = false;
  bool topics = false;
  bool languages = false;
  bool contexts = false;           // .repo-context.json
  bool headings = false;           // All of them, not only those that are asked for.
  std::vector<std::string> texts;  // Wherever they occur, without regard to blanks and case.
  bool operator==(const Withheld&) const = default;
};

struct QuerySet {
  std::string name;
  std::string login;  // Whose portfolio; empty: anybody's.
  Level level = Level::passage;
  Withheld withheld;
  std::vector<Question> questions;
  bool operator==(const QuerySet&) const = default;
};

// Code::invalid_argument says which entry is wrong.
Result<QuerySet> query_set_from_json(std::string_view text);
// Indented, ends with a line feed.
std::string to_json(const QuerySet& set);

// The questions that training holds out of this portfolio under this seed (training/pairs.h), asked
// of its sections without their headings.
QuerySet held_out_questions(const cache::Bundle& bundle, std::uint64_t seed);

}  // namespace cloudfolio::evaluation

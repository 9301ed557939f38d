#include "training/pairs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "retrieval/words.h"
#include "training/guard_set.h"

namespace cloudfolio::training {
namespace {

cache::RepositoryEntry documented(const std::string& name, int section_count) {
  cache::RepositoryEntry entry;
  entry.name = name;
  entry.metadata.name = name;
  entry.metadata.description = "The " + name + " project";
  entry.readme = "# " + name + "\nSome introduction of " + name + " that is long enough.\n";
  entry.readme += "## Installation\nRun the installer of " + name + " and wait a moment.\n";
  for (int i = 0; i < section_count; ++i) {
    entry.readme += "## Chapter " + name + " " + std::to_string(i) + "\nThis text is about item " +
                    std::to_string(i) + " of " + name + ".\n";
  }
  return entry;
}

cache::Bundle portfolio(int repositories = 3, int sections = 25) {
  cache::Bundle bundle;
  for (int i = 0; i < repositories; ++i) {
    bundle.repositories.push_back(documented("repo" + std::to_string(i), sections));
  }
  return bundle;
}

TEST(pairs, a_section_is_the_answer_to_its_heading) {
  const TrainingSet set = make_training_set(portfolio(), {});
  const auto found = std::find_if(set.pairs.begin(), set.pairs.end(), [](const TextPair& pair) {
    return pair.query.starts_with("Chapter ");
  });
  ASSERT_NE(found, set.pairs.end());
  EXPECT_NE(found->positive.find("This text is about item"), std::string::npos);
  EXPECT_EQ(found->positive.find("Chapter"), std::string::npos) << "the answer holds its question";
}

TEST(pairs, a_heading_that_several_have_is_asked_with_the_name) {
  std::set<std::string> queries;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    PairOptions options;
    options.seed = seed;
    const TrainingSet set = make_training_set(portfolio(), options);
    for (const TextPair& pair : set.pairs) queries.insert(pair.query);
    for (const HeldOutQuery& query : set.queries) queries.insert(query.query);
  }
  EXPECT_TRUE(queries.contains("repo1 Installation"));
  EXPECT_FALSE(queries.contains("Installation"));
}

TEST(pairs, held_out_headings_are_in_no_pair_and_are_at_least_sixteen) {
  for (const std::uint64_t seed : {1ULL, 42ULL, 20261ULL}) {
    SCOPED_TRACE(seed);
    PairOptions options;
    options.seed = seed;
    const TrainingSet set = make_training_set(portfolio(), options);
    EXPECT_GE(set.queries.size(), kHeldOutQueriesMin);
    std::set<std::string> asked;
    std::set<std::string> answers;
    for (const HeldOutQuery& query : set.queries) {
      asked.insert(retrieval::folded(query.query));
      ASSERT_FALSE(query.relevant_sections.empty());
      for (const Candidate& candidate : set.candidates) {
        if (std::find(query.relevant_sections.begin(), query.relevant_sections.end(),
                      candidate.section) != query.relevant_sections.end()) {
          answers.insert(candidate.text);
        }
      }
    }
    for (const TextPair& pair : set.pairs) {
      EXPECT_FALSE(asked.contains(retrieval::folded(pair.query))) << pair.query;
      EXPECT_FALSE(answers.contains(pair.positive)) << pair.positive;
    }
  }
}

TEST(pairs, the_same_bundle_and_seed_give_the_same_set) {
  const TrainingSet one = make_training_set(portfolio(), {});
  const TrainingSet two = make_training_set(portfolio(), {});
  EXPECT_EQ(one.pairs, two.pairs);
  ASSERT_EQ(one.queries.size(), two.queries.size());
  PairOptions other;
  other.seed = 7;
  EXPECT_NE(make_training_set(portfolio(), other).pairs, one.pairs);
}

TEST(pairs, nothing_empty_is_learnt_and_equal_texts_share_a_group) {
  cache::Bundle bundle = portfolio();
  bundle.repositories[0].metadata.description = "   ";
  bundle.repositories[1].metadata.description = "";
  bundle.repositories[2].repo_context =
      R"({"tech_stack": {"primary": ["Go", 7, null, "SQL"], "secondary": []},
          "skill_manifest": "loose text", "outcomes": [1, 2]})";
  const TrainingSet set = make_training_set(bundle, {});
  bool technologies = false;
  for (const TextPair& pair : set.pairs) {
    EXPECT_GT(pair.query.size(), 2U);
    EXPECT_GT(pair.positive.size(), 6U);
    EXPECT_NE(pair.query_group, 0U);
    for (const TextPair& other : set.pairs) {
      EXPECT_EQ(pair.query == other.query, pair.query_group == other.query_group);
      EXPECT_EQ(pair.positive == other.positive, pair.positive_group == other.positive_group);
    }
    technologies = technologies || (pair.query == "Which technologies are used in repo2?" &&
                                    pair.positive == "repo2\nGo, SQL");
    EXPECT_NE(pair.query, "What is repo1?");
  }
  EXPECT_TRUE(technologies);
}

TEST(pairs, every_question_names_its_repository_or_is_its_own) {
  const TrainingSet set = make_training_set(portfolio(), {});
  std::set<std::pair<std::string, std::string>> by_query;
  for (const TextPair& pair : set.pairs) {
    const std::string repository = pair.positive.substr(0, pair.positive.find('\n'));
    by_query.insert({pair.query, repository});
  }
  std::set<std::string> queries;
  for (const auto& [query, repository] : by_query) {
    EXPECT_TRUE(queries.insert(query).second) << query << " asks for two repositories";
  }
}

TEST(pairs, too_few_documented_repositories_and_too_little_evidence_are_said) {
  EXPECT_EQ(reason_against(make_training_set(portfolio(2, 30), {})), "too_few_repositories");
  EXPECT_EQ(reason_against(make_training_set(portfolio(3, 2), {})), "too_little_evidence");
  EXPECT_EQ(reason_against(make_training_set({}, {})), "too_few_repositories");
  EXPECT_EQ(reason_against(make_training_set(portfolio(), {})), "");
}

TEST(pairs, forty_characters_of_prose_make_a_repository_documented) {
  cache::RepositoryEntry entry;
  EXPECT_FALSE(is_documented(entry));
  entry.readme = "# Heading that is long but no prose at all, whatever it says\n";
  EXPECT_FALSE(is_documented(entry));
  entry.readme += "```\ncode code code code code code code code code code\n```\n";
  EXPECT_FALSE(is_documented(entry));
  entry.architecture = "This paragraph has more than forty characters of real prose.\n";
  EXPECT_TRUE(is_documented(entry));
}

TEST(guard_set, has_two_hundred_different_pairs) {
  ASSERT_EQ(guard_set().size(), 200U);
  std::set<std::string_view> texts;
  for (const GuardPair& pair : guard_set()) {
    EXPECT_TRUE(texts.insert(pair.question).second) << pair.question;
    EXPECT_TRUE(texts.insert(pair.passage).second) << pair.passage;
    EXPECT_TRUE(pair.question.ends_with('?')) << pair.question;
    EXPECT_TRUE(pair.passage.ends_with('.')) << pair.passage;
  }
}

}  // namespace
}  // namespace cloudfolio::training

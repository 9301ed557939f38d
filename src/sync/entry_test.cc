#include "sync/entry.h"

#include <gtest/gtest.h>

#include "cache/fingerprint.h"
#include "sync/testing/fake_github.h"

namespace cloudfolio::sync {
namespace {

using github::DocumentKind;
using State = github::Document::State;
using testing::document_of;
using testing::repository;

github::Document text_document(std::string path, std::string text) {
  github::Document document;
  document.state = State::present;
  document.path = std::move(path);
  document.oid = "o";
  document.size_bytes = static_cast<std::int64_t>(text.size());
  document.text = std::move(text);
  return document;
}

cache::RepositoryEntry with_context(const std::string& text) {
  github::Details details = repository(1, "a", "# A");
  document_of(details, DocumentKind::context) = text_document(".repo-context.json", text);
  return fetched_entry(details, nullptr);
}

TEST(Entry, any_json_is_taken_as_context) {
  for (const char* text :
       {R"({"project_identity":{"name":7}})", "[1,[2]]", "\"words\"", "12", "true"}) {
    const cache::RepositoryEntry entry = with_context(text);
    EXPECT_EQ(entry.repo_context, text);
    EXPECT_TRUE(entry.problems.empty());
    EXPECT_TRUE(entry.has_documentation);
  }
  EXPECT_EQ(with_context("\xef\xbb\xbf{\"a\": 1}\n").repo_context, R"({"a":1})");
}

TEST(Entry, what_is_no_json_is_an_empty_context_and_a_problem) {
  std::string deep(2000, '[');
  for (const std::string& text :
       {std::string("{"), std::string(), std::string("{} {}"), std::string("// no"),
        std::string("null"), deep, std::string("{\"a\":\"\xff\"}")}) {
    const cache::RepositoryEntry entry = with_context(text);
    EXPECT_EQ(entry.repo_context, "{}");
    ASSERT_EQ(entry.problems.size(), 1u) << text.substr(0, 20);
    EXPECT_EQ(entry.problems[0].code, "malformed_context");
    EXPECT_LE(entry.problems[0].message.size(), 300u);
    EXPECT_FALSE(entry.has_documentation);
    EXPECT_EQ(entry.readme, "# A");
  }
}

TEST(Entry, documentation_is_a_context_that_says_something_and_a_readme) {
  EXPECT_FALSE(with_context("{}").has_documentation);
  EXPECT_FALSE(with_context("[]").has_documentation);
  EXPECT_FALSE(with_context("\"\"").has_documentation);
  EXPECT_FALSE(with_context("false").has_documentation);
  github::Details details = repository(1, "a");
  document_of(details, DocumentKind::context) = text_document(".repo-context.json", R"({"a":1})");
  EXPECT_FALSE(fetched_entry(details, nullptr).has_documentation);
}

TEST(Entry, documents_say_where_they_came_from) {
  github::Details details = repository(1, "a");
  document_of(details, DocumentKind::readme) = text_document("readme.rst", "text");
  document_of(details, DocumentKind::readme).size_bytes = 999;
  document_of(details, DocumentKind::readme).state = State::truncated;
  document_of(details, DocumentKind::architecture) = text_document("ARCHITECTURE.md", "a");
  document_of(details, DocumentKind::skills_index).state = State::binary;
  document_of(details, DocumentKind::skills_index).path = "SKILLS-INDEX.md";
  const cache::RepositoryEntry entry = fetched_entry(details, nullptr);
  EXPECT_EQ(entry.documents,
            (std::vector<cache::DocumentRef>{
                {cache::DocumentKind::readme, "readme.rst", "o", 999, true},
                {cache::DocumentKind::skills_index, "SKILLS-INDEX.md", "", 0, false},
                {cache::DocumentKind::architecture, "ARCHITECTURE.md", "o", 1, false}}));
  EXPECT_EQ(entry.readme, "text");
  EXPECT_EQ(entry.skills_index, "");
  ASSERT_EQ(entry.problems.size(), 2u);
  EXPECT_EQ(entry.problems[0].code, "truncated_document");
  EXPECT_EQ(entry.problems[1].code, "unreadable_document");
}

TEST(Entry, a_document_that_github_said_nothing_about_stays_as_it_was) {
  const cache::RepositoryEntry old = fetched_entry(repository(1, "a", "# Old"), nullptr);
  github::Details details = repository(1, "a", "# New");
  document_of(details, DocumentKind::readme).state = State::unknown;
  const cache::RepositoryEntry entry = fetched_entry(details, &old);
  EXPECT_EQ(entry.readme, "# Old");
  EXPECT_EQ(entry.documents, old.documents);
  EXPECT_TRUE(is_unresolved(entry));
  EXPECT_FALSE(is_unresolved(old));
  EXPECT_FALSE(is_unresolved(kept_entry(entry, listed_entry(details.repository))));
}

TEST(Entry, files_are_counted_without_links_folders_and_submodules) {
  using Type = github::TreeEntry::Type;
  github::Details details = repository(1, "a");
  details.tree = {{"a", 0040000, Type::tree, "", {}},
                  {"a/b.py", 0100644, Type::blob, "", 1},
                  {"a/c.py", 0120000, Type::blob, "", 1},
                  {"lib.go", 0160000, Type::commit, "", {}},
                  {"z.MD", 0100644, Type::blob, "", 1}};
  const cache::RepositoryEntry entry = fetched_entry(details, nullptr);
  EXPECT_EQ(entry.file_types,
            (std::vector<std::pair<std::string, std::int64_t>>{{".md", 1}, {".py", 1}}));
  EXPECT_EQ(entry.categorized_types, (cache::CategorizedTypes{1, 0, 0, 1, 0}));
  EXPECT_EQ(entry.metadata.file_paths, (std::vector<std::string>{"z.MD", "a/b.py"}));
}

TEST(Entry, metadata_are_the_originals) {
  github::Details details = repository(1001, "a");
  github::Repository& r = details.repository;
  r.updated_at = "2025-10-07T10:00:00Z";
  r.pushed_at = "2025-10-06T15:30:00Z";
  r.size_kib = 42;
  r.language = "Python";
  r.license = github::License{"mit", "MIT License", "MIT", {}, ""};
  details.languages = {{"Python", 90}, {"C", 10}};
  const cache::RepositoryEntry entry = fetched_entry(details, nullptr);
  EXPECT_EQ(entry.fingerprint, "4a33519461f1d68f630106eeb114df05");
  EXPECT_EQ(entry.metadata.license->spdx_id, "MIT");
  EXPECT_EQ(entry.languages, (std::vector<cache::LanguageBytes>{{"Python", 90}, {"C", 10}}));
  EXPECT_EQ(entry.metadata.owner.login, "OctoCat");
}

}  // namespace
}  // namespace cloudfolio::sync

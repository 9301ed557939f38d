#include "search/chunks.h"

#include <gtest/gtest.h>

#include "search/testing/published_portfolio.h"

namespace cloudfolio::search {
namespace {

using testing::repository;

TEST(chunks, documents_are_cut_at_headings_and_the_repository_has_one_of_its_own) {
  auto entry = repository("xsv", "# xsv\nFast CSV.\n## Usage\nRun it.\n", {"csv", "cli"});
  entry.metadata.description = "Slices CSV files";
  entry.repo_context = R"({"tech_stack":{"primary":["Rust"],"secondary":["cargo"]}})";
  const auto chunks = chunks_of(entry);
  ASSERT_EQ(chunks.size(), 3U);
  EXPECT_EQ(chunks[0].kind, Chunk::Kind::repository);
  EXPECT_EQ(chunks[0].text,
            "Slices CSV files\nTopics: csv, cli\nLanguages: Rust\nprimary: Rust; secondary: cargo");
  EXPECT_EQ(chunks[2].path, "README.md");
  EXPECT_EQ(chunks[2].heading_text(), "xsv > Usage");
  EXPECT_EQ(chunks[2].line_from, 3U);
  EXPECT_EQ(chunks[2].line_to, 4U);
  EXPECT_EQ(embedded_text("xsv", chunks[2]), "xsv > Usage\nRun it.");
}

TEST(chunks, only_a_changed_section_changes_its_hash) {
  const auto before = chunks_of(repository("a", "# A\none\n## B\ntwo\n"));
  const auto after = chunks_of(repository("a", "# A\n\n\none\n## B\ntwo and more\n"));
  EXPECT_EQ(before[1].hash, after[1].hash);
  EXPECT_NE(before[2].hash, after[2].hash);
  EXPECT_NE(before[1].hash, chunks_of(repository("b", "# A\none\n"))[1].hash);
}

TEST(chunks, a_context_of_any_shape_is_read) {
  EXPECT_EQ(context_text("[1, \"two\", {\"x\": [\"three\"]}]"), "two, three");
  EXPECT_EQ(context_text("not json"), "");
  EXPECT_EQ(context_text("{}"), "");
  EXPECT_EQ(context_text(R"({"topics": "one", "skill_manifest": [{"category": "web"}]})"),
            "skill manifest: web; topics: one");
  std::string deep(60, '[');
  EXPECT_EQ(context_text(deep + "\"x\"" + std::string(60, ']')), "");
}

TEST(chunks, the_real_name_of_a_document_is_cited_and_decides_how_it_is_read) {
  auto entry = repository("a", "Title\n=====\n\n.. image:: x\n\nText.\n");
  entry.documents[0].path = "README.rst";
  const auto chunks = chunks_of(entry);
  EXPECT_EQ(chunks[1].path, "README.rst");
  EXPECT_EQ(chunks[1].text, "Text.");
}

}  // namespace
}  // namespace cloudfolio::search

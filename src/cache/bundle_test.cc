#include "cache/bundle.h"

#include <gtest/gtest.h>

#include "cache/envelope.h"
#include "json/json.h"

namespace cloudfolio::cache {
namespace {

RepositoryEntry full_entry() {
  RepositoryEntry entry;
  entry.name = "naïve-😀";
  entry.metadata = {.id = 1296269,
                    .name = entry.name,
                    .html_url = "https://github.com/octocat/x",
                    .description = "It's \"é\" ",
                    .fork = true,
                    .created_at = "2011-01-26T19:01:12Z",
                    .updated_at = "2011-01-26T19:14:43Z",
                    .pushed_at = "2011-01-26T19:06:43Z",
                    .size = 108,
                    .language = "C++",
                    .license = License{"mit", "MIT License", "MIT"},
                    .allow_forking = false,
                    .topics = {"a", "b"},
                    .visibility = "public",
                    .default_branch = "main",
                    .file_paths = {"README.md", "src/ü.cc"},
                    .owner = {"octocat", "https://api.github.com/users/octocat"}};
  entry.repo_context = R"({"b":[1,2.5,null,{"deep":[[]]}],"a":"é"})";
  entry.readme = "# Hello\n\ttab \x7f \xe2\x80\xa8";
  entry.skills_index = "s";
  entry.architecture = "a";
  entry.file_types = {{".cc", 2}, {".md", 1}};
  entry.categorized_types = {2, 0, 0, 1, 0};
  entry.fingerprint = "4a33519461f1d68f630106eeb114df05";
  entry.languages = {{"C++", 900}, {"C", 100}};
  entry.has_documentation = true;
  entry.node_id = "R_1";
  entry.head_oid = "h";
  entry.tree_oid = "t";
  entry.archived = true;
  entry.homepage = "https://example.org";
  entry.documents = {{DocumentKind::readme, "readme.md", "o", 9, true},
                     {DocumentKind::context, ".repo-context.json", "p", 1, false}};
  entry.problems = {{"malformed_context", "line 1"}};
  return entry;
}

TEST(Bundle, comes_back_as_it_was_written) {
  Bundle bundle;
  bundle.repositories = {full_entry(), RepositoryEntry()};
  bundle.repositories[1].name = "zzz";
  sort_by_name(bundle);
  const std::string text = to_json(bundle);
  const auto read = bundle_from_json(text);
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(*read, bundle);
  EXPECT_EQ(to_json(*read), text);
  for (const char c : text) EXPECT_GE(c, 0x20);
}

TEST(Bundle, has_the_originals_keys_and_one_of_ours) {
  const auto object = json::parse_object(to_json(full_entry()));
  ASSERT_TRUE(object.ok());
  std::vector<std::string> keys;
  for (const auto& item : *object) keys.emplace_back(item.key());
  EXPECT_EQ(keys, (std::vector<std::string>{"name", "metadata", "repoContext", "readme",
                                            "skills_index", "architecture", "file_types",
                                            "categorized_types", "fingerprint", "languages",
                                            "has_documentation", "cloudfolio"}));
  EXPECT_EQ(json::find_path(*object, "metadata.owner.login")->as_string(), "octocat");
  EXPECT_EQ(json::find_path(*object, "metadata.license.spdx_id")->as_string(), "MIT");
}

TEST(Bundle, reads_what_other_versions_wrote_and_any_shape_at_all) {
  const auto read = bundle_from_json(R"([
    {"name": "v02", "metadata": {"id": 5, "name": "v02", "stargazers_count": 3}, "readme": "r",
     "config_files": {"a": "b"}, "file_types": {}, "languages": {"Go": 12.0, "C": "many"}},
    {"metadata": {"name": "only-metadata"}},
    {"name": 7, "metadata": [1]}, "text", null, 3, [],
    {"name": "odd", "metadata": {"id": "x", "topics": [1, "ok", null], "license": "MIT", "size": -1.5},
     "repoContext": [1, 2], "readme": null, "has_documentation": "yes", "cloudfolio": {"documents": [{"kind": "song"}, 4]}}
  ])");
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read->repositories.size(), 3u);
  EXPECT_EQ(read->repositories[0].name, "odd");
  EXPECT_EQ(read->repositories[0].metadata.topics, std::vector<std::string>{"ok"});
  EXPECT_EQ(read->repositories[0].repo_context, "[1,2]");
  EXPECT_TRUE(read->repositories[0].documents.empty());
  EXPECT_EQ(read->repositories[1].name, "only-metadata");
  EXPECT_EQ(read->find("V02")->languages, (std::vector<LanguageBytes>{{"Go", 12}}));
  EXPECT_EQ(read->find_by_id(5)->name, "v02");
  EXPECT_EQ(read->find("absent"), nullptr);
}

TEST(Bundle, text_that_is_no_array_is_corrupt) {
  for (const char* text : {"", "{}", "[", "nonsense", "[{]", "3"}) {
    const auto read = bundle_from_json(text);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().code(), Code::corrupt);
  }
}

TEST(Envelope, is_the_originals_bytes) {
  EXPECT_EQ(wrap(R"(["\u00e9"])", Clock::WallTime{}),
            R"({"data":["\u00e9"],"cached_at":"1970-01-01T00:00:00Z"})");
  EXPECT_EQ(write_ascii(json::Value("é €😀 /\x7f")), "\"\\u00e9 \\u20ac\\ud83d\\ude00 /\x7f\"");
}

TEST(Envelope, of_any_version_is_read) {
  const auto naive = unwrap(R"({"cached_at": "2025-10-07T11:00:00.123456", "data": null})");
  ASSERT_TRUE(naive.ok());
  EXPECT_TRUE(naive->data.is_null());
  EXPECT_TRUE(naive->cached_at.has_value());
  const auto without = unwrap(R"({"data": 1})");
  ASSERT_TRUE(without.ok());
  EXPECT_FALSE(without->cached_at.has_value());
  for (const char* text : {"", "[]", "{}", R"({"data": 1)", "\x1f\x8b"}) {
    const auto wrong = unwrap(text);
    ASSERT_FALSE(wrong.ok()) << text;
    EXPECT_EQ(wrong.error().code(), Code::corrupt);
  }
}

}  // namespace
}  // namespace cloudfolio::cache

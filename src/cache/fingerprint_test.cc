#include "cache/fingerprint.h"

#include <gtest/gtest.h>

#include <functional>

namespace cloudfolio::cache {
namespace {

RepositoryMetadata metadata(std::int64_t id, std::string updated, std::string pushed,
                            std::int64_t size, std::string branch,
                            std::optional<std::string> language) {
  RepositoryMetadata m;
  m.id = id;
  m.updated_at = std::move(updated);
  m.pushed_at = std::move(pushed);
  m.size = size;
  m.default_branch = std::move(branch);
  m.language = std::move(language);
  return m;
}

RepositoryMetadata first() {
  return metadata(1001, "2025-10-07T10:00:00Z", "2025-10-06T15:30:00Z", 42, "main", "Python");
}
RepositoryMetadata second() {
  return metadata(1002, "2025-09-01T00:00:00Z", "", 0, "master", std::nullopt);
}

// The vectors were computed by the original's algorithm in Python.
TEST(OldFingerprint, of_a_repository_is_the_originals) {
  EXPECT_EQ(metadata_fingerprint(first()), "4a33519461f1d68f630106eeb114df05");
  EXPECT_EQ(metadata_fingerprint(second()), "8679387ad30a7266af80345d23ca6256");
  EXPECT_EQ(metadata_fingerprint(metadata(1003, "2025-01-01T00:00:00Z", "2025-01-01T00:00:00Z", 7,
                                          "développement", "C++")),
            "c3f1a165f98bbaa4a2781e54a6f1f44a");
}

TEST(OldFingerprint, of_a_bundle_is_the_originals_in_any_order) {
  Bundle bundle;
  EXPECT_EQ(bundle_fingerprint(bundle), "d751713988987e9331980363e24189ce");
  bundle.repositories.resize(2);
  bundle.repositories[0].fingerprint = metadata_fingerprint(second());
  bundle.repositories[1].fingerprint = metadata_fingerprint(first());
  EXPECT_EQ(bundle_fingerprint(bundle), "26c89dba41bd8f8d464f50c452929a4b");
}

TEST(OldFingerprint, of_the_content_is_the_originals) {
  Bundle bundle;
  EXPECT_EQ(old_content_fingerprint(bundle), "d751713988987e9331980363e24189ce");
  bundle.repositories.resize(3);
  bundle.repositories[0].name = "beta";
  bundle.repositories[0].readme = "# Beta\n";
  bundle.repositories[0].has_documentation = true;
  bundle.repositories[1].name = "alpha";
  bundle.repositories[1].readme = "# Alpha é\n";
  bundle.repositories[1].skills_index = "## S";
  bundle.repositories[1].has_documentation = true;
  bundle.repositories[2].name = "undocumented";
  bundle.repositories[2].readme = "text";
  EXPECT_EQ(old_content_fingerprint(bundle), "eb7b6309c83aeb2b09b22f4436ba4d4e");
}

ContentIdentity identity() {
  ContentIdentity who;
  who.tenant = TenantId("octocat");
  return who;
}

Bundle small() {
  Bundle bundle;
  bundle.repositories.resize(2);
  bundle.repositories[0].metadata.id = 1;
  bundle.repositories[0].name = "a";
  bundle.repositories[0].readme = "# A";
  bundle.repositories[1].metadata.id = 2;
  bundle.repositories[1].name = "b";
  return bundle;
}

TEST(ContentFingerprint, tells_tenants_scopes_models_and_recipes_apart) {
  const std::string ours = content_fingerprint(identity(), small());
  EXPECT_EQ(ours.size(), 64u);
  std::vector<ContentIdentity> others(4, identity());
  others[0].tenant = TenantId("hubot");
  others[1].scope = "private";
  others[2].base_model = "all-MiniLM-L12-v2";
  others[3].recipe_version = "2";
  for (const ContentIdentity& other : others) EXPECT_NE(content_fingerprint(other, small()), ours);
}

TEST(ContentFingerprint, follows_what_training_reads_and_nothing_else) {
  const std::string before = content_fingerprint(identity(), small());
  const std::vector<std::function<void(RepositoryEntry&)>> read = {
      [](RepositoryEntry& e) { e.name = "c"; },
      [](RepositoryEntry& e) { e.metadata.description = "d"; },
      [](RepositoryEntry& e) { e.metadata.topics = {"t"}; },
      [](RepositoryEntry& e) {
        e.languages = {{"C", 1}};
      },
      [](RepositoryEntry& e) { e.repo_context = R"({"a":1})"; },
      [](RepositoryEntry& e) { e.readme = "# A2"; },
      [](RepositoryEntry& e) { e.skills_index = "# A"; },
      [](RepositoryEntry& e) { e.architecture = "# A"; },
      [](RepositoryEntry& e) { e.metadata.id = 3; },
  };
  for (std::size_t i = 0; i < read.size(); ++i) {
    Bundle bundle = small();
    read[i](bundle.repositories[0]);
    EXPECT_NE(content_fingerprint(identity(), bundle), before) << i;
  }
  Bundle bundle = small();
  bundle.repositories[0].metadata.pushed_at = "2026-01-01T00:00:00Z";
  bundle.repositories[0].metadata.size = 9;
  bundle.repositories[0].problems = {{"empty", ""}};
  std::swap(bundle.repositories[0], bundle.repositories[1]);
  EXPECT_EQ(content_fingerprint(identity(), bundle), before);
}

TEST(ContentFingerprint, text_that_moves_from_one_document_to_the_next_is_seen) {
  Bundle one = small(), other = small();
  one.repositories[0].readme = "ab";
  one.repositories[0].skills_index = "c";
  other.repositories[0].readme = "a";
  other.repositories[0].skills_index = "bc";
  EXPECT_NE(content_fingerprint(identity(), one), content_fingerprint(identity(), other));
}

}  // namespace
}  // namespace cloudfolio::cache

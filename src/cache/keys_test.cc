#include "cache/keys.h"

#include <gtest/gtest.h>

#include <set>

namespace cloudfolio::cache {
namespace {

const TenantId kOctocat("octocat");

TEST(Keys, are_the_originals_for_every_login_that_github_gives_out) {
  EXPECT_EQ(bundle_key(kOctocat), "repos_bundle_context_octocat");
  EXPECT_EQ(repository_key(kOctocat, "a/b c"), "repo_level_bundle_octocat_a_b_c");
  EXPECT_EQ(older_repository_key(kOctocat, "hello-world"), "repo_context_octocat_hello-world");
  EXPECT_EQ(model_archive_key("4a33519461f1d68f630106eeb114df05"),
            "model_4a33519461f1d68f630106eeb114df05.zip");
  EXPECT_EQ(model_metadata_key("abc"), "model_metadata_abc.json");
}

TEST(Keys, of_two_tenants_never_meet_whatever_their_names_contain) {
  // Logins over {a, _, -} and repositories over {a, _, b}: every pair has a key of its own.
  const std::vector<std::string> logins = {"a", "a_a", "a_a_a", "a-a", "aa"};
  const std::vector<std::string> repositories = {"a", "_a", "a_a", "a_b", "b", "_", "a_a_b"};
  std::set<std::string> keys;
  for (const std::string& login : logins)
    for (const std::string& repository : repositories)
      EXPECT_TRUE(keys.insert(repository_key(TenantId(login), repository)).second)
          << login << " " << repository;
  EXPECT_FALSE(bundle_key(TenantId("samuel")) == bundle_key(TenantId("sam")));
  EXPECT_FALSE(
      generations_prefix(TenantId("samuel")).starts_with(generations_prefix(TenantId("sam"))));
}

TEST(Keys, of_a_generation_say_which_and_whose) {
  EXPECT_EQ(staged_key(kOctocat, 7, 1296269), "gen/octocat/7/repository/1296269");
  EXPECT_EQ(note_key(kOctocat, 7, "plan"), "gen/octocat/7/note/plan");
  EXPECT_EQ(generation_of(kOctocat, staged_key(kOctocat, 7, 1)), 7u);
  EXPECT_EQ(generation_of(TenantId("octo"), staged_key(kOctocat, 7, 1)), std::nullopt);
  for (const char* key :
       {"gen/octocat/", "gen/octocat/x/repository/1", "gen/octocat/7", "gen/octocat/-7/a",
        "gen/octocat/99999999999999999999/a", "repos_bundle_context_octocat", ""})
    EXPECT_EQ(generation_of(kOctocat, key), std::nullopt) << key;
  EXPECT_TRUE(is_index_key(kOctocat, index_key(kOctocat, 3, "0a")));
  EXPECT_FALSE(is_index_key(kOctocat, index_key(TenantId("hubot"), 3, "0a")));
  EXPECT_FALSE(is_index_key(kOctocat, staged_key(kOctocat, 3, 1)));
}

TEST(Keys, a_fingerprint_is_hex_of_either_length) {
  EXPECT_TRUE(is_fingerprint(std::string(32, 'a')));
  EXPECT_TRUE(is_fingerprint(std::string(64, '0')));
  for (const std::string& text :
       {std::string(), std::string(33, 'a'), std::string(32, 'A'), std::string(32, '/')})
    EXPECT_FALSE(is_fingerprint(text)) << text;
}

}  // namespace
}  // namespace cloudfolio::cache

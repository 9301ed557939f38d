// Tables, queue messages and job records of v0.2 and v0.3.

#include <gtest/gtest.h>

#include "base/time_text.h"
#include "cache/legacy/old_messages.h"
#include "cache/legacy/old_tables.h"
#include "crypto/encoding.h"
#include "storage/storage.h"

namespace cloudfolio::cache {
namespace {

const Context kCtx;

TEST(OldMessages, are_read_plain_and_in_base64) {
  const std::string body =
      R"({"schema_version":"2025-12-01","job_id":"j1","username":"OctoCat","repo_name":"hello",)"
      R"("fingerprint":"f","queued_at":"2025-12-01T10:00:00.5+00:00","unknown":[1]})";
  for (const std::string& form : {body, crypto::to_base64(body)}) {
    const auto read = read_old_message("github-sync", form);
    ASSERT_TRUE(read.ok()) << read.error().message();
    const auto& message = std::get<OldSyncMessage>(*read);
    EXPECT_EQ(message.username, "OctoCat");
    EXPECT_EQ(message.repo_name, "hello");
    EXPECT_EQ(to_text(*message.queued_at), "2025-12-01T10:00:00.500000Z");
  }
  const auto early = read_old_message(
      "github-sync", R"({"job_id":"j","username":"u","repo":{"name":"r","fingerprint":"f"}})");
  EXPECT_EQ(std::get<OldSyncMessage>(*early).repo_name, "r");
  for (const char* bad : {"", "{", "[]", "aGFsbG8=", "{\"job_id\":\"j\"}", "\xff"})
    EXPECT_EQ(read_old_message("github-sync", bad).error().code(), Code::corrupt) << bad;
  EXPECT_EQ(read_old_message("other", body).error().code(), Code::invalid_argument);
}

TEST(OldMessages, of_merge_and_training_are_read_in_each_version) {
  for (const char* key : {"synced_repos", "fresh_repos", "repo_names"}) {
    const auto merge =
        read_old_message("merge-results", std::string(R"({"job_id":"j","username":"u",")") + key +
                                              R"(":["a","b"]})");
    EXPECT_EQ(std::get<OldMergeMessage>(*merge).synced_repos.size(), 2u) << key;
  }
  const auto early = read_old_message(
      "model-training",
      R"({"username":"u","repos_bundle":[{"name":"a"}],"training_params":{"epochs":3}})");
  EXPECT_EQ(std::get<OldTrainingMessage>(*early).repo_names, std::vector<std::string>{"a"});
  EXPECT_EQ(std::get<OldTrainingMessage>(*early).epochs, 3);
  const auto later = read_old_message(
      "model-training",
      R"({"username":"u","job_id":"j","bundle_cache_key":"repos_bundle_context_u","repo_names":[]})");
  EXPECT_EQ(std::get<OldTrainingMessage>(*later).bundle_cache_key, "repos_bundle_context_u");
}

TEST(OldJobs, are_read) {
  EXPECT_EQ(old_job_key("7"), "job:7");
  const auto job =
      read_old_job(R"({"data":{"job_id":"7","username":"u","total_repos":3,"synced_repos":["a"],)"
                   R"("status":"processing","created_at":"2025-12-01T10:00:00"},"cached_at":"x"})");
  ASSERT_TRUE(job.ok());
  EXPECT_EQ(job->expected_repos, 3);
  EXPECT_EQ(job->completed_repos, 1);
  EXPECT_TRUE(job->created_at.has_value());
  EXPECT_FALSE(read_old_job(R"({"data":[]})").ok());
}

TEST(OldTimes, of_table_keys_are_read) {
  EXPECT_EQ(to_text(*old_time("2026-01-27T10-20-30.5_00-00")), "2026-01-27T10:20:30.500000Z");
  EXPECT_EQ(to_text(*old_time("2026-01-27T10:20:30")), "2026-01-27T10:20:30Z");
  EXPECT_FALSE(old_time("yesterday").has_value());
}

TEST(OldTables, a_bundle_is_put_together_from_its_rows) {
  ManualClock clock;
  const auto store = storage::open_memory(clock);
  storage::Table& table = **store->table("RepoMetadata");
  const auto insert = [&](const char* user, const char* repo, storage::Values values) {
    ASSERT_TRUE(table.insert(kCtx, {{user, repo}, std::move(values)}).ok());
  };
  insert("OctoCat", "zeta",
         {{"fingerprint", std::string("f1")},
          {"has_documentation", true},
          {"readme_excerpt", std::string("# Zeta")},
          {"document", std::string("{}")},  // It was too long.
          {"metadata", std::string(R"({"id":7,"name":"zeta","owner":{"login":"OctoCat"}})")},
          {"languages", std::string(R"({"Go":10})")}});
  insert("OctoCat", "alpha",
         {{"document", std::string(R"({"name":"alpha","readme":"whole"})")},
          {"readme_excerpt", std::string("who")}});
  insert("somebody", "else", {});
  const auto bundle = bundle_of_old_tables(kCtx, *store, "OctoCat");
  ASSERT_TRUE(bundle.ok());
  ASSERT_EQ(bundle->repositories.size(), 2u);
  EXPECT_EQ(bundle->repositories[0].readme, "whole");
  EXPECT_EQ(bundle->repositories[1].name, "zeta");
  EXPECT_EQ(bundle->repositories[1].metadata.id, 7);
  EXPECT_EQ(bundle->repositories[1].readme, "# Zeta");
  EXPECT_TRUE(bundle->repositories[1].has_documentation);
  EXPECT_EQ(bundle->repositories[1].languages.at(0).first, "Go");
  EXPECT_TRUE(bundle_of_old_tables(kCtx, *store, "nobody")->repositories.empty());

  ASSERT_TRUE((*store->table("JobMetadata"))
                  ->insert(kCtx, {{"OctoCat", "j1"},
                                  {{"status", std::string("completed")},
                                   {"created_at", std::string("2026-01-27T10-20-30_00-00")},
                                   {"synced_repos", std::string(R"(["zeta"])")}}})
                  .ok());
  const auto sessions = old_sessions(kCtx, *store, "OctoCat");
  ASSERT_EQ(sessions->size(), 1u);
  EXPECT_EQ(sessions->at(0).status, "completed");
  EXPECT_EQ(sessions->at(0).synced_repos, std::vector<std::string>{"zeta"});
  EXPECT_TRUE(sessions->at(0).created_at.has_value());
}

}  // namespace
}  // namespace cloudfolio::cache

// What every version of the original wrote, read; and what it reads, written.

#include <gtest/gtest.h>

#include <map>

#include "base/time_text.h"
#include "cache/cache.h"
#include "cache/entry_metadata.h"
#include "cache/envelope.h"
#include "cache/fingerprint.h"
#include "cache/keys.h"
#include "cache/legacy/old_entries.h"
#include "cache/legacy/spellings.h"
#include "cache/store.h"
#include "json/json.h"
#include "storage/storage.h"
#include "storage/testing/failing.h"
#include "telemetry/metrics.h"

namespace cloudfolio::cache {
namespace {

const Context kCtx;
const TenantId kOctocat("octocat");

class OldForms : public testing::Test {
 protected:
  TenantCache open(storage::BlobStore& in) {
    const Cache caches(in, clock, metrics, {.old_app = {OldAppSharing::Writes::yes, kOctocat}});
    return caches.open(kOctocat);
  }
  void old_put(const std::string& key, const std::string& body, storage::Metadata metadata = {}) {
    storage::PutOptions options;
    options.content_type = "application/json";
    options.content_encoding = "utf-8";
    options.metadata = std::move(metadata);
    ASSERT_TRUE(blobs.put(kCtx, storage::BlobKey(key), body, options).ok());
  }
  std::string text(const std::string& key) {
    const auto blob = blobs.get(kCtx, storage::BlobKey(key));
    return blob ? blob->bytes : "NONE";
  }
  std::string metadata(const std::string& key, const std::string& name) {
    const auto blob = blobs.get(kCtx, storage::BlobKey(key));
    if (!blob || !blob->properties.metadata.contains(name)) return "NONE";
    return blob->properties.metadata.at(name);
  }
  static RepositoryEntry entry(const std::string& name, std::int64_t id) {
    RepositoryEntry made;
    made.name = made.metadata.name = name;
    made.metadata.id = id;
    made.metadata.owner.login = "OctoCat";
    made.readme = "# " + name;
    made.repo_context = "{\"topics\":[]}";
    made.has_documentation = true;
    made.fingerprint = metadata_fingerprint(made.metadata);
    return made;
  }
  Result<PublicationInfo> publish(const TenantCache& by, const std::vector<std::string>& names,
                                  const std::string& content = std::string(64, 'c')) {
    Bundle bundle;
    for (std::size_t i = 0; i < names.size(); ++i)
      bundle.repositories.push_back(entry(names[i], static_cast<std::int64_t>(i + 1)));
    sort_by_name(bundle);
    PublishRequest request;
    const auto info = by.publication_info(kCtx);
    if (!info && info.error().code() != Code::not_found) return info.error();
    if (info) {
      request.base_generation = info->generation;
      request.base_etag = info->etag;
    }
    CF_TRY(request.generation, by.reserve_generation(kCtx));
    request.content = content;
    return by.publish(kCtx, request, bundle);
  }

  ManualClock clock;  // 2026-01-01T00:00:00Z
  std::unique_ptr<storage::Storage> storage = storage::open_memory(clock);
  storage::BlobStore& blobs = **storage->blobs(kContainer);
  telemetry::MetricRegistry metrics;
  Store store{blobs, clock, metrics, {}};
  TenantCache cache = open(blobs);
};

TEST_F(OldForms, an_envelope_is_read_with_every_form_of_time) {
  for (const char* time : {"2025-10-07T11:00:00.123456+00:00", "2025-10-07T11:00:00+00:00",
                           "2025-10-07T11:00:00.123456", "2025-10-07T11:00:00"}) {
    const auto read = unwrap(std::string(R"({"data":[1],"cached_at":")") + time + "\"}");
    ASSERT_TRUE(read.ok()) << time;
    ASSERT_TRUE(read->cached_at.has_value()) << time;
    EXPECT_EQ(to_text(*read->cached_at).substr(0, 19), "2025-10-07T11:00:00");
  }
  EXPECT_TRUE(unwrap(R"({"cached_at":"not a time","data":null})").ok());
}

TEST_F(OldForms, a_bundle_of_the_old_app_is_read_by_its_rules_of_expiry) {
  const std::string body =
      R"({"data":[{"name":"hello"}],"cached_at":"2025-10-07T11:00:00.123456"})";
  const struct {
    storage::Metadata metadata;
    bool valid;
  } kCases[] = {
      {{}, true},
      {{{"fingerprint", std::string(32, 'a')}}, true},
      {{{"expires_at", "2026-01-01T00:00:00.000001+00:00"}}, true},
      {{{"expires_at", "2026-01-01T00:00:01"}}, true},  // Naive.
      {{{"expires_at", "2026-01-01T00:00:00+00:00"}}, false},
      {{{"expires_at", "2025-12-31T23:59:59.999999"}}, false},
      {{{"expires_at", "soon"}}, false},
      {{{"expires_at", "2020-01-01T00:00:00"}, {"no_expiry", "True"}}, true},
  };
  for (const auto& one : kCases) {
    old_put("repos_bundle_context_octocat", body, one.metadata);
    const auto publication = cache.read_publication(kCtx);
    const auto shown = one.metadata.contains("expires_at") ? one.metadata.at("expires_at") : "";
    EXPECT_EQ(publication.ok(), one.valid) << shown;
    if (publication) {
      EXPECT_EQ(publication->info.generation, 0u);
    }
  }
}

TEST_F(OldForms, a_bundle_under_another_spelling_is_adopted_once) {
  old_put("repos_bundle_context_OctoCat", R"({"data":[{"name":"hello"}],"cached_at":"x"})",
          {{"fingerprint", std::string(32, 'b')}});
  EXPECT_FALSE(*cache.adopt_spelling(kCtx, "octocat"));
  EXPECT_FALSE(*cache.adopt_spelling(kCtx, "OCTOCAT"));
  EXPECT_FALSE(*cache.adopt_spelling(kCtx, "OctoDog"));
  EXPECT_TRUE(*cache.adopt_spelling(kCtx, "OctoCat"));
  const auto publication = cache.read_publication(kCtx);
  ASSERT_TRUE(publication.ok());
  EXPECT_EQ(publication->bundle->repositories.at(0).name, "hello");
  EXPECT_EQ(publication->info.generation, 0u);
  EXPECT_EQ(publication->info.fingerprint, std::string(32, 'b'));
  EXPECT_EQ(metadata("repos_bundle_context_octocat", "no_expiry"), "True");
  EXPECT_FALSE(*cache.adopt_spelling(kCtx, "OctoCat"));
  const auto published = publish(cache, {"hello"});
  ASSERT_TRUE(published.ok()) << published.error().message();
  EXPECT_GT(published->generation, 0u);
}

TEST_F(OldForms, repositories_of_old_tables_are_adopted_where_nothing_is_published) {
  EXPECT_FALSE(*cache.adopt_bundle(kCtx, Bundle{}));
  EXPECT_TRUE(*cache.adopt_bundle(kCtx, Bundle{{entry("hello", 1)}}));
  EXPECT_FALSE(*cache.adopt_bundle(kCtx, Bundle{{entry("other", 2)}}));
  const auto publication = cache.read_publication(kCtx);
  ASSERT_TRUE(publication.ok());
  EXPECT_EQ(publication->bundle->repositories.at(0).name, "hello");
  EXPECT_EQ(publication->info.generation, 0u);
  EXPECT_TRUE(publish(cache, {"hello"}).ok());
}

TEST_F(OldForms, both_spellings_of_a_repositorys_key_are_read_and_the_newer_wins) {
  old_put("repo_context_octocat_one", R"({"data":{"name":"one","readme":"older"}})");
  EXPECT_EQ(cache.read_repository(kCtx, "one")->readme, "older");
  old_put("repo_level_bundle_octocat_one", R"({"data":{"name":"one","readme":"newer"}})");
  EXPECT_EQ(cache.read_repository(kCtx, "one")->readme, "newer");
  old_put("repo_level_bundle_octocat_one", R"({"data":{"name":"one"}})",
          {{"expires_at", "2025-01-01T00:00:00"}});
  EXPECT_EQ(cache.read_repository(kCtx, "one")->readme, "older");
  EXPECT_EQ(cache.read_repository(kCtx, "two").error().code(), Code::not_found);
  // (a, b_c) is no repository c of a_b.
  old_put("repo_level_bundle_a_b_c",
          R"({"data":{"metadata":{"name":"b_c","owner":{"login":"a"}}}})");
  const Cache caches(blobs, clock, metrics);
  EXPECT_FALSE(caches.open(TenantId("a_b")).read_repository(kCtx, "c").ok());
  EXPECT_TRUE(caches.open(TenantId("a")).read_repository(kCtx, "b_c").ok());
}

TEST_F(OldForms, the_global_slot_is_read) {
  EXPECT_FALSE(find_old_model(kCtx, store)->has_value());
  const std::string fingerprint(32, 'd');
  old_put("fine_tuned_model_metadata",
          R"({"data":{"storage_type":"blob","blob_name":"model_x.zip","fingerprint":")" +
              fingerprint +
              R"(","training_timestamp":"2025-10-07T11:00:00.5","training_repos_count":3,)"
              R"("repo_names":["a","b","c"]},"cached_at":"2025-10-07T11:00:00"})",
          {{"fingerprint", fingerprint}});
  const auto model = find_old_model(kCtx, store);
  ASSERT_TRUE(model.ok() && *model);
  EXPECT_EQ((*model)->container, "ai-models");
  EXPECT_EQ((*model)->blob_name, "model_x.zip");
  EXPECT_EQ((*model)->repo_names.size(), 3u);
  old_put("fine_tuned_model_metadata", R"({"data":{"fingerprint":"../../x"}})");
  EXPECT_EQ(find_old_model(kCtx, store).error().code(), Code::corrupt);
}

TEST_F(OldForms, a_publication_is_written_where_the_old_app_looks) {
  ASSERT_TRUE(cache.keep_spelling(kCtx, "OCTOcat").ok());
  ASSERT_TRUE(publish(cache, {"one", "two"}).ok());
  for (const char* login : {"octocat", "OctoCat", "OCTOcat"}) {
    for (const char* name : {"one", "two"}) {
      const std::string key = std::string("repo_level_bundle_") + login + "_" + name;
      const auto read = unwrap(text(key));
      ASSERT_TRUE(read.ok()) << key;
      EXPECT_EQ(json::find_string(read->data, "name"), name);
      EXPECT_EQ(metadata(key, "fingerprint"), json::find_string(read->data, "fingerprint"));
      EXPECT_EQ(metadata(key, "no_expiry"), "True");
      EXPECT_EQ(metadata(key, "username"), "octocat");
    }
    EXPECT_EQ(metadata(std::string("repos_bundle_context_") + login, "fingerprint"),
              metadata("repos_bundle_context_octocat", "fingerprint"));
  }
  // What is gone goes there as well; what the old app itself wrote stays.
  old_put("repo_level_bundle_octocat_theirs", R"({"data":{}})");
  ASSERT_TRUE(publish(cache, {"two"}).ok());
  EXPECT_EQ(text("repo_level_bundle_octocat_one"), "NONE");
  EXPECT_EQ(text("repo_level_bundle_OctoCat_one"), "NONE");
  EXPECT_NE(text("repo_level_bundle_octocat_two"), "NONE");
  EXPECT_NE(text("repo_level_bundle_octocat_theirs"), "NONE");
}

TEST_F(OldForms, nothing_of_it_is_written_unless_the_store_is_shared) {
  const TenantCache alone = Cache(blobs, clock, metrics).open(kOctocat);
  ASSERT_TRUE(alone.keep_spelling(kCtx, "OctoCat").ok());
  ASSERT_TRUE(publish(alone, {"one"}).ok());
  EXPECT_EQ(text("repo_level_bundle_octocat_one"), "NONE");
  EXPECT_EQ(text("repos_bundle_context_OctoCat"), "NONE");
}

TEST_F(OldForms, a_slower_refresh_writes_nothing_over_a_newer_ones_entries) {
  const auto first = publish(cache, {"one"});
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(publish(cache, {"one", "two"}).ok());
  const std::string newest = text("repos_bundle_context_OctoCat");
  ASSERT_TRUE(cache.share_with_old_app(kCtx, *first, Bundle{{entry("one", 1)}}).ok());
  EXPECT_EQ(text("repos_bundle_context_OctoCat"), newest);
  EXPECT_NE(text("repo_level_bundle_octocat_two"), "NONE");
}

TEST_F(OldForms, what_did_not_change_is_not_written_again) {
  ASSERT_TRUE(publish(cache, {"one", "two"}).ok());
  const auto before = blobs.head(kCtx, storage::BlobKey("repo_level_bundle_octocat_one"));
  ASSERT_TRUE(publish(cache, {"one", "two", "three"}).ok());
  const auto after = blobs.head(kCtx, storage::BlobKey("repo_level_bundle_octocat_one"));
  EXPECT_EQ(before->etag, after->etag);
}

TEST_F(OldForms, a_publication_that_fails_anywhere_is_whole_for_the_old_app_when_repeated) {
  for (std::uint64_t call = 1;; ++call) {
    SCOPED_TRACE("call " + std::to_string(call));
    clock.advance(std::chrono::seconds(1));
    const std::string name = "of-call-" + std::to_string(call);
    storage::Faults faults({.call = call});
    storage::FailingBlobStore failing(blobs, faults);
    (void)publish(open(failing), {name, "always"}, name);
    // The step of the refresh is run again, and finds its publication or makes one.
    const auto info = cache.publication_info(kCtx);
    if (info && info->content == name) {
      const auto now = cache.read_publication(kCtx);
      ASSERT_TRUE(cache.share_with_old_app(kCtx, now->info, *now->bundle).ok());
    } else {
      ASSERT_TRUE(publish(cache, {name, "always"}, name).ok());
    }
    EXPECT_NE(text("repo_level_bundle_octocat_" + name), "NONE");
    EXPECT_NE(text("repo_level_bundle_OctoCat_" + name), "NONE");
    EXPECT_NE(text("repos_bundle_context_OctoCat").find(name), std::string::npos);
    EXPECT_EQ(text("repo_level_bundle_octocat_of-call-" + std::to_string(call - 1)), "NONE");
    if (!faults.happened() || HasFailure()) break;
  }
}

TEST_F(OldForms, a_published_model_is_where_the_global_slot_says) {
  const std::string content(64, 'e');
  ASSERT_TRUE(publish(cache, {"one"}, content).ok());
  ModelRecord record;
  record.fingerprint = content;
  record.training_timestamp = "2026-01-01T00:00:00Z";
  record.repo_names = {"one"};
  record.reason = "not_better";
  ASSERT_TRUE(cache.write_model_record(kCtx, record).ok());
  EXPECT_EQ(text("fine_tuned_model_metadata"), "NONE") << "only what was published";
  ASSERT_TRUE(cache.write_model(kCtx, content, "the archive").ok());
  record.published = true;
  record.reason.clear();
  ASSERT_TRUE(cache.write_model_record(kCtx, record).ok());
  const auto slot = find_old_model(kCtx, store);
  ASSERT_TRUE(slot.ok() && *slot);
  EXPECT_EQ((*slot)->fingerprint, old_content_fingerprint(*cache.read_publication(kCtx)->bundle));
  EXPECT_EQ((*slot)->container, "github-cache");
  EXPECT_EQ(text((*slot)->blob_name), "the archive");
  EXPECT_EQ(metadata("fine_tuned_model_metadata", "fingerprint"), (*slot)->fingerprint);
}

// The original's hourly clean-up, as it was: no_expiry="True" stays; what has an expires_at goes
// when that has come; what has neither goes 30 days after it was last written.
void old_cleanup(storage::BlobStore& blobs, const Clock& clock) {
  const auto listed = blobs.list(kCtx, {.max_count = storage::kBlobPageCountMax});
  ASSERT_TRUE(listed.ok());
  for (const storage::BlobEntry& listed_entry : listed->entries) {
    const auto properties = blobs.head(kCtx, listed_entry.key);
    const auto& metadata = properties->metadata;
    if (metadata.contains("no_expiry") && metadata.at("no_expiry") == "True") continue;
    bool goes = false;
    if (metadata.contains("expires_at")) {
      const auto expires_at = time_from(metadata.at("expires_at"));
      goes = !expires_at || *expires_at <= clock.wall_time();
    } else {
      goes = properties->last_modified < clock.wall_time() - std::chrono::hours(24 * 30);
    }
    if (goes) {
      ASSERT_TRUE(blobs.remove(kCtx, listed_entry.key, {}).ok());
    }
  }
}

TEST_F(OldForms, the_old_apps_clean_up_takes_nothing_live_after_a_quiet_year) {
  const std::string content(64, 'e');
  ASSERT_TRUE(publish(cache, {"one", "two"}, content).ok());
  const auto info = cache.publication_info(kCtx);
  const auto index = cache.write_index(kCtx, info->generation, "vectors");
  ASSERT_TRUE(cache.write_model(kCtx, content, "the archive").ok());
  ModelRecord record;
  record.fingerprint = content;
  record.published = true;
  ASSERT_TRUE(cache.write_model_record(kCtx, record).ok());
  ASSERT_TRUE(cache.swap_index(kCtx, info->etag, {*index, content, "2/2"}).ok());
  ASSERT_TRUE(cache.write_sync_state(kCtx, "{}").ok());
  ASSERT_TRUE(cache.write_sync_report(kCtx, "{}").ok());
  ASSERT_TRUE(cache.stage(kCtx, info->generation, entry("one", 1)).ok());
  old_put("repos_bundle_context_quiet", R"({"data":[]})");  // The old app's own: it goes.

  std::map<std::string, std::string> before;
  const auto page = blobs.list(kCtx, {});
  ASSERT_TRUE(page.ok());
  for (const auto& listed : page->entries)
    if (!listed.properties.metadata.contains("expires_at") &&
        listed.key.str() != "repos_bundle_context_quiet")
      before[listed.key.str()] = text(listed.key.str());
  for (int hour = 0; hour < 365 * 24; hour += 7) {
    clock.advance(std::chrono::hours(7));
    if (hour % 500 < 7) old_cleanup(blobs, clock);
  }
  old_cleanup(blobs, clock);
  EXPECT_EQ(text("repos_bundle_context_quiet"), "NONE") << "the rule is at work";
  EXPECT_EQ(text("gen/octocat/1/repository/1"), "NONE") << "what has an end has ended";
  for (const auto& [key, bytes] : before) EXPECT_EQ(text(key), bytes) << key;
  EXPECT_GE(before.size(), 15u);
  const auto publication = cache.read_publication(kCtx);
  ASSERT_TRUE(publication.ok());
  EXPECT_EQ(*cache.read_index(kCtx, publication->info.index.key), "vectors");
  EXPECT_EQ(*cache.read_model(kCtx, publication->info.index.model), "the archive");
}

}  // namespace
}  // namespace cloudfolio::cache

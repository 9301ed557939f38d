// The publication under races and under a store that fails at every step.

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "cache/cache.h"
#include "cache/keys.h"
#include "storage/storage.h"
#include "storage/testing/failing.h"
#include "telemetry/metrics.h"

namespace cloudfolio::cache {
namespace {

using storage::Fault;
using storage::Faults;

const Context kCtx;
const TenantId kOctocat("octocat");

Bundle bundle_of(std::uint64_t generation, std::size_t repositories = 3) {
  Bundle bundle;
  for (std::size_t i = 0; i < repositories; ++i) {
    RepositoryEntry entry;
    entry.name = "repository-" + std::to_string(i);
    entry.metadata.id = static_cast<std::int64_t>(i + 1);
    entry.readme = "of generation " + std::to_string(generation);
    bundle.repositories.push_back(std::move(entry));
  }
  return bundle;
}

// A reader's check: every part that is read is of the generation that the publication names.
void expect_whole(const TenantCache& cache) {
  const auto publication = cache.read_publication(kCtx);
  if (!publication) {
    EXPECT_EQ(publication.error().code(), Code::not_found) << publication.error().message();
    return;
  }
  EXPECT_EQ(publication->bundle->repositories.size(), publication->info.repository_count);
  for (const RepositoryEntry& entry : publication->bundle->repositories)
    EXPECT_EQ(entry.readme, "of generation " + std::to_string(publication->info.generation));
  if (publication->info.index.key.empty()) return;
  const auto index = cache.read_index(kCtx, publication->info.index.key);
  ASSERT_TRUE(index.ok()) << index.error().message();
  EXPECT_EQ(*index, "index of " + std::to_string(publication->info.generation) + " by " +
                        publication->info.index.model);
}

class PublicationTest : public testing::Test {
 protected:
  TenantCache open(storage::BlobStore& in, const TenantId& tenant = kOctocat) {
    return Cache(in, clock, metrics).open(tenant);
  }

  ManualClock clock;
  std::unique_ptr<storage::Storage> store = storage::open_memory(clock);
  storage::BlobStore& blobs = **store->blobs(kContainer);
  telemetry::MetricRegistry metrics;
  TenantCache cache = open(blobs);

  Result<PublicationInfo> refresh(const TenantCache& by) {
    PublishRequest request;
    if (auto info = by.publication_info(kCtx)) {
      request.base_generation = info->generation;
      request.base_etag = info->etag;
    } else if (info.error().code() != Code::not_found) {
      return std::move(info).error();
    }
    CF_TRY(request.generation, by.reserve_generation(kCtx));
    request.content = "c" + std::to_string(request.generation);
    return by.publish(kCtx, request, bundle_of(request.generation));
  }
  Result<PublicationInfo> index(const TenantCache& by, const std::string& model) {
    CF_TRY(const PublicationInfo info, by.publication_info(kCtx));
    CF_TRY(std::string key,
           by.write_index(kCtx, info.generation,
                          "index of " + std::to_string(info.generation) + " by " + model));
    IndexPointer next{std::move(key), model, "3/3"};
    return by.swap_index(kCtx, info.etag, next);
  }
};

TEST_F(PublicationTest, a_published_bundle_is_read_with_all_that_it_names) {
  EXPECT_EQ(cache.publication_info(kCtx).error().code(), Code::not_found);
  EXPECT_EQ(cache.read_publication(kCtx).error().code(), Code::not_found);
  ASSERT_TRUE(refresh(cache).ok());
  const auto indexed = index(cache, "base");
  ASSERT_TRUE(indexed.ok()) << indexed.error().message();
  const auto publication = cache.read_publication(kCtx);
  ASSERT_TRUE(publication.ok());
  EXPECT_EQ(publication->info.generation, 1u);
  EXPECT_EQ(publication->info.content, "c1");
  EXPECT_EQ(publication->info.index.coverage, "3/3");
  EXPECT_EQ(*publication->bundle, bundle_of(1));
  expect_whole(cache);
  EXPECT_FALSE((*cache.read_if_changed(kCtx, publication->info.etag)).has_value());
  ASSERT_TRUE(refresh(cache).ok());
  EXPECT_TRUE((*cache.read_if_changed(kCtx, publication->info.etag)).has_value());
  EXPECT_EQ(cache.read_repository(kCtx, "REPOSITORY-1")->name, "repository-1");
  EXPECT_EQ(cache.read_repository(kCtx, "other").error().code(), Code::not_found);
}

TEST_F(PublicationTest, an_entry_says_whose_it_is_in_the_originals_headers) {
  ASSERT_TRUE(refresh(cache).ok());
  const auto blob = blobs.get(kCtx, storage::BlobKey("repos_bundle_context_octocat"));
  ASSERT_TRUE(blob.ok());
  EXPECT_EQ(blob->properties.content_type, "application/json");
  EXPECT_EQ(blob->properties.content_encoding, "utf-8");
  const storage::Metadata& metadata = blob->properties.metadata;
  EXPECT_EQ(metadata.at("username"), "octocat");
  EXPECT_EQ(metadata.at("kind"), "bundle");
  EXPECT_EQ(metadata.at("generation"), "1");
  EXPECT_EQ(metadata.at("no_expiry"), "True");
  EXPECT_EQ(metadata.at("fingerprint").size(), 32u);
  EXPECT_TRUE(blob->bytes.starts_with(R"({"data":[{"name":"repository-0",)"))
      << blob->bytes.substr(0, 60);
}

TEST_F(PublicationTest, two_refreshes_at_once_end_in_one_winner) {
  const auto one = cache.reserve_generation(kCtx), other = cache.reserve_generation(kCtx);
  ASSERT_TRUE(one.ok() && other.ok());
  EXPECT_NE(*one, *other);
  EXPECT_TRUE(cache.publish(kCtx, {.generation = *other}, bundle_of(*other)).ok());
  const auto late = cache.publish(kCtx, {.generation = *one}, bundle_of(*one));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code(), Code::conflict);
  EXPECT_EQ(cache.publication_info(kCtx)->generation, *other);
  expect_whole(cache);
}

TEST_F(PublicationTest, many_writers_and_readers_never_see_a_mixture) {
  constexpr int kWriters = 4, kRounds = 40;
  std::atomic<int> published{0};
  std::atomic<bool> done{false};
  std::vector<std::jthread> threads;
  for (int writer = 0; writer < kWriters; ++writer)
    threads.emplace_back([&, writer] {
      for (int round = 0; round < kRounds; ++round) {
        const auto info =
            writer % 2 == 0 ? refresh(cache) : index(cache, round % 2 ? "base" : "tuned");
        if (info)
          ++published;
        else if (info.error().code() != Code::conflict && info.error().code() != Code::not_found)
          ADD_FAILURE() << info.error().message();
      }
    });
  std::jthread reader([&] {
    std::uint64_t latest = 0;
    while (!done) {
      expect_whole(cache);
      if (const auto info = cache.publication_info(kCtx)) {
        EXPECT_GE(info->generation, latest);
        latest = info->generation;
      }
    }
  });
  threads.clear();
  done = true;
  reader.join();
  EXPECT_GT(published, 0);
}

TEST_F(PublicationTest, an_index_swap_in_between_does_not_lose_a_refresh) {
  ASSERT_TRUE(refresh(cache).ok());
  const auto base = cache.publication_info(kCtx);
  const auto generation = cache.reserve_generation(kCtx);
  ASSERT_TRUE(index(cache, "base").ok());
  const auto info = cache.publish(
      kCtx,
      {.generation = *generation, .base_generation = base->generation, .base_etag = base->etag},
      bundle_of(*generation));
  ASSERT_TRUE(info.ok()) << info.error().message();
  EXPECT_TRUE(info->index.key.empty());
  EXPECT_TRUE(is_index_key(kOctocat, info->stale_index));  // Its vectors can be taken over.
}

TEST_F(PublicationTest, publishing_again_changes_nothing) {
  ASSERT_TRUE(refresh(cache).ok());
  const auto before = cache.publication_info(kCtx);
  const auto again = cache.publish(kCtx, {.generation = 1}, bundle_of(1));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->etag, before->etag);
}

TEST_F(PublicationTest, what_the_old_app_wrote_is_adopted_and_numbers_still_grow) {
  ASSERT_TRUE(refresh(cache).ok());
  ASSERT_TRUE(refresh(cache).ok());
  storage::PutOptions old;
  old.metadata = {{"fingerprint", "26c89dba41bd8f8d464f50c452929a4b"}};
  ASSERT_TRUE(
      blobs
          .put(kCtx, storage::BlobKey(bundle_key(kOctocat)),
               R"({"data":[{"name":"a","metadata":{"id":7}}],"cached_at":"2025-10-07T11:00:00.5"})",
               old)
          .ok());
  const auto adopted = cache.read_publication(kCtx);
  ASSERT_TRUE(adopted.ok());
  EXPECT_EQ(adopted->info.generation, 0u);
  EXPECT_EQ(adopted->bundle->find_by_id(7)->name, "a");
  const auto generation = cache.reserve_generation(kCtx);
  EXPECT_EQ(*generation, 3u);
  // Written once more meanwhile: what was built upon is no longer there.
  ASSERT_TRUE(blobs.put(kCtx, storage::BlobKey(bundle_key(kOctocat)), R"({"data":[]})", old).ok());
  const PublishRequest stale{
      .generation = *generation, .base_generation = 0, .base_etag = adopted->info.etag};
  EXPECT_EQ(cache.publish(kCtx, stale, bundle_of(3)).error().code(), Code::conflict);
  ASSERT_TRUE(refresh(cache).ok());
  EXPECT_EQ(cache.publication_info(kCtx)->generation, 4u);
}

TEST_F(PublicationTest, vectors_and_model_switch_together_and_back) {
  ASSERT_TRUE(refresh(cache).ok());
  ASSERT_TRUE(index(cache, "base").ok());
  const auto tuned = index(cache, std::string(64, 'a'));
  ASSERT_TRUE(tuned.ok());
  ASSERT_TRUE(tuned->previous.has_value());
  EXPECT_EQ(tuned->previous->model, "base");
  const auto back = cache.step_back(kCtx, tuned->etag);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->index, *tuned->previous);
  EXPECT_EQ(*back->previous, tuned->index);
  expect_whole(cache);
  // A refresh later, the model stays and its vectors are those of another generation.
  ASSERT_TRUE(refresh(cache).ok());
  const auto again = cache.step_back(kCtx, cache.publication_info(kCtx)->etag);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->index.model, std::string(64, 'a'));
  EXPECT_TRUE(again->index.key.empty());
  EXPECT_EQ(again->stale_index, tuned->index.key);
}

TEST_F(PublicationTest, an_index_of_another_generation_or_tenant_is_refused) {
  ASSERT_TRUE(refresh(cache).ok());
  const auto old_key = cache.write_index(kCtx, 1, "x");
  ASSERT_TRUE(refresh(cache).ok());
  const auto info = cache.publication_info(kCtx);
  const TenantCache hubot = open(blobs, TenantId("hubot"));
  const auto foreign = hubot.write_index(kCtx, 2, "secret");
  for (const std::string& key : {*old_key, *foreign, std::string("anything")})
    EXPECT_EQ(cache.swap_index(kCtx, info->etag, {key, "base", ""}).error().code(),
              Code::invalid_argument)
        << key;
  EXPECT_EQ(cache.swap_index(kCtx, "other", {*old_key, "base", ""}).error().code(), Code::conflict);
  EXPECT_EQ(cache.read_index(kCtx, *foreign).error().code(), Code::not_found);
}

TEST_F(PublicationTest, one_tenant_never_gets_anothers_model_or_staged_entry) {
  const TenantCache hubot = open(blobs, TenantId("hubot"));
  const std::string fingerprint(64, 'b');
  ASSERT_TRUE(hubot.write_model(kCtx, fingerprint, "zip").ok());
  ModelRecord record;
  record.fingerprint = fingerprint;
  record.reason = "too_little_evidence";
  record.report = R"({"pairs":2})";
  record.repo_names = {"a"};
  ASSERT_TRUE(hubot.write_model_record(kCtx, record).ok());
  EXPECT_EQ(*hubot.read_model(kCtx, fingerprint), "zip");
  EXPECT_EQ((*hubot.find_model_record(kCtx, fingerprint))->report, record.report);
  EXPECT_EQ(cache.read_model(kCtx, fingerprint).error().code(), Code::not_found);
  EXPECT_FALSE((*cache.find_model_record(kCtx, fingerprint)).has_value());
  for (const char* name : {"../x", "", "ABC", "model"})
    EXPECT_FALSE(cache.read_model(kCtx, name).ok());
  ASSERT_TRUE(hubot.stage(kCtx, 1, bundle_of(1).repositories[0]).ok());
  EXPECT_TRUE(hubot.read_staged(kCtx, 1, 1).ok());
  EXPECT_EQ(cache.read_staged(kCtx, 1, 1).error().code(), Code::not_found);
}

TEST_F(PublicationTest, a_damaged_bundle_says_so_and_a_refresh_heals_it) {
  ASSERT_TRUE(refresh(cache).ok());
  const auto properties = blobs.head(kCtx, storage::BlobKey(bundle_key(kOctocat)));
  storage::PutOptions same;
  same.metadata = properties->metadata;
  ASSERT_TRUE(
      blobs.put(kCtx, storage::BlobKey(bundle_key(kOctocat)), R"({"data":[{"na)", same).ok());
  const auto read = cache.read_publication(kCtx);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code(), Code::corrupt);
  EXPECT_NE(read.error().message().find("--force"), std::string::npos) << read.error().message();
  ASSERT_TRUE(refresh(cache).ok());
  expect_whole(cache);
}

TEST_F(PublicationTest, notes_and_memory_come_back) {
  EXPECT_FALSE((*cache.find_sync_state(kCtx)).has_value());
  ASSERT_TRUE(cache.write_sync_state(kCtx, R"({"etag":"é"})").ok());
  EXPECT_EQ(**cache.find_sync_state(kCtx), R"({"etag":"é"})");
  ASSERT_TRUE(cache.write_sync_report(kCtx, "{}").ok());
  EXPECT_EQ(**cache.find_sync_report(kCtx), "{}");
  ASSERT_TRUE(cache.stage_note(kCtx, 4, "plan", "[1]").ok());
  EXPECT_EQ(*cache.read_note(kCtx, 4, "plan"), "[1]");
  EXPECT_EQ(cache.read_note(kCtx, 5, "plan").error().code(), Code::not_found);
  EXPECT_EQ(cache.stage_note(kCtx, 4, "../plan", "[1]").error().code(), Code::invalid_argument);
  clock.advance(std::chrono::hours(24 * 8));  // A run that is long over.
  EXPECT_EQ(cache.read_note(kCtx, 4, "plan").error().code(), Code::not_found);
  EXPECT_TRUE((*cache.find_sync_state(kCtx)).has_value());
}

TEST_F(PublicationTest, reads_are_counted_by_kind_and_outcome) {
  (void)cache.read_publication(kCtx);
  ASSERT_TRUE(refresh(cache).ok());
  (void)cache.read_publication(kCtx);
  const std::string text = metrics.to_prometheus();
  EXPECT_NE(text.find(R"(cloudfolio_cache_reads_total{kind="bundle",outcome="hit"} 1)"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(R"(cloudfolio_cache_reads_total{kind="bundle",outcome="miss"} 1)"),
            std::string::npos);
}

// Whatever call fails, with or without effect, once or from then on: a reader sees whole
// generations only, and the next refresh succeeds.
TEST_F(PublicationTest, a_failure_at_any_step_leaves_the_old_whole_or_the_new_whole) {
  for (const Fault::When when : {Fault::When::before, Fault::When::after})
    for (const Fault::Then then : {Fault::Then::works, Fault::Then::fails})
      for (std::uint64_t call = 1;; ++call) {
        ManualClock its_clock;
        const auto fresh = storage::open_memory(its_clock);
        storage::BlobStore& real = **fresh->blobs(kContainer);
        const TenantCache sound = open(real);
        ASSERT_TRUE(refresh(sound).ok());
        ASSERT_TRUE(index(sound, "base").ok());
        Faults faults({.call = call, .when = when, .then = then});
        storage::FailingBlobStore failing(real, faults);
        const TenantCache faulty = open(failing);
        (void)refresh(faulty);
        expect_whole(sound);
        (void)index(faulty, "tuned");
        expect_whole(sound);
        if (const auto info = faulty.publication_info(kCtx))
          (void)faulty.step_back(kCtx, info->etag);
        (void)faulty.collect_generations(kCtx, std::chrono::seconds(0), 1000);
        expect_whole(sound);
        const auto healed = refresh(sound);
        ASSERT_TRUE(healed.ok()) << healed.error().message() << " after call " << call;
        expect_whole(sound);
        if (!faults.happened()) break;
      }
}

TEST_F(PublicationTest, collecting_removes_what_no_pointer_reaches_and_nothing_young) {
  for (int i = 0; i < 4; ++i) {
    const auto info = refresh(cache);
    ASSERT_TRUE(cache.stage(kCtx, info->generation, bundle_of(1).repositories[0]).ok());
    ASSERT_TRUE(index(cache, i == 2 ? "tuned" : "base").ok());
  }
  const TenantCache neighbour = open(blobs, TenantId("octo"));
  ASSERT_TRUE(neighbour.stage(kCtx, 1, bundle_of(1).repositories[0]).ok());
  const auto grace = std::chrono::hours(24);
  auto nothing = cache.collect_generations(kCtx, grace, 1000);
  ASSERT_TRUE(nothing.ok());
  EXPECT_EQ(nothing->removed_count, 0u);
  clock.advance(std::chrono::hours(25));
  std::uint64_t removed = 0;
  std::string next;
  do {
    const auto slice = cache.collect_generations(kCtx, grace, 2, next);
    ASSERT_TRUE(slice.ok());
    EXPECT_LE(slice->examined_count, 2u);
    removed += slice->removed_count;
    next = slice->next;
  } while (!next.empty());
  // Three staged entries and two indexes; the tuned one can be stepped back to.
  EXPECT_EQ(removed, 5u);
  expect_whole(cache);
  const auto info = cache.publication_info(kCtx);
  EXPECT_TRUE(cache.read_index(kCtx, info->previous->key).ok());
  EXPECT_TRUE(neighbour.read_staged(kCtx, 1, 1).ok());
  EXPECT_EQ(*cache.reserve_generation(kCtx), 5u);
}

}  // namespace
}  // namespace cloudfolio::cache

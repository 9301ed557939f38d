// Private places: their keys, and that nothing of one is found through another.

#include <gtest/gtest.h>

#include <set>

#include "cache/cache.h"
#include "cache/keys.h"
#include "cache/rights.h"
#include "storage/storage.h"
#include "telemetry/metrics.h"

namespace cloudfolio::cache {
namespace {

const Context kCtx;
const TenantId kOctocat("octocat");
const std::string kFingerprint(64, 'a');

class PrivatePlaceTest : public ::testing::Test {
 protected:
  static Scope scope(std::int64_t id) { return Scope::of("https://api.github.com", id); }
  ManualClock clock;
  telemetry::MetricRegistry metrics;
};

TEST_F(PrivatePlaceTest, a_scope_names_a_principal_of_one_github_and_is_read_back) {
  const Scope one = scope(1);
  EXPECT_EQ(one, scope(1));
  EXPECT_NE(one, scope(2));
  EXPECT_NE(one, Scope::of("https://github.example.com/api/v3", 1));
  EXPECT_EQ(Scope::from(one.text()), one);
  for (const char* other :
       {"", "0123", "0123456789abcdeF", "0123456789abcde/", "../../../../../.."})
    EXPECT_FALSE(Scope::from(other)) << other;
  EXPECT_TRUE(Scope().is_public());
}

TEST_F(PrivatePlaceTest, keys_of_two_places_never_meet) {
  std::vector<Place> places;
  for (const char* login : {"a", "a_b", "a-b", "private", "gen", "octocat", "repos"}) {
    places.emplace_back(TenantId(login));
    places.emplace_back(TenantId(login), scope(1));
    places.emplace_back(TenantId(login), scope(2));
  }
  // A login that ends like a scope, and one that looks like a login with a scope.
  places.emplace_back(TenantId("a_" + scope(1).text()));
  places.emplace_back(TenantId("a_" + scope(1).text()), scope(2));
  std::set<std::string> keys;
  std::size_t count = 0;
  const auto add = [&](std::string key) {
    ++count;
    EXPECT_TRUE(keys.insert(key).second) << key;
  };
  for (const Place& place : places) {
    add(bundle_key(place));
    add(sync_state_key(place));
    add(sync_report_key(place));
    add(generation_counter_key(place));
    for (const std::uint64_t n : {1u, 11u}) {
      add(staged_key(place, n, 7));
      add(note_key(place, n, "plan"));
      add(index_key(place, n, "ab"));
    }
    for (const Place& other : places)
      if (!(other == place)) {
        EXPECT_FALSE(generation_of(other, index_key(place, 3, "ab"))) << index_key(place, 3, "ab");
        EXPECT_FALSE(is_index_key(other, index_key(place, 3, "ab")));
      }
    if (place.scope.is_public()) {
      add(repository_key(place.tenant, "x"));
      add(older_repository_key(place.tenant, "x"));
    } else {
      add(model_archive_key(place, kFingerprint));
      add(model_metadata_key(place, kFingerprint));
    }
  }
  EXPECT_EQ(keys.size(), count);
}

TEST_F(PrivatePlaceTest, what_one_place_wrote_no_other_place_reads) {
  const auto storage = storage::open_memory(clock);
  auto blobs = storage->blobs(kContainer);
  ASSERT_TRUE(blobs.ok());
  const Cache cache(**blobs, clock, metrics);
  const TenantCache mine = cache.open(Place(kOctocat, scope(1)));
  Bundle bundle;
  bundle.repositories.resize(1);
  bundle.repositories[0].name = "secret";
  ASSERT_TRUE(mine.publish(kCtx, {.generation = 1}, bundle).ok());
  ASSERT_TRUE(mine.write_model(kCtx, kFingerprint, "zip").ok());
  ModelRecord record;
  record.fingerprint = kFingerprint;
  ASSERT_TRUE(mine.write_model_record(kCtx, record).ok());
  ASSERT_TRUE(mine.write_sync_report(kCtx, "{}").ok());
  ASSERT_TRUE(mine.stage_note(kCtx, 1, "plan", "{}").ok());
  const auto index = mine.write_index(kCtx, 1, "vectors");
  ASSERT_TRUE(index.ok());
  for (const Place& place : {Place(kOctocat), Place(kOctocat, scope(2)), Place(TenantId("eve")),
                             Place(TenantId("eve"), scope(1))}) {
    const TenantCache other = cache.open(place);
    EXPECT_FALSE(other.publication_info(kCtx).ok());
    EXPECT_FALSE(other.read_model(kCtx, kFingerprint).ok());
    EXPECT_FALSE(other.find_model_record(kCtx, kFingerprint)->has_value());
    EXPECT_FALSE(other.find_sync_report(kCtx)->has_value());
    EXPECT_FALSE(other.read_note(kCtx, 1, "plan").ok());
    EXPECT_FALSE(other.read_index(kCtx, *index).ok());
    EXPECT_EQ(*other.reserve_generation(kCtx), 1u);
  }
  EXPECT_EQ(*mine.read_model(kCtx, kFingerprint), "zip");
  storage::ListOptions all;
  const auto page = (*blobs)->list(kCtx, all);
  for (const auto& entry : page->entries) {
    const bool is_mine = entry.key.str().find("octocat/" + scope(1).text()) != std::string::npos ||
                         entry.key.str() == bundle_key(mine.place());
    const auto properties = (*blobs)->head(kCtx, entry.key);
    const auto found = properties->metadata.find("scope");
    if (is_mine) {
      ASSERT_NE(found, properties->metadata.end()) << entry.key.str();
      EXPECT_EQ(found->second, scope(1).text());
    }
  }
}

TEST_F(PrivatePlaceTest, a_right_lives_as_long_as_it_was_confirmed_and_no_longer) {
  const auto storage = storage::open_memory(clock);
  const Rights rights(**storage->table(kRightsTable), clock, std::chrono::minutes(60));
  const Place place(kOctocat, scope(1));
  ASSERT_TRUE(rights.announce(kCtx, place).ok());
  EXPECT_FALSE(rights.find_live(kCtx, kOctocat)->has_value()) << "announced is not confirmed";
  ASSERT_TRUE(rights.confirm(kCtx, place).ok());
  EXPECT_EQ(*rights.find_live(kCtx, kOctocat), place);
  EXPECT_FALSE(rights.find_live(kCtx, TenantId("eve"))->has_value());
  clock.advance(std::chrono::minutes(59));
  EXPECT_TRUE(rights.find_live(kCtx, kOctocat)->has_value());
  ASSERT_TRUE(rights.announce(kCtx, place).ok()) << "does not confirm";
  clock.advance(std::chrono::minutes(1));
  EXPECT_FALSE(rights.find_live(kCtx, kOctocat)->has_value());
  ASSERT_TRUE(rights.confirm(kCtx, place).ok());
  EXPECT_TRUE(rights.find_live(kCtx, kOctocat)->has_value());
  ASSERT_TRUE(rights.suspend(kCtx, place).ok());
  EXPECT_FALSE(rights.find_live(kCtx, kOctocat)->has_value());
  EXPECT_EQ(rights.list(kCtx, kOctocat)->size(), 1u) << "what is left to remove is known";
}

TEST_F(PrivatePlaceTest, a_clock_that_was_set_back_ends_a_right) {
  const auto storage = storage::open_memory(clock);
  const Rights rights(**storage->table(kRightsTable), clock, std::chrono::minutes(60));
  const Right ahead{scope(1), clock.wall_time() + std::chrono::hours(3)};
  EXPECT_FALSE(rights.is_live(ahead));
  EXPECT_TRUE(rights.is_ageing(ahead));
}

TEST_F(PrivatePlaceTest, a_removed_place_leaves_nothing_and_touches_nothing_else) {
  const auto storage = storage::open_memory(clock);
  storage::BlobStore& blobs = **storage->blobs(kContainer);
  const Cache cache(blobs, clock, metrics);
  const Rights rights(**storage->table(kRightsTable), clock);
  const auto count_of = [&] { return blobs.list(kCtx, {})->entries.size(); };
  const TenantCache everybody = cache.open(kOctocat);
  ASSERT_TRUE(everybody.publish(kCtx, {.generation = 1}, {}).ok());
  ASSERT_TRUE(everybody.stage_note(kCtx, 1, "plan", "{}").ok());
  const std::size_t before = count_of();
  const Place place(kOctocat, scope(1));
  const TenantCache mine = cache.open(place);
  ASSERT_TRUE(rights.announce(kCtx, place).ok());
  for (int note = 0; note < 5; ++note)
    ASSERT_TRUE(mine.stage_note(kCtx, 1, "plan-" + std::to_string(note), "{}").ok());
  ASSERT_TRUE(mine.publish(kCtx, {.generation = 1}, {}).ok());
  ASSERT_TRUE(rights.confirm(kCtx, place).ok());
  ASSERT_TRUE(open_private(kCtx, cache, &rights, kOctocat)->has_value());
  ASSERT_GT(count_of(), before);
  ASSERT_TRUE(rights.remove(kCtx, cache, place).ok());
  EXPECT_EQ(count_of(), before);
  EXPECT_TRUE(rights.list(kCtx, kOctocat)->empty());
  EXPECT_FALSE(open_private(kCtx, cache, &rights, kOctocat)->has_value());
  EXPECT_TRUE(everybody.publication_info(kCtx).ok());
  EXPECT_FALSE(everybody.remove_private(kCtx, 10).ok());
}

}  // namespace
}  // namespace cloudfolio::cache

// Clean-up over all tenants; and refreshes, index builds, the old app and clean-up in any order.

#include "cache/collector.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "base/random.h"
#include "cache/cache.h"
#include "cache/keys.h"
#include "storage/storage.h"
#include "telemetry/metrics.h"

namespace cloudfolio::cache {
namespace {

using namespace std::chrono_literals;

const Context kCtx;
const TenantId kOctocat("octocat");

class CollectorTest : public testing::Test {
 protected:
  Result<PublicationInfo> refresh(const TenantCache& tenant, const std::string& content = "") {
    PublishRequest request;
    if (const auto info = tenant.publication_info(kCtx)) {
      request.base_generation = info->generation;
      request.base_etag = info->etag;
    }
    CF_TRY(request.generation, tenant.reserve_generation(kCtx));
    request.content = content;
    CF_CHECK(tenant.stage(kCtx, request.generation, {}));
    CF_CHECK(tenant.stage_note(kCtx, request.generation, "plan", "{}"));
    return tenant.publish(kCtx, request, {});
  }
  Result<PublicationInfo> index(const TenantCache& tenant, const std::string& model = "base") {
    CF_TRY(const PublicationInfo info, tenant.publication_info(kCtx));
    CF_TRY(std::string key, tenant.write_index(kCtx, info.generation, "vectors"));
    return tenant.swap_index(kCtx, info.etag, {std::move(key), model, "1/1"});
  }
  void train(const TenantCache& tenant, const std::string& fingerprint, bool published) {
    if (published) {
      ASSERT_TRUE(tenant.write_model(kCtx, fingerprint, "zip").ok());
    }
    ModelRecord record;
    record.fingerprint = fingerprint;
    record.published = published;
    ASSERT_TRUE(tenant.write_model_record(kCtx, record).ok());
  }
  // A whole round; how many it removed.
  std::uint64_t round(Collector& collector) {
    std::uint64_t removed = 0;
    while (true) {
      const auto slice = collector.run(kCtx);
      EXPECT_TRUE(slice.ok()) << slice.error().message();
      if (!slice.ok() || slice->clock_jumped) return removed;
      removed += slice->removed_count;
      if (slice->round_ended) return removed;
    }
  }
  std::set<std::string> keys() {
    std::set<std::string> keys;
    const auto listed = blobs.list(kCtx, {});
    for (const storage::BlobEntry& entry : listed->entries) keys.insert(entry.key.str());
    return keys;
  }

  ManualClock clock;
  std::unique_ptr<storage::Storage> store = storage::open_memory(clock);
  storage::BlobStore& blobs = **store->blobs(kContainer);
  telemetry::MetricRegistry metrics;
  Cache cache{blobs, clock, metrics};
  TenantCache octocat = cache.open(kOctocat);
  const std::string one = std::string(64, '1'), two = std::string(64, '2'),
                    three = std::string(64, '3');
};

TEST_F(CollectorTest, removes_what_no_pointer_reaches_of_every_tenant_and_place) {
  const TenantCache secret = cache.open(Place(kOctocat, Scope::of("https://api.github.com", 7)));
  const TenantCache hubot = cache.open(TenantId("hubot"));
  const std::array<const TenantCache*, 3> all{&octocat, &secret, &hubot};
  for (const TenantCache* const tenant : all)
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(refresh(*tenant).ok());
      ASSERT_TRUE(index(*tenant).ok());
    }
  Collector collector(cache, clock, {.slice_count = 7});
  EXPECT_EQ(round(collector), 0u);  // Nothing is old enough.
  clock.advance(49h);
  const auto slice = collector.run(kCtx);
  EXPECT_EQ(slice->examined_count, 7u);
  EXPECT_FALSE(slice->round_ended);
  // Of each place two generations: an entry, a note and an index; the last generation stays.
  EXPECT_EQ(slice->removed_count + round(collector), 3u * 2 * 3);
  for (const TenantCache* const tenant : all) {
    const auto info = tenant->publication_info(kCtx);
    EXPECT_EQ(info->generation, 3u);
    EXPECT_TRUE(tenant->read_index(kCtx, info->index.key).ok());
    EXPECT_TRUE(tenant->read_note(kCtx, 3, "plan").ok());
    EXPECT_FALSE(tenant->read_note(kCtx, 2, "plan").ok());
  }
  EXPECT_EQ(round(collector), 0u);
  clock.advance(24h * 7);  // What only the refresh needed is past its time.
  EXPECT_EQ(round(collector), 3u * 2);
  EXPECT_TRUE(octocat.read_index(kCtx, octocat.publication_info(kCtx)->index.key).ok());
  EXPECT_NE(metrics.to_prometheus().find(R"(cloudfolio_cache_collected_total{kind="index"} 6)"),
            std::string::npos);
}

TEST_F(CollectorTest, what_a_private_place_keeps_is_said_by_its_own_pointer_alone) {
  const TenantCache live = cache.open(Place(kOctocat, Scope::of("https://api.github.com", 7)));
  const TenantCache dead = cache.open(Place(kOctocat, Scope::of("https://api.github.com", 8)));
  ASSERT_TRUE(refresh(live, one).ok());
  train(live, one, true);
  ASSERT_TRUE(index(live, one).ok());
  // As far as the live one, but never published; under the same numbers.
  const auto generation = dead.reserve_generation(kCtx);
  ASSERT_TRUE(generation.ok());
  EXPECT_EQ(*generation, live.publication_info(kCtx)->generation);
  ASSERT_TRUE(dead.stage(kCtx, *generation, {}).ok());
  ASSERT_TRUE(dead.stage_note(kCtx, *generation, "plan", "{}").ok());
  ASSERT_TRUE(dead.write_index(kCtx, *generation, "vectors").ok());
  // The newest reserved one may be under way still; this one is not.
  ASSERT_TRUE(dead.reserve_generation(kCtx).ok());
  // The public generations go on, and end where the private ones are.
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(refresh(octocat).ok());
  Collector collector(cache, clock);
  EXPECT_EQ(round(collector), 0u);
  clock.advance(49h);
  EXPECT_EQ(round(collector), 3u + 2 * 2);
  const auto info = live.publication_info(kCtx);
  EXPECT_TRUE(live.read_index(kCtx, info->index.key).ok());
  EXPECT_TRUE(live.read_model(kCtx, one).ok());
  EXPECT_TRUE(live.read_note(kCtx, info->generation, "plan").ok());
  EXPECT_FALSE(dead.read_note(kCtx, *generation, "plan").ok());
  EXPECT_EQ(round(collector), 0u);
}

TEST_F(CollectorTest, keeps_models_that_answer_or_would_and_removes_the_others_record_first) {
  ASSERT_TRUE(refresh(octocat, one).ok());
  train(octocat, one, true);
  ASSERT_TRUE(index(octocat, one).ok());
  ASSERT_TRUE(refresh(octocat, two).ok());
  train(octocat, two, true);
  ASSERT_TRUE(index(octocat, two).ok());
  clock.advance(49h);
  Collector collector(cache, clock);
  (void)round(collector);
  EXPECT_TRUE(octocat.read_model(kCtx, one).ok());  // One step back.
  EXPECT_TRUE(octocat.read_model(kCtx, two).ok());
  ASSERT_TRUE(refresh(octocat, three).ok());
  train(octocat, three, true);
  ASSERT_TRUE(index(octocat, three).ok());
  ASSERT_TRUE(refresh(octocat, one).ok());  // The first content again: its model is of use.
  (void)round(collector);
  EXPECT_TRUE(octocat.read_model(kCtx, one).ok());
  ASSERT_TRUE(refresh(octocat, std::string(64, '4')).ok());
  (void)round(collector);
  EXPECT_FALSE((*octocat.find_model_record(kCtx, one)).has_value());
  EXPECT_TRUE(octocat.read_model(kCtx, one).ok());  // Its time is the next round.
  (void)round(collector);
  EXPECT_FALSE(octocat.read_model(kCtx, one).ok());
  for (const std::string& kept : {two, three}) {
    EXPECT_TRUE(octocat.read_model(kCtx, kept).ok()) << kept;
    EXPECT_TRUE((*octocat.find_model_record(kCtx, kept)).has_value()) << kept;
  }
}

TEST_F(CollectorTest, remembers_for_longer_that_a_training_published_nothing) {
  ASSERT_TRUE(refresh(octocat, two).ok());
  train(octocat, one, false);
  Collector collector(cache, clock);
  clock.advance(24h * 89);
  (void)round(collector);
  EXPECT_TRUE((*octocat.find_model_record(kCtx, one)).has_value());
  clock.advance(24h * 2);
  (void)round(collector);
  EXPECT_FALSE((*octocat.find_model_record(kCtx, one)).has_value());
}

TEST_F(CollectorTest, touches_no_key_that_is_not_ours) {
  const std::set<std::string> foreign{"fine_tuned_model_metadata", "repo_level_bundle_octocat_a",
                                      "repo_context_octocat_a",    "job:7",
                                      "gen/octocat/1/index/abc",   "model_" + one + ".zip"};
  for (const std::string& key : foreign)
    ASSERT_TRUE(blobs.put(kCtx, storage::BlobKey(key), "x", {}).ok());
  clock.advance(24h * 365);
  Collector collector(cache, clock);
  EXPECT_EQ(round(collector), 0u);
  EXPECT_EQ(keys(), foreign);
}

TEST_F(CollectorTest, keeps_what_the_newest_run_staged_however_old_it_looks) {
  ASSERT_TRUE(refresh(octocat).ok());
  const auto running = octocat.reserve_generation(kCtx);
  ASSERT_TRUE(octocat.stage_note(kCtx, *running, "plan", "{}").ok());
  clock.advance(24h * 5);
  Collector collector(cache, clock);
  (void)round(collector);
  EXPECT_TRUE(octocat.read_note(kCtx, *running, "plan").ok());
  ASSERT_TRUE(octocat.reserve_generation(kCtx).ok());  // Another run: that one was given up.
  (void)round(collector);
  EXPECT_FALSE(octocat.read_note(kCtx, *running, "plan").ok());
}

class SetClock final : public Clock {
 public:
  Instant now() const override { return real.now(); }
  WallTime wall_time() const override { return real.wall_time() + jump; }
  ManualClock real;
  std::chrono::hours jump{0};
};

TEST_F(CollectorTest, removes_nothing_for_a_grace_period_after_the_clock_jumped) {
  for (const auto jump : {std::chrono::hours(24 * 365), std::chrono::hours(-24 * 365)}) {
    SetClock set;
    const auto fresh = storage::open_memory(set);
    const Cache its(**fresh->blobs(kContainer), set, metrics);
    const TenantCache tenant = its.open(kOctocat);
    ASSERT_TRUE(refresh(tenant).ok());
    Collector collector(its, set);
    ASSERT_TRUE(collector.run(kCtx)->round_ended);
    // An index that was just written, and is about to be named.
    const auto key = tenant.write_index(kCtx, 1, "vectors");
    set.jump = jump;
    EXPECT_TRUE(collector.run(kCtx)->clock_jumped);
    set.real.advance(47h);
    EXPECT_TRUE(collector.run(kCtx)->clock_jumped);
    EXPECT_TRUE(tenant.read_index(kCtx, *key).ok());
    set.real.advance(1h);
    EXPECT_FALSE(collector.run(kCtx)->clock_jumped);
  }
}

// --- Any order ---

Bundle bundle_of(const std::string& writer) {
  RepositoryEntry entry;
  entry.name = "repository";
  entry.metadata.id = 7;
  entry.readme = writer;
  return Bundle{{entry}};
}

// A refresh, one call at a time.
struct Refresher {
  const TenantCache& cache;
  std::optional<PublishRequest> request;

  void reset() { request.reset(); }
  // The generation, where it published just now.
  std::optional<std::uint64_t> step() {
    if (!request) {
      request.emplace();
      if (const auto info = cache.publication_info(kCtx)) {
        request->base_generation = info->generation;
        request->base_etag = info->etag;
      }
    } else if (request->generation == 0) {
      request->generation = *cache.reserve_generation(kCtx);
      EXPECT_TRUE(cache.stage_note(kCtx, request->generation, "plan", "{}").ok());
    } else {
      EXPECT_TRUE(cache.read_note(kCtx, request->generation, "plan").ok());  // Not collected.
      const std::uint64_t generation = request->generation;
      const auto done =
          cache.publish(kCtx, *request, bundle_of("generation " + std::to_string(generation)));
      request.reset();
      if (done) return generation;
      EXPECT_EQ(done.error().code(), Code::conflict);
    }
    return std::nullopt;
  }
};

// An index build, one call at a time.
struct Indexer {
  const TenantCache& cache;
  std::optional<PublicationInfo> info;
  std::string key;

  void reset() { info.reset(), key.clear(); }
  void step(Random& random) {
    if (!info) {
      const auto found = cache.publication_info(kCtx);
      if (found && found->generation > 0) info = *found;
    } else if (key.empty()) {
      key = *cache.write_index(kCtx, info->generation, "of " + std::to_string(info->generation));
    } else {
      const char model = random.below(3) == 0 ? 'b' : 'a';
      (void)cache.swap_index(kCtx, info->etag, {key, std::string(64, model), "1/1"});
      reset();
    }
  }
};

// A reader between whose two calls anything may happen.
struct Reader {
  const TenantCache& cache;
  std::optional<Publication> publication;

  void step() {
    if (!publication) {
      auto read = cache.read_publication(kCtx);
      if (read) publication = *std::move(read);
      return;
    }
    const PublicationInfo& info = publication->info;
    const std::string& readme = publication->bundle->repositories.at(0).readme;
    EXPECT_EQ(readme.substr(0, readme.rfind(' ')), info.generation > 0 ? "generation" : "old app");
    if (info.generation > 0) {
      EXPECT_EQ(readme, "generation " + std::to_string(info.generation));
    }
    if (!info.index.key.empty()) {
      const auto index = cache.read_index(kCtx, info.index.key);
      if (index) {
        EXPECT_EQ(*index, "of " + std::to_string(info.generation));
      } else {  // Only where somebody published since.
        EXPECT_NE(cache.publication_info(kCtx)->etag, info.etag);
      }
    }
    publication.reset();
  }
};

TEST_F(CollectorTest, any_order_of_refreshes_index_builds_the_old_app_and_clean_up_is_sound) {
  const std::uint64_t first_seed = Random::from_system().next();
  for (std::uint64_t seed = first_seed; seed < first_seed + 60; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    ManualClock its_clock;
    const auto fresh = storage::open_memory(its_clock);
    storage::BlobStore& its_blobs = **fresh->blobs(kContainer);
    const Cache its(its_blobs, its_clock, metrics);
    const TenantCache tenant = its.open(kOctocat);
    std::array refreshers{Refresher{tenant, {}}, Refresher{tenant, {}}};
    Indexer indexer{tenant, {}, {}};
    std::array readers{Reader{tenant, {}}, Reader{tenant, {}}};
    Collector collector(its, its_clock, {.slice_count = 3});
    std::set<std::uint64_t> published;
    int old_writes = 0;
    for (int step = 0; step < 400; ++step) {
      its_clock.advance(std::chrono::seconds(random.below(60)));
      const auto act = random.below(20);
      if (act < 8) {
        const auto generation = refreshers[act % 2].step();
        // One winner of each number, and numbers grow.
        if (generation) {
          EXPECT_TRUE(published.empty() || *published.rbegin() < *generation);
          published.insert(*generation);
        }
      } else if (act < 11) {
        indexer.step(random);
      } else if (act < 12) {
        // The old app: whatever is there, without condition and without a generation.
        const std::string body =
            R"({"data":)" + to_json(bundle_of("old app " + std::to_string(++old_writes))) + "}";
        ASSERT_TRUE(its_blobs.put(kCtx, storage::BlobKey(bundle_key(kOctocat)), body, {}).ok());
      } else if (act < 13) {
        if (const auto info = tenant.publication_info(kCtx))
          (void)tenant.step_back(kCtx, info->etag);
      } else if (act < 16) {
        readers[act % 2].step();
      } else if (act < 19) {
        ASSERT_TRUE(collector.run(kCtx).ok());
      } else if (random.below(10) == 0) {  // Longer than any run: those under way are dead.
        its_clock.advance(49h);
        for (Refresher& refresher : refreshers) refresher.reset();
        indexer.reset();
      }
    }
    EXPECT_GT(published.size(), 3u);
    // When it is quiet, one more refresh publishes above all before it, and reads whole.
    Refresher last{tenant, {}};
    (void)last.step(), (void)last.step();
    const auto generation = last.step();
    ASSERT_TRUE(generation.has_value());
    EXPECT_TRUE(published.empty() || *published.rbegin() < *generation);
    Reader reader{tenant, {}};
    reader.step(), reader.step();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace cloudfolio::cache

// A store that the release before wrote (tests/fixtures/store-0.1.0, by make_store.cc of its
// sources: schema version 1) opens, reads whole, takes new generations, and is cleaned up.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "cache/cache.h"
#include "cache/collector.h"
#include "cache/keys.h"
#include "cache/kinds.h"
#include "storage/embedded/embedded.h"
#include "telemetry/metrics.h"

namespace cloudfolio::cache {
namespace {

namespace fs = std::filesystem;

const Context kCtx;
const TenantId kOctocat("octocat");

// Far ahead of when the fixture was written.
class LaterClock final : public Clock {
 public:
  Instant now() const override { return real_.now(); }
  WallTime wall_time() const override { return real_.wall_time() + std::chrono::hours(24 * 400); }

 private:
  SystemClock real_;
};

class PreviousRelease : public testing::Test {
 protected:
  void SetUp() override {
    const char* const source = std::getenv("CLOUDFOLIO_SOURCE_DIR");
    ASSERT_NE(source, nullptr);
    std::string name = (fs::temp_directory_path() / "previous-release-XXXXXX").string();
    directory = ::mkdtemp(name.data());
    fs::copy(fs::path(source) / "tests/fixtures/store-0.1.0", directory,
             fs::copy_options::recursive);
    open(clock);
  }
  void TearDown() override {
    storage.reset();
    fs::remove_all(directory);
  }
  void open(const Clock& with) {
    storage.reset();
    auto opened = storage::embedded::open({.directory = directory}, with);
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    storage = *std::move(opened);
    blobs = *storage->blobs(kContainer);
    cache.emplace(*blobs, with, metrics);
  }
  TenantCache octocat() { return cache->open(kOctocat); }

  fs::path directory;
  SystemClock clock;
  LaterClock later;
  telemetry::MetricRegistry metrics;
  std::unique_ptr<storage::Storage> storage;
  storage::BlobStore* blobs = nullptr;
  std::optional<Cache> cache;
  const std::string model = std::string(64, 'a');
};

TEST_F(PreviousRelease, is_read_whole) {
  const auto publication = octocat().read_publication(kCtx);
  ASSERT_TRUE(publication.ok()) << publication.error().message();
  EXPECT_EQ(publication->info.generation, 2u);
  EXPECT_EQ(publication->bundle->repositories.at(0).readme, "# Hello of generation 2\nGrüße\n");
  EXPECT_EQ(publication->info.index.model, model);
  EXPECT_EQ(*octocat().read_index(kCtx, publication->info.index.key), "vectors by " + model);
  EXPECT_EQ(*octocat().read_index(kCtx, publication->info.previous->key), "vectors by base");
  EXPECT_EQ(octocat().read_model(kCtx, model)->size(), 70'000u);
  EXPECT_TRUE((*octocat().find_model_record(kCtx, model))->published);
  EXPECT_EQ(**octocat().find_sync_state(kCtx), R"({"etag":"W/1"})");
  EXPECT_EQ(**octocat().find_sync_report(kCtx), R"({"seen":1})");
  EXPECT_EQ((*(*storage->queue("jobs"))->peek(kCtx, 10)).at(0).body, R"({"login":"octocat"})");
  const auto row = (*storage->table("usage"))->get(kCtx, {"octocat", "2026-01-01"});
  EXPECT_EQ(std::get<std::int64_t>(row->values.at("bytes")), 4711);
}

TEST_F(PreviousRelease, holds_an_entry_of_every_kind_it_knew) {
  std::set<EntryKind> kinds;
  const auto listed = blobs->list(kCtx, {});
  for (const storage::BlobEntry& entry : listed->entries) {
    const auto kind = kind_of_key(entry.key.str());
    ASSERT_TRUE(kind.has_value()) << entry.key;
    kinds.insert(*kind);
  }
  EXPECT_EQ(kinds.size(), 9u);
}

TEST_F(PreviousRelease, takes_new_generations_and_goes_one_step_back) {
  PublishRequest request;
  request.base_generation = 2;
  request.generation = *octocat().reserve_generation(kCtx);
  EXPECT_EQ(request.generation, 3u);
  const auto published = octocat().publish(kCtx, request, Bundle{});
  ASSERT_TRUE(published.ok()) << published.error().message();
  EXPECT_EQ(published->index.model, model);
  const auto back = octocat().step_back(kCtx, published->etag);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->index.model, "base");
}

TEST_F(PreviousRelease, is_cleaned_up_to_what_its_publication_reaches) {
  open(later);
  Collector collector(*cache, later);
  std::uint64_t removed = 0;
  for (int rounds = 0; rounds < 3; ++rounds) {
    const auto slice = collector.run(kCtx);
    ASSERT_TRUE(slice.ok() && slice->round_ended);
    removed += slice->removed_count;
  }
  EXPECT_GT(removed, 0u);
  const auto info = octocat().publication_info(kCtx);
  ASSERT_TRUE(info.ok());
  EXPECT_TRUE(octocat().read_index(kCtx, info->index.key).ok());
  EXPECT_TRUE(octocat().read_index(kCtx, info->previous->key).ok());
  EXPECT_TRUE(octocat().read_model(kCtx, model).ok());
}

}  // namespace
}  // namespace cloudfolio::cache

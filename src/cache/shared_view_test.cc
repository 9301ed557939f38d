// What queries see of a tenant through the in-process tier, and what is counted of it.

#include <gtest/gtest.h>

#include <map>

#include "cache/cache.h"
#include "cache/kinds.h"
#include "storage/storage.h"
#include "telemetry/metrics.h"

namespace cloudfolio::cache {
namespace {

const Context kCtx;

// Through the tenant's cache: what this process publishes is seen at once, another's in time.
TEST(SharedView, sees_its_own_process_at_once_and_others_within_the_freshness) {
  ManualClock clock;
  const auto store = storage::open_memory(clock);
  storage::BlobStore& blobs = **store->blobs(kContainer);
  telemetry::MetricRegistry metrics;
  const Cache here(blobs, clock, metrics), elsewhere(blobs, clock, metrics);
  const TenantId tenant("octocat");
  const auto publish = [&](const Cache& cache) {
    const TenantCache writer = cache.open(tenant);
    PublishRequest request;
    if (const auto info = writer.publication_info(kCtx)) request.base_generation = info->generation;
    request.generation = *writer.reserve_generation(kCtx);
    ASSERT_TRUE(writer.publish(kCtx, request, Bundle{}).ok());
  };
  const TenantCache queries = here.open_for_queries(tenant);
  EXPECT_EQ(queries.publication_info(kCtx).error().code(), Code::not_found);
  EXPECT_EQ(queries.read_publication(kCtx).error().code(), Code::not_found);
  publish(here);
  EXPECT_EQ(queries.publication_info(kCtx)->generation, 1u);
  const auto first = queries.read_publication(kCtx);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->bundle, queries.read_publication(kCtx)->bundle);  // Parsed once.
  publish(elsewhere);
  EXPECT_EQ(queries.publication_info(kCtx)->generation, 1u);
  EXPECT_EQ(here.open(tenant).publication_info(kCtx)->generation, 2u);
  clock.advance(row_of(EntryKind::bundle).tier->fresh_for);
  EXPECT_EQ(queries.publication_info(kCtx)->generation, 2u);
  EXPECT_EQ(queries.read_publication(kCtx)->info.generation, 2u);
  // Of somebody else the shared view says nothing.
  storage::PutOptions foreign;
  foreign.metadata = {{"username", "hubot"}};
  ASSERT_TRUE(
      blobs.put(kCtx, storage::BlobKey("sync_report_octocat"), R"({"data":1})", foreign).ok());
  EXPECT_FALSE((*queries.find_sync_report(kCtx)).has_value());
}

TEST(Activity, is_counted_by_tenant_and_drained) {
  ManualClock clock;
  const auto store = storage::open_memory(clock);
  telemetry::MetricRegistry metrics;
  const Cache cache(**store->blobs(kContainer), clock, metrics);
  const TenantCache octocat = cache.open(TenantId("octocat"));
  const TenantCache hubot = cache.open_for_queries(TenantId("hubot"));
  ASSERT_TRUE(octocat.write_sync_report(kCtx, "{}").ok());
  (void)octocat.find_sync_report(kCtx);
  (void)hubot.read_publication(kCtx);
  std::map<std::string, TenantActivity> by_tenant;
  for (const TenantActivity& activity : cache.drain_activity())
    by_tenant[activity.tenant.str()] = activity;
  EXPECT_EQ(by_tenant["octocat"].hits, 1u);
  EXPECT_GT(by_tenant["octocat"].written_bytes, 0u);
  EXPECT_EQ(by_tenant["octocat"].read_bytes, by_tenant["octocat"].written_bytes);
  EXPECT_EQ(by_tenant["hubot"].misses, 1u);
  EXPECT_TRUE(cache.drain_activity().empty());
  // Prometheus shows kinds, and never a tenant.
  const std::string text = metrics.to_prometheus();
  EXPECT_NE(text.find("cloudfolio_cache_store_seconds"), std::string::npos);
  EXPECT_EQ(text.find("octocat"), std::string::npos);
  EXPECT_EQ(text.find("hubot"), std::string::npos);
}

}  // namespace
}  // namespace cloudfolio::cache

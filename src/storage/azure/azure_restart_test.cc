// A service that goes away and comes back, as a process.

#include <gtest/gtest.h>

#include "storage/azure/azure.h"
#include "storage/azure/testing/azurite.h"

namespace cloudfolio::storage::azure {
namespace {

using namespace std::chrono_literals;

TEST(AzureRestart, a_killed_emulator_is_unavailable_and_used_again_when_it_is_back) {
  auto started = Azurite::start({});
  if (!started) GTEST_SKIP() << started.error().message();
  auto azurite = *std::move(started);
  Azurite::Options same{.blob_port = azurite->blob_port(),
                        .queue_port = azurite->queue_port(),
                        .table_port = azurite->table_port()};
  const SystemClock clock;
  Options options{.account = azurite->next_account()};
  options.retries.pause_first = 1ms;
  const auto storage = azure::open(options, clock);
  ASSERT_TRUE(storage);
  BlobStore& blobs = **(*storage)->blobs("github-cache");
  const Context ctx;
  ASSERT_TRUE(blobs.put(ctx, BlobKey("k"), "v", {.condition = Nothing{}}));
  azurite->kill();
  EXPECT_EQ(blobs.get(ctx, BlobKey("k")).error().code(), Code::unavailable);
  EXPECT_EQ((*storage)->check(ctx).error().code(), Code::unavailable);
  azurite.reset();
  auto again = Azurite::start(same);
  ASSERT_TRUE(again) << again.error().message();
  // It forgot even the container, which the next write makes again.
  EXPECT_EQ(blobs.get(ctx, BlobKey("k")).error().code(), Code::not_found);
  EXPECT_TRUE((*storage)->check(ctx));
  EXPECT_TRUE(blobs.put(ctx, BlobKey("k"), "v", {.condition = Nothing{}}));
  EXPECT_TRUE((*(*storage)->queue("jobs"))->send(ctx, "job", {}));
  EXPECT_TRUE((*(*storage)->table("usage"))->insert(ctx, {{"p", "r"}, {}}));
}

}  // namespace
}  // namespace cloudfolio::storage::azure

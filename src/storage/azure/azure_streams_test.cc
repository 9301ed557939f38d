// Streams over a network that loses requests and answers: blocks sent again, commits recognised.

#include <gtest/gtest.h>

#include <atomic>

#include "storage/azure/azure.h"
#include "storage/azure/testing/azurite.h"
#include "storage/azure/testing/fault_proxy.h"
#include "storage/blob_streams.h"

namespace cloudfolio::storage::azure {
namespace {

using namespace std::chrono_literals;
using Kind = Fault::Kind;

constexpr std::size_t kBlockBytes = 1'000;
const std::string kBytes = [] {
  std::string bytes;
  for (int i = 0; bytes.size() < 4'500; ++i) bytes += std::to_string(i) + ' ';
  return bytes;
}();

bool is_commit(const http::Request& request) {
  return request.find_query("comp") == "blocklist";
}

class AzureStreams : public testing::Test {
 protected:
  void SetUp() override {
    auto started = Azurite::shared();
    if (!started) GTEST_SKIP() << started.error().message();
    const Account account = (*started)->next_account();
    proxy = std::make_unique<FaultProxy>(account, [](auto&&...) { return Fault{}; });
    storage = open(proxy->account(), **started);
    direct = open(account, **started);
    streams = streams_of(**storage->blobs("github-cache"));
    blobs = *direct->blobs("github-cache");
    ASSERT_TRUE(blobs->put(ctx, key, "old", {}));
  }
  void TearDown() override {
    if (proxy) proxy->release();
  }
  static std::unique_ptr<Storage> open(const Account& account, Azurite& azurite) {
    Options options{.account = account};
    options.transfers.block_bytes = kBlockBytes;
    options.retries.pause_first = 1ms;
    options.retries.pause_max = 4ms;
    return *azure::open(std::move(options), azurite.clock());
  }
  Result<ETag> upload(const PutOptions& options) {
    CF_TRY(const auto writer, streams->open_writer(ctx, key, options));
    CF_CHECK(writer->write(ctx, kBytes));
    return writer->commit(ctx);
  }
  std::string stored() {
    const auto blob = blobs->get(ctx, key);
    return blob ? blob->bytes : std::string(to_string(blob.error().code()));
  }

  const Context ctx;
  const BlobKey key{"k"};
  std::unique_ptr<FaultProxy> proxy;
  std::unique_ptr<Storage> storage, direct;
  BlobStreams* streams = nullptr;
  BlobStore* blobs = nullptr;
};

TEST_F(AzureStreams, every_second_request_may_fail) {
  for (const Kind kind : {Kind::answer, Kind::no_answer, Kind::lost_answer, Kind::wrong_answer}) {
    proxy->set_plan(every(2, {.kind = kind, .status = 503, .code = "ServerBusy"}));
    const auto etag = upload({});
    ASSERT_TRUE(etag) << etag.error().message();
    EXPECT_EQ(stored(), kBytes);
    const auto reader = streams->open_reader(ctx, key);
    ASSERT_TRUE(reader) << reader.error().message();
    const auto piece = (*reader)->next(ctx);
    EXPECT_EQ(piece ? *piece : piece.error().message(), kBytes);
  }
}

TEST_F(AzureStreams, a_commit_whose_answer_was_lost_is_no_conflict_with_itself) {
  for (const Kind kind : {Kind::lost_answer, Kind::wrong_answer}) {
    const ETag before = blobs->head(ctx, key)->etag;
    const auto met = std::make_shared<std::atomic<bool>>(false);
    proxy->set_plan([=](const http::Request& request, int) -> Fault {
      if (!is_commit(request) || met->exchange(true)) return {};
      return {.kind = kind, .status = 503, .code = "ServerBusy"};
    });
    const auto etag = upload({.condition = Matches{before}});
    ASSERT_TRUE(etag) << etag.error().message();
    EXPECT_TRUE(*met);
    EXPECT_EQ(blobs->head(ctx, key)->etag, *etag);
    EXPECT_EQ(blobs->head(ctx, key)->metadata, Metadata{}) << "the mark is not shown";
    EXPECT_EQ(stored(), kBytes);
  }
}

TEST_F(AzureStreams, an_upload_that_is_never_committed_is_never_seen) {
  proxy->set_plan([](const http::Request& request, int) -> Fault {
    return {.kind = is_commit(request) ? Kind::no_answer : Kind::none};
  });
  const auto etag = upload({});
  ASSERT_FALSE(etag);
  EXPECT_EQ(etag.error().code(), Code::unavailable);
  EXPECT_EQ(stored(), "old");
}

// Azure drops the blocks at another's write and says so; the emulator keeps them.
TEST_F(AzureStreams, blocks_that_another_writer_dropped_are_no_blob) {
  proxy->set_plan([](const http::Request& request, int) -> Fault {
    if (!is_commit(request)) return {};
    return {.kind = Kind::answer, .status = 400, .code = "InvalidBlockList"};
  });
  const auto etag = upload({});
  ASSERT_FALSE(etag);
  EXPECT_EQ(etag.error().code(), Code::unavailable);
  EXPECT_EQ(stored(), "old");
}

TEST_F(AzureStreams, blocks_that_our_own_earlier_commit_took_are_a_success) {
  proxy->set_plan([](const http::Request& request, int) -> Fault {
    if (!is_commit(request)) return {};
    return {.kind = Kind::wrong_answer, .status = 400, .code = "InvalidBlockList"};
  });
  const auto etag = upload({});
  ASSERT_TRUE(etag) << etag.error().message();
  EXPECT_EQ(blobs->head(ctx, key)->etag, *etag);
  EXPECT_EQ(stored(), kBytes);
}

TEST_F(AzureStreams, a_block_that_never_arrives_ends_the_writer) {
  proxy->set_plan([](const http::Request& request, int) -> Fault {
    return {.kind = request.find_query("comp") == "block" ? Kind::no_answer : Kind::none};
  });
  const auto writer = streams->open_writer(ctx, key, {});
  ASSERT_TRUE(writer);
  EXPECT_EQ((*writer)->write(ctx, kBytes).error().code(), Code::unavailable);
  proxy->set_plan([](auto&&...) { return Fault{}; });
  EXPECT_EQ((*writer)->commit(ctx).error().code(), Code::invalid_argument);
  EXPECT_EQ(stored(), "old");
}

}  // namespace
}  // namespace cloudfolio::storage::azure

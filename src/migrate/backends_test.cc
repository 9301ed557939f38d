// Migrations between the real backends, either way: memory, embedded, and Azure (Azurite).

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <map>

#include "migrate/migration.h"
#include "storage/azure/azure.h"
#include "storage/azure/testing/azurite.h"
#include "storage/embedded/embedded.h"

namespace cloudfolio::migrate {
namespace {

const Context kCtx;

class Backends : public testing::Test {
 protected:
  Backends() {
    std::string name = (std::filesystem::temp_directory_path() / "migrate-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~Backends() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::unique_ptr<storage::Storage> embedded(const std::string& name) {
    storage::embedded::Options options;
    options.directory = folder_ / name;
    return *storage::embedded::open(options, clock_);
  }
  std::unique_ptr<storage::Storage> azure_account(storage::azure::Azurite& azurite) {
    storage::azure::Options options;
    options.account = azurite.next_account();
    options.transfers = {.single_put_bytes_max = kMiB, .block_bytes = 300'000, .read_bytes = kMiB};
    return *storage::azure::open(std::move(options), azurite.clock());
  }

  static void fill(storage::Storage& store) {
    storage::BlobStore& blobs = **store.blobs("github-cache");
    storage::PutOptions options;
    options.content_type = "application/json";
    options.content_encoding = "utf-8";
    options.metadata = {{"username", "octocat"}, {"no_expiry", "True"}};
    const std::string large(2'500'000, 'x');
    for (const std::string& key :
         {std::string("repos_bundle_context_Octo_Cat"), std::string("repos_metadata:octocat:all"),
          std::string("file_content:octocat:hello:docs/caf\xc3\xa9 #1.md"), std::string("empty"),
          std::string("gen/octocat/1/index/ab"), std::string("job:7")}) {
      const std::string bytes = key == "empty" ? "" : key.starts_with("gen/") ? large : "of " + key;
      ASSERT_TRUE(blobs.put(kCtx, storage::BlobKey(key), bytes, options).ok()) << key;
    }
    for (int i = 0; i < 20; ++i)
      ASSERT_TRUE(
          blobs.put(kCtx, storage::BlobKey("many/" + std::to_string(i)), "x", options).ok());
    storage::Table& table = **store.table("RepoMetadata");
    const storage::Values values = {{"text", std::string("it's")},
                                    {"number", std::int64_t(1) << 40},
                                    {"share", 2.0},
                                    {"flag", false},
                                    {"at", Clock::WallTime(std::chrono::seconds(1'700'000'000))},
                                    {"bytes", storage::Binary{std::string("\0\xff", 2)}}};
    for (const char* row : {"hello", "caf\xc3\xa9", "with space", "a'b", ""})
      ASSERT_TRUE(table.insert(kCtx, {{"octocat", row}, values}).ok()) << row;
  }

  // The whole way over: run, verify, run again, roll back.
  void expect_migrates(storage::Storage& from, storage::Storage& to, const std::string& name) {
    SCOPED_TRACE(name);
    constexpr std::uint64_t kCount = 6 + 20 + 5;
    Options options;
    options.containers = {"github-cache"};
    options.tables = {"RepoMetadata"};
    options.journal = folder_ / ("journal-" + name);
    options.copies_at_once = 8;
    options.stream_above_bytes = kMiB;  // So that fill()'s large blob goes in pieces.
    const Ends ends{from, "from", to, "to"};
    const auto migration = Migration::open(ends, options, clock_, wait_on(clock_));
    ASSERT_TRUE(migration.ok());
    Report run, verified, again, back, empty;
    const Status ran = (*migration)->run(kCtx, {}, run);
    ASSERT_TRUE(ran.ok()) << ran.error().message();
    EXPECT_EQ(run.count(Outcome::copied), kCount);
    EXPECT_TRUE(run.clean());
    ASSERT_TRUE((*migration)->verify(kCtx, {}, verified).ok());
    EXPECT_EQ(verified.count(Outcome::equal), kCount);
    ASSERT_TRUE((*migration)->run(kCtx, {}, again).ok());
    EXPECT_EQ(again.count(Outcome::unchanged), kCount);
    ASSERT_TRUE((*migration)->rollback(kCtx, {}, back).ok());
    EXPECT_EQ(back.count(Outcome::undone), kCount);
    EXPECT_EQ((*to.blobs("github-cache"))->list(kCtx, {})->entries.size(), 0u);
    // And over again, for whoever goes on from there.
    ASSERT_TRUE((*migration)->run(kCtx, {}, empty).ok());
    EXPECT_EQ(empty.count(Outcome::copied), kCount);
  }

 private:
  SystemClock clock_;
  std::filesystem::path folder_;
};

TEST_F(Backends, a_store_moves_from_memory_to_embedded_and_on) {
  SystemClock clock;
  const auto first = storage::open_memory(clock);
  const auto second = embedded("second");
  const auto third = embedded("third");
  fill(*first);
  expect_migrates(*first, *second, "memory-embedded");
  expect_migrates(*second, *third, "embedded-embedded");
}

TEST_F(Backends, a_store_moves_to_azure_and_back) {
  const auto azurite = storage::azure::Azurite::shared();
  if (!azurite) GTEST_SKIP() << azurite.error().message();
  const auto first = embedded("first");
  const auto second = azure_account(**azurite);
  const auto third = azure_account(**azurite);
  const auto fourth = embedded("fourth");
  fill(*first);
  expect_migrates(*first, *second, "embedded-azure");
  expect_migrates(*second, *third, "azure-azure");
  expect_migrates(*third, *fourth, "azure-embedded");
}

}  // namespace
}  // namespace cloudfolio::migrate

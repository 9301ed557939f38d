// Blobs that are larger than the memory that a migration takes.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "migrate/migration.h"
#include "storage/blob_streams.h"
#include "storage/embedded/embedded.h"

namespace cloudfolio::migrate {
namespace {

const Context kCtx;
const storage::BlobKey kKey("gen/octocat/1/index/large");
constexpr std::uint64_t kLargeBytes = 64 * kMiB;
// The pieces of one transfer, and what SQLite and the allocator take besides.
constexpr std::uint64_t kGrowthBytesMax = 16 * kMiB;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMemoryIsOurs = false;  // A sanitizer keeps what was freed.
#else
constexpr bool kMemoryIsOurs = true;
#endif

// Of this process, from its status: VmRSS now, VmHWM the most since forget_peak().
std::uint64_t memory_bytes(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(name + ":")) return std::stoull(line.substr(name.size() + 1)) * kKiB;
  return 0;
}

bool forget_peak() {
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;
  return file.good();
}

class LargeBlobs : public testing::Test {
 protected:
  LargeBlobs() {
    std::string name = (std::filesystem::temp_directory_path() / "migrate-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    from_ = embedded("from");
    to_ = embedded("to");
    options_.containers = {"things"};
    options_.journal = folder_ / "journal";
  }
  ~LargeBlobs() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::unique_ptr<storage::Storage> embedded(const std::string& name) {
    storage::embedded::Options options;
    options.directory = folder_ / name;
    return *storage::embedded::open(options, clock_);
  }

  void fill_source() {
    storage::PutOptions options;
    options.metadata = {{"username", "octocat"}};
    const auto writer =
        *storage::streams_of(**from_->blobs("things"))->open_writer(kCtx, kKey, options);
    std::string piece(kMiB, '\0');
    for (std::uint64_t sent = 0; sent < kLargeBytes; sent += piece.size()) {
      piece.replace(0, 8, std::to_string(10'000'000 + sent / kMiB));
      ASSERT_TRUE(writer->write(kCtx, piece));
    }
    ASSERT_TRUE(writer->commit(kCtx));
  }

  // What the verb counts as its one entry's outcome.
  std::uint64_t count(Status (Migration::*verb)(const Context&, const Watch&, Report&),
                      Outcome outcome) {
    const Ends ends{*from_, "embedded:from", *to_, "embedded:to"};
    const auto migration = Migration::open(ends, options_, clock_, wait_on(clock_));
    EXPECT_TRUE(migration.ok());
    Report report;
    const Status done = ((**migration).*verb)(kCtx, {}, report);
    EXPECT_TRUE(done.ok());
    return report.count(outcome);
  }

  SystemClock clock_;
  std::filesystem::path folder_;
  std::unique_ptr<storage::Storage> from_;
  std::unique_ptr<storage::Storage> to_;
  Options options_;
};

TEST_F(LargeBlobs, pass_through_a_migration_in_a_few_pieces_of_memory) {
  fill_source();
  ASSERT_TRUE(forget_peak());
  const std::uint64_t before_bytes = memory_bytes("VmRSS");
  EXPECT_EQ(count(&Migration::run, Outcome::copied), 1u);
  EXPECT_EQ(count(&Migration::verify, Outcome::equal), 1u);
  const std::uint64_t peak_bytes = memory_bytes("VmHWM");
  ASSERT_GE(peak_bytes, before_bytes);
  RecordProperty("growth_bytes", std::to_string(peak_bytes - before_bytes));
  if (kMemoryIsOurs) {
    EXPECT_LE(peak_bytes - before_bytes, kGrowthBytesMax);
  }

  storage::BlobStore& there = **to_->blobs("things");
  EXPECT_EQ(there.head(kCtx, kKey)->metadata,
            (**from_->blobs("things")).head(kCtx, kKey)->metadata);
  EXPECT_EQ(count(&Migration::run, Outcome::unchanged), 1u);
  EXPECT_EQ(count(&Migration::rollback, Outcome::undone), 1u);
  EXPECT_EQ(there.list(kCtx, {})->entries.size(), 0u);
  if (kMemoryIsOurs) {
    EXPECT_LE(memory_bytes("VmHWM") - before_bytes, kGrowthBytesMax);
  }
}

// What a process that is killed leaves of an upload is no blob.
TEST_F(LargeBlobs, an_upload_that_breaks_off_leaves_nothing_at_the_destination) {
  fill_source();
  storage::BlobStore& there = **to_->blobs("things");
  {
    const auto writer = *storage::streams_of(there)->open_writer(kCtx, kKey, {});
    ASSERT_TRUE(writer->write(kCtx, std::string(5 * kMiB, 'x')));
  }
  EXPECT_EQ(there.list(kCtx, {})->entries.size(), 0u);
  EXPECT_EQ(count(&Migration::run, Outcome::copied), 1u);
  EXPECT_EQ(count(&Migration::verify, Outcome::equal), 1u);
}

}  // namespace
}  // namespace cloudfolio::migrate

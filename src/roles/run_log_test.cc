#include "roles/run_log.h"

#include <gtest/gtest.h>

#include "storage/storage.h"

namespace cloudfolio::roles {
namespace {

class CountedSink final : public telemetry::LogSink {
 public:
  explicit CountedSink(std::size_t& bytes) : bytes_(bytes) {}
  void write(std::string_view line) override { bytes_ += line.size(); }

 private:
  std::size_t& bytes_;
};

class RunLogTest : public testing::Test {
 protected:
  std::string logged(const std::string& instance) {
    return *read_run_logs(Context(), **store->blobs(kTrainingLogContainer), TenantId("ada"),
                          instance);
  }
  SystemClock clock;
  std::unique_ptr<storage::Storage> store = storage::open_memory(clock);
  std::size_t passed_on = 0;
};

TEST_F(RunLogTest, keeps_ten_megabytes_of_a_run_whole_and_nothing_of_others) {
  RunLog log(std::make_unique<CountedSink>(passed_on));
  log.write("before\n");
  log.begin(**store->blobs(kTrainingLogContainer), clock, TenantId("ada"), "train:ada:9f");
  std::string expected;
  for (int i = 0; i < 100'000; ++i) {
    const std::string line = "line " + std::to_string(i) + std::string(95, '.') + "\n";
    log.write(line);
    expected += line;
  }
  ASSERT_GT(expected.size(), 10'000'000u);
  log.end();
  log.write("after\n");
  EXPECT_TRUE(logged("train:ada:9f") == expected);
  EXPECT_EQ(logged("train:ada:other"), "");
  EXPECT_EQ(passed_on, expected.size() + 13);
}

TEST_F(RunLogTest, puts_runs_of_one_training_one_after_the_other) {
  RunLog log(std::make_unique<CountedSink>(passed_on));
  storage::BlobStore& blobs = **store->blobs(kTrainingLogContainer);
  ManualClock times;
  for (const char* said : {"first\n", "second\n"}) {
    log.begin(blobs, times, TenantId("ada"), "train:ada:9f");
    log.write(said);
    log.end();
    times.advance(std::chrono::seconds(1));
  }
  EXPECT_EQ(logged("train:ada:9f"), "first\nsecond\n");
}

TEST_F(RunLogTest, is_swept_after_thirty_days) {
  ManualClock times;
  const auto aging = storage::open_memory(times);
  storage::BlobStore& blobs = **aging->blobs(kTrainingLogContainer);
  RunLog log(std::make_unique<CountedSink>(passed_on));
  log.begin(blobs, times, TenantId("ada"), "train:ada:9f");
  log.write("old\n");
  log.end();
  ASSERT_TRUE(sweep_run_logs(Context(), blobs, times, ""));
  EXPECT_EQ(*read_run_logs(Context(), blobs, TenantId("ada"), "train:ada:9f"), "old\n");
  times.advance(RunLog::kKeptFor + std::chrono::hours(1));
  ASSERT_TRUE(sweep_run_logs(Context(), blobs, times, ""));
  EXPECT_EQ(*read_run_logs(Context(), blobs, TenantId("ada"), "train:ada:9f"), "");
}

}  // namespace
}  // namespace cloudfolio::roles

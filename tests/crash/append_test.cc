// A hundred processes append their ids to one entry by If-Match: the value holds exactly what was
// accepted.
//
// CLOUDFOLIO_TEST_APPEND_SECONDS: how long. The minute of a release's check is 60.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>

#include "storage/embedded/embedded.h"

namespace cloudfolio::crash {
namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;

constexpr int kProcesses = 100;

std::chrono::seconds length() {
  const char* text = std::getenv("CLOUDFOLIO_TEST_APPEND_SECONDS");
  return std::chrono::seconds(text == nullptr ? 8 : std::strtol(text, nullptr, 10));
}

struct Counts {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;  // Somebody else was first.
  std::uint64_t failed = 0;
};

std::unique_ptr<storage::Storage> open(const fs::path& directory, const Clock& clock) {
  auto opened = storage::embedded::open({.directory = directory, .readers_count = 1}, clock);
  if (!opened) return nullptr;
  return *std::move(opened);
}

storage::BlobKey key() {
  return storage::BlobKey("sync_report_octocat");
}

// Each accepted append is a line "id:number", with numbers from 0 in the order of acceptance.
Counts append_until(const fs::path& directory, int id, Steady::time_point end) {
  Counts counts;
  const SystemClock clock;
  const auto storage = open(directory, clock);
  if (!storage) return {.failed = 1};
  storage::BlobStore& blobs = **storage->blobs("github-cache");
  while (Steady::now() < end) {
    auto blob = blobs.get({}, key());
    if (!blob) {
      ++counts.failed;
      continue;
    }
    std::string text = std::move(blob->bytes);
    text += std::to_string(id) + ":" + std::to_string(counts.accepted) + "\n";
    const auto put = blobs.put({}, key(), std::move(text),
                               {.condition = storage::Matches{blob->properties.etag}});
    if (put)
      ++counts.accepted;
    else if (put.error().code() == Code::conflict)
      ++counts.refused;
    else
      ++counts.failed;
  }
  return counts;
}

TEST(Append, a_hundred_processes_lose_and_invent_nothing) {
  std::string name = (fs::temp_directory_path() / "append-XXXXXX").string();
  const fs::path directory = ::mkdtemp(name.data());
  {
    const SystemClock clock;
    const auto storage = open(directory, clock);
    ASSERT_TRUE(storage);
    ASSERT_TRUE((*storage->blobs("github-cache"))->put({}, key(), "", {}).ok());
  }
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const auto end = Steady::now() + length();
  for (int id = 0; id < kProcesses; ++id) {
    const pid_t process = ::fork();
    ASSERT_GE(process, 0);
    if (process != 0) continue;
    const std::pair<int, Counts> report{id, append_until(directory, id, end)};
    std::_Exit(::write(ends[1], &report, sizeof report) == sizeof report ? 0 : 1);
  }
  ::close(ends[1]);
  std::map<int, Counts> counts;
  std::pair<int, Counts> report;
  while (::read(ends[0], &report, sizeof report) == sizeof report)
    counts[report.first] = report.second;
  for (int id = 0; id < kProcesses; ++id) {
    int status = 0;
    ASSERT_GT(::wait(&status), 0);
    EXPECT_EQ(status, 0);
  }
  ASSERT_EQ(counts.size(), std::size_t(kProcesses));

  const SystemClock clock;
  const auto storage = open(directory, clock);
  const auto blob = (*storage->blobs("github-cache"))->get({}, key());
  ASSERT_TRUE(blob.ok()) << blob.error().message();
  std::map<int, std::uint64_t> found;
  std::istringstream lines(blob->bytes);
  for (std::string line; std::getline(lines, line);) {
    const int id = std::stoi(line);
    EXPECT_EQ(line, std::to_string(id) + ":" + std::to_string(found[id]));
    ++found[id];
  }
  Counts all;
  for (const auto& [id, count] : counts) {
    EXPECT_EQ(found[id], count.accepted) << "process " << id;
    all.accepted += count.accepted;
    all.refused += count.refused;
    all.failed += count.failed;
  }
  std::printf("%llu appends accepted, %llu refused, %llu failed\n",
              static_cast<unsigned long long>(all.accepted),
              static_cast<unsigned long long>(all.refused),
              static_cast<unsigned long long>(all.failed));
  EXPECT_GT(all.accepted, std::uint64_t(kProcesses));
  fs::remove_all(directory);
}

}  // namespace
}  // namespace cloudfolio::crash

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "sqlite/database.h"
#include "storage/embedded/embedded.h"

namespace cloudfolio::storage::embedded {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class EmbeddedFaults : public testing::Test {
 protected:
  EmbeddedFaults() {
    std::string name = (fs::temp_directory_path() / "embedded-faults-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~EmbeddedFaults() override { fs::remove_all(directory_); }

  Result<std::unique_ptr<Storage>> try_open(std::chrono::seconds leftover_age = 1h) const {
    return embedded::open({.directory = directory_, .leftover_age = leftover_age}, clock_);
  }
  std::unique_ptr<Storage> open(std::chrono::seconds leftover_age = 1h) const {
    auto opened = try_open(leftover_age);
    if (!opened) throw std::runtime_error(opened.error().message());
    return *std::move(opened);
  }
  // The paths of all content files.
  std::vector<fs::path> files() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(directory_ / "blobs")) {
      if (entry.is_regular_file()) found.push_back(entry.path());
    }
    return found;
  }
  fs::path database() const { return directory_ / kDatabaseFile; }

  const SystemClock clock_;
  const Context ctx;
  const std::string large_ = std::string(200'000, 'x');
  fs::path directory_;
};

// Runs `work` in a process of its own; its exit status, or -1 if it was killed.
template <class Work>
pid_t start(Work work) {
  const pid_t process = ::fork();
  if (process == 0) std::_Exit(work());
  return process;
}

int end_of(pid_t process) {
  int status = 0;
  EXPECT_EQ(::waitpid(process, &status, 0), process);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// Files of this process may not grow beyond `bytes` while this lives: what a full disk looks like.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(std::size_t bytes) : before_handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, before_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*before_handler_)(int);
};

TEST_F(EmbeddedFaults, what_was_written_is_there_after_opening_again) {
  PutOptions options;
  options.metadata = {{"username", "octocat"}};
  for (int round = 0; round < 2; ++round) {
    const auto storage = open();
    BlobStore& blobs = **storage->blobs("github-cache");
    if (round == 0) {
      ASSERT_TRUE(blobs.put(ctx, BlobKey("small"), "1", options));
      ASSERT_TRUE(blobs.put(ctx, BlobKey("large"), large_, options));
      ASSERT_TRUE((*storage->queue("jobs"))->send(ctx, "job", {}));
      ASSERT_TRUE((*storage->table("Flags"))->insert(ctx, {{"p", "r"}, {{"On", true}}}));
      ASSERT_TRUE(storage->leases().acquire(ctx, "trainer", 15s));
    } else {
      EXPECT_EQ(blobs.get(ctx, BlobKey("small"))->properties.metadata, options.metadata);
      EXPECT_EQ(blobs.get(ctx, BlobKey("large"))->bytes, large_);
      EXPECT_EQ((*storage->queue("jobs"))->receive(ctx, {})->at(0).message.body, "job");
      EXPECT_TRUE((*storage->table("flags"))->get(ctx, {"p", "r"}));
      EXPECT_EQ(storage->leases().acquire(ctx, "trainer", 15s).error().code(), Code::conflict);
    }
  }
}

TEST_F(EmbeddedFaults, a_full_disk_is_said_loses_nothing_and_is_over_when_there_is_space) {
  const auto storage = open();
  BlobStore& blobs = **storage->blobs("github-cache");
  Queue& queue = **storage->queue("jobs");
  int acknowledged = 0;
  {
    const FileSizeLimit limit(400'000);
    Status refused = Done{};
    for (; acknowledged < 1'000 && refused; ++acknowledged) {
      auto put =
          blobs.put(ctx, BlobKey("k" + std::to_string(acknowledged)), std::string(5'000, 'x'), {});
      if (!put) refused = std::move(put).error();
    }
    --acknowledged;
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Code::unavailable) << refused.error().message();
    EXPECT_NE(refused.error().message().find("disk full: free space in " + directory_.string()),
              std::string::npos)
        << refused.error().message();
    EXPECT_GT(acknowledged, 5);
    EXPECT_EQ(blobs.get(ctx, BlobKey("k0"))->bytes.size(), 5'000u);
    const auto sent = queue.send(ctx, std::string(60'000, 'x'), {});
    EXPECT_EQ(sent.error().code(), Code::unavailable);
    const auto large = blobs.put(ctx, BlobKey("large"), std::string(500'000, 'x'), {});
    ASSERT_FALSE(large);
    EXPECT_EQ(large.error().code(), Code::unavailable);
    EXPECT_NE(large.error().message().find("disk full"), std::string::npos);
    EXPECT_TRUE(files().empty());
  }
  for (int i = 0; i < acknowledged; ++i) {
    ASSERT_TRUE(blobs.get(ctx, BlobKey("k" + std::to_string(i)))) << i;
  }
  EXPECT_FALSE(blobs.head(ctx, BlobKey("k" + std::to_string(acknowledged))));
  EXPECT_TRUE(blobs.put(ctx, BlobKey("after"), large_, {}));
  EXPECT_TRUE(queue.send(ctx, "after", {}));
  EXPECT_TRUE((*sqlite::Database::open({.file = database()}))->check_integrity());
}

TEST_F(EmbeddedFaults, a_damaged_database_is_said_with_its_name_and_the_way_out) {
  open();
  std::ofstream(database(), std::ios::trunc) << std::string(50'000, '?');
  const auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Code::corrupt);
  EXPECT_NE(opened.error().message().find(database().string()), std::string::npos);
  EXPECT_NE(opened.error().message().find("restore it from a backup"), std::string::npos);
}

TEST_F(EmbeddedFaults, a_damaged_page_is_corrupt_where_it_is_read) {
  {
    const auto storage = open();
    BlobStore& blobs = **storage->blobs("github-cache");
    for (int i = 0; i < 200; ++i) {
      ASSERT_TRUE(blobs.put(ctx, BlobKey("k" + std::to_string(i)), std::string(3'000, 'x'), {}));
    }
  }
  const auto size = fs::file_size(database());
  std::fstream damage(database(), std::ios::in | std::ios::out | std::ios::binary);
  for (std::size_t at = 80'000; at + 8'192 < size; at += 8'192) {
    damage.seekp(std::streamoff(at));
    damage << std::string(4'000, '\xff');
  }
  damage.close();
  const auto opened = try_open();
  ASSERT_TRUE(opened) << opened.error().message();
  BlobStore& blobs = **(*opened)->blobs("github-cache");
  int corrupt_count = 0;
  for (int i = 0; i < 200; ++i) {
    const auto blob = blobs.get(ctx, BlobKey("k" + std::to_string(i)));
    if (blob) {
      EXPECT_TRUE(blob->bytes == std::string(3'000, 'x')) << i;
    } else if (blob.error().code() == Code::corrupt) {
      ++corrupt_count;
    }
  }
  EXPECT_GT(corrupt_count, 0);
}

TEST_F(EmbeddedFaults, a_store_of_a_newer_version_is_left_as_it_is) {
  open();
  ASSERT_TRUE((*sqlite::Database::open({.file = database()}))->execute("PRAGMA user_version = 99"));
  const auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Code::invalid_argument);
  EXPECT_NE(opened.error().message().find("database is from a newer version"), std::string::npos);
}

TEST_F(EmbeddedFaults, a_file_in_the_folders_place_is_said) {
  std::ofstream(directory_ / "file") << "x";
  const auto opened = embedded::open({.directory = directory_ / "file" / "store"}, clock_);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message().find((directory_ / "file").string()), std::string::npos);
}

TEST_F(EmbeddedFaults, a_missing_short_or_changed_content_file_is_corrupt_and_a_new_put_heals_it) {
  const auto storage = open();
  BlobStore& blobs = **storage->blobs("github-cache");
  const auto damages = {+[](const fs::path& file) { fs::remove(file); },
                        +[](const fs::path& file) { fs::resize_file(file, 70'000); },
                        +[](const fs::path& file) {
                          std::fstream stream(file,
                                              std::ios::in | std::ios::out | std::ios::binary);
                          stream.seekp(100'000);
                          stream << 'y';
                        }};
  for (const auto damage : damages) {
    ASSERT_TRUE(blobs.put(ctx, BlobKey("k"), large_, {}));
    ASSERT_EQ(files().size(), 1u);
    const fs::path file = files().front();
    damage(file);
    const auto blob = blobs.get(ctx, BlobKey("k"));
    ASSERT_FALSE(blob);
    EXPECT_EQ(blob.error().code(), Code::corrupt);
    EXPECT_NE(blob.error().message().find(file.string()), std::string::npos)
        << blob.error().message();
    EXPECT_TRUE(blobs.head(ctx, BlobKey("k")));
  }
  ASSERT_TRUE(blobs.put(ctx, BlobKey("k"), large_, {}));
  EXPECT_EQ(blobs.get(ctx, BlobKey("k"))->bytes, large_);
}

TEST_F(EmbeddedFaults, replaced_removed_and_refused_contents_leave_no_file) {
  const auto storage = open();
  BlobStore& blobs = **storage->blobs("github-cache");
  ASSERT_TRUE(blobs.put(ctx, BlobKey("k"), large_, {}));
  EXPECT_FALSE(blobs.put(ctx, BlobKey("k"), large_, {.condition = Nothing{}}));
  EXPECT_EQ(files().size(), 1u);
  ASSERT_TRUE(blobs.put(ctx, BlobKey("k"), "small", {}));
  EXPECT_EQ(files().size(), 0u);
  ASSERT_TRUE(blobs.put(ctx, BlobKey("k"), large_, {}));
  ASSERT_TRUE(blobs.remove(ctx, BlobKey("k"), {}));
  EXPECT_EQ(files().size(), 0u);
}

TEST_F(EmbeddedFaults, files_without_a_row_go_when_they_are_old_and_no_others) {
  {
    const auto storage = open();
    ASSERT_TRUE((*storage->blobs("github-cache"))->put(ctx, BlobKey("k"), large_, {}));
  }
  fs::create_directories(directory_ / "blobs" / "ab");
  std::ofstream(directory_ / "blobs" / "incoming" / "cd00") << "half";
  std::ofstream(directory_ / "blobs" / "ab" / "ab00") << "never committed";
  open();
  EXPECT_EQ(files().size(), 3u);  // Young: somebody may be about to commit.
  const auto storage = open(0s);
  EXPECT_EQ(files().size(), 1u);
  std::ofstream(directory_ / "blobs" / "ab" / "ab01") << "never committed";
  ASSERT_TRUE(storage->maintain(ctx));
  EXPECT_EQ(files().size(), 1u);
  EXPECT_EQ((*storage->blobs("github-cache"))->get(ctx, BlobKey("k"))->bytes, large_);
}

TEST_F(EmbeddedFaults, expired_messages_that_nobody_receives_are_cleaned_up) {
  ManualClock clock;
  auto storage = *embedded::open({.directory = directory_}, clock);
  Queue& queue = **storage->queue("jobs");
  ASSERT_TRUE(queue.send(ctx, "short", {.time_to_live = 1s}));
  ASSERT_TRUE(queue.send(ctx, "long", {}));
  clock.advance(2s);
  ASSERT_TRUE(storage->maintain(ctx));
  EXPECT_EQ(*queue.approximate_count(ctx), 1u);
}

TEST_F(EmbeddedFaults, a_healthy_store_says_so) {
  const auto storage = open();
  const auto healthy = storage->check(ctx);
  // The machine that runs the test may itself be short of space.
  const std::string message = healthy ? "disk nearly full" : healthy.error().message();
  EXPECT_NE(message.find("disk nearly full"), std::string::npos) << message;
}

TEST_F(EmbeddedFaults, many_may_open_a_new_folder_at_once) {
  std::vector<std::thread> threads;
  std::atomic<int> opened = 0;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      const auto storage = try_open();
      ASSERT_TRUE(storage) << storage.error().message();
      opened +=
          (*(*storage)->blobs("github-cache"))->put(ctx, BlobKey(std::to_string(i)), "x", {}).ok();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(opened, 6);
}

// Adds 1 to the blob `counter` so many times, by compare and set.
int count_up(const fs::path& directory, int times) {
  const SystemClock clock;
  const Context ctx;
  const auto storage = embedded::open({.directory = directory}, clock);
  if (!storage) return 1;
  BlobStore& blobs = **(*storage)->blobs("github-cache");
  for (int done = 0; done < times;) {
    const auto blob = blobs.get(ctx, BlobKey("counter"));
    if (!blob) return 2;
    const auto written =
        blobs.put(ctx, BlobKey("counter"), std::to_string(std::stoi(blob->bytes) + 1),
                  {.condition = Matches{blob->properties.etag}});
    if (written) ++done;
    if (!written && written.error().code() != Code::conflict) return 3;
  }
  return 0;
}

TEST_F(EmbeddedFaults, processes_share_the_folder_and_one_that_is_killed_blocks_nobody) {
  ASSERT_TRUE((*open()->blobs("github-cache"))->put(ctx, BlobKey("counter"), "0", {}));
  const pid_t killed = start([this] { return count_up(directory_, 1'000'000); });
  const pid_t one = start([this] { return count_up(directory_, 60); });
  const pid_t other = start([this] { return count_up(directory_, 60); });
  EXPECT_EQ(end_of(one), 0);
  ASSERT_EQ(::kill(killed, SIGKILL), 0);
  EXPECT_EQ(end_of(killed), -1);
  EXPECT_EQ(end_of(other), 0);
  const auto storage = open();
  const auto counter = (*storage->blobs("github-cache"))->get(ctx, BlobKey("counter"));
  ASSERT_TRUE(counter);
  EXPECT_GE(std::stoi(counter->bytes), 120);
}

TEST_F(EmbeddedFaults, a_message_of_another_process_wakes_a_waiter) {
  open();
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t sender = start([&] {
    const auto storage = try_open();
    char go = 0;
    if (!storage || ::read(ready[0], &go, 1) != 1) return 1;
    return (*(*storage)->queue("jobs"))->send(Context(), "hello", {}).ok() ? 0 : 2;
  });
  const auto storage = open();
  Queue& queue = **storage->queue("jobs");
  ASSERT_EQ(::write(ready[1], "g", 1), 1);
  EXPECT_EQ(*queue.wait_for_message(ctx, clock_.now() + 60s), Wakeup::message);
  EXPECT_EQ(queue.receive(ctx, {})->size(), 1u);
  EXPECT_EQ(end_of(sender), 0);
  ::close(ready[0]);
  ::close(ready[1]);
}

}  // namespace
}  // namespace cloudfolio::storage::embedded

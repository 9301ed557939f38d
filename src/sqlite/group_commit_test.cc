#include "sqlite/group_commit.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include "sqlite/database.h"

namespace cloudfolio::sqlite {
namespace {

namespace fs = std::filesystem;

class GroupCommitTest : public testing::Test {
 protected:
  GroupCommitTest() {
    std::string name = (fs::temp_directory_path() / "group-commit-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    auto writer = open();
    EXPECT_TRUE(writer->execute("CREATE TABLE number (n INTEGER PRIMARY KEY)"));
    group_ = std::make_unique<GroupCommit>(std::move(writer));
  }
  ~GroupCommitTest() override {
    group_.reset();
    fs::remove_all(folder_);
  }

  std::unique_ptr<Database> open() const {
    auto opened = Database::open(Options{.file = folder_ / "test.db"});
    EXPECT_TRUE(opened) << opened.error().message();
    return *std::move(opened);
  }
  static GroupCommit::Work insert(int number) {
    return [number](Database& database) -> Status {
      CF_TRY(auto statement, database.statement("INSERT INTO number VALUES (?1)"));
      CF_CHECK(statement.run(number));
      return Done{};
    };
  }
  std::int64_t stored_count() const {
    auto reader = open();
    auto count = reader->statement("SELECT count(*) FROM number");
    EXPECT_TRUE(count->step());
    return count->integer(0);
  }

  fs::path folder_;
  std::unique_ptr<GroupCommit> group_;
};

TEST_F(GroupCommitTest, what_was_applied_is_seen_by_others) {
  ASSERT_TRUE(group_->apply(insert(1)));
  EXPECT_EQ(stored_count(), 1);
}

TEST_F(GroupCommitTest, many_threads_share_transactions_and_each_gets_its_own_answer) {
  std::vector<std::thread> threads;
  std::atomic<int> conflicts = 0;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        // Every number is tried by two threads: one of them gets the conflict.
        const auto status = group_->apply(insert((t / 2) * 50 + i));
        if (!status) {
          EXPECT_EQ(status.error().code(), Code::conflict);
          ++conflicts;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(stored_count(), 400);
  EXPECT_EQ(conflicts, 400);
  EXPECT_EQ(group_->counts().works, 800u);
  EXPECT_LT(group_->counts().transactions, 800u);
}

TEST_F(GroupCommitTest, a_failing_work_is_undone_alone) {
  // Held back together by a work that waits, so that all three share one transaction.
  std::atomic<bool> go = false;
  std::vector<Status> answers(4, Done{});
  const auto answer_to = [&](int i) {
    return [&answers, i](Status status) { answers[i] = status; };
  };
  group_->submit(
      [&](Database&) -> Status {
        go.wait(false);
        return Done{};
      },
      answer_to(0));
  group_->submit(insert(1), answer_to(1));
  group_->submit(
      [](Database& database) -> Status {
        CF_CHECK(insert(2)(database));
        return Error(Code::quota_exceeded, "changed my mind");
      },
      answer_to(2));
  group_->submit(insert(3), answer_to(3));
  go = true;
  go.notify_all();
  group_.reset();
  EXPECT_TRUE(answers[1]);
  ASSERT_FALSE(answers[2]);
  EXPECT_EQ(answers[2].error(), Error(Code::quota_exceeded, "changed my mind"));
  EXPECT_TRUE(answers[3]);
  EXPECT_EQ(stored_count(), 2);
}

TEST_F(GroupCommitTest, a_work_may_be_submitted_from_a_finished_one) {
  std::atomic<bool> done = false;
  group_->submit(insert(1), [&](Status) {
    group_->submit(insert(2), [&](Status status) {
      EXPECT_TRUE(status);
      done = true;
      done.notify_all();
    });
  });
  done.wait(false);
  EXPECT_EQ(stored_count(), 2);
}

TEST_F(GroupCommitTest, too_many_waiting_works_are_refused) {
  auto writer = open();
  GroupCommit small(std::move(writer), {.transaction_works_max = 2, .queued_works_max = 3});
  std::atomic<bool> started = false;
  std::atomic<bool> go = false;
  small.submit(
      [&](Database&) -> Status {
        started = true;
        started.notify_all();
        go.wait(false);
        return Done{};
      },
      [](Status) {});
  started.wait(false);
  std::atomic<int> refused = 0, done = 0;
  for (int i = 0; i < 5; ++i) {
    small.submit(insert(i), [&](Status status) { ++(status ? done : refused); });
  }
  EXPECT_EQ(refused, 2);
  go = true;
  go.notify_all();
  while (done < 3) std::this_thread::yield();
  EXPECT_EQ(stored_count(), 3);
}

TEST_F(GroupCommitTest, a_full_disk_undoes_the_whole_transaction_and_the_next_one_works) {
  const auto limit_pages = [this](int count) {
    return group_->apply([count](Database& database) {
      return database.execute("PRAGMA max_page_count = " + std::to_string(count));
    });
  };
  const GroupCommit::Work big = [](Database& database) -> Status {
    CF_CHECK(database.execute("CREATE TABLE big (b BLOB)"));
    return database.execute("INSERT INTO big VALUES (zeroblob(1000000))");
  };
  ASSERT_TRUE(limit_pages(10));
  const auto full = group_->apply(big);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code(), Code::unavailable);
  EXPECT_NE(full.error().message().find("disk full: free space in " + folder_.string()),
            std::string::npos)
      << full.error().message();
  ASSERT_TRUE(limit_pages(1'000'000));
  EXPECT_TRUE(group_->apply(big));
}

}  // namespace
}  // namespace cloudfolio::sqlite

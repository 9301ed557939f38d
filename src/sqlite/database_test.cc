#include "sqlite/database.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "sqlite/readers.h"
#include "sqlite/transaction.h"

namespace cloudfolio::sqlite {
namespace {

namespace fs = std::filesystem;

class DatabaseTest : public testing::Test {
 protected:
  DatabaseTest() {
    std::string name = (fs::temp_directory_path() / "database-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~DatabaseTest() override { fs::remove_all(folder_); }

  fs::path file() const { return folder_ / "test.db"; }
  std::unique_ptr<Database> open() const {
    auto opened = Database::open(Options{.file = file()});
    EXPECT_TRUE(opened) << opened.error().message();
    return *std::move(opened);
  }
  static std::int64_t count(Database& database, std::string_view table) {
    auto statement = database.statement("SELECT count(*) FROM " + std::string(table));
    EXPECT_TRUE(statement) << statement.error().message();
    EXPECT_TRUE(*statement->step());
    return statement->integer(0);
  }

  fs::path folder_;
};

TEST_F(DatabaseTest, what_was_deleted_is_in_no_file_once_the_log_is_empty) {
  const auto database = open();
  const auto other = open();
  ASSERT_TRUE(database->execute("CREATE TABLE t (a TEXT)"));
  const auto insert = [&](const std::string& text) {
    return database->statement("INSERT INTO t VALUES (?1)")->run(text);
  };
  const std::string secret(10'000, 's');
  ASSERT_TRUE(insert("chrysoberyl " + secret));
  ASSERT_TRUE(insert("beryl"));
  ASSERT_TRUE(database->execute("DELETE FROM t WHERE a LIKE 'chryso%'"));
  const auto seen = [&](const std::string& word) {
    bool found = false;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      std::ifstream stream(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
      found = found || bytes.find(word) != std::string::npos;
    }
    return found;
  };
  EXPECT_TRUE(seen("chrysoberyl")) << "the log keeps it";
  ASSERT_TRUE(other->empty_log());
  EXPECT_FALSE(seen("chrysoberyl"));
  EXPECT_FALSE(seen("ssssssss"));
  EXPECT_TRUE(seen("beryl"));
  EXPECT_EQ(count(*database, "t"), 1);
}

TEST_F(DatabaseTest, a_log_that_is_being_read_is_said_and_stays) {
  const auto database = open();
  ASSERT_TRUE(database->execute("CREATE TABLE t (a); INSERT INTO t VALUES (1)"));
  const auto reader = open();
  ASSERT_TRUE(reader->execute("BEGIN"));
  EXPECT_EQ(count(*reader, "t"), 1);
  ASSERT_TRUE(database->execute("INSERT INTO t VALUES (2)"));
  const auto hasty =
      Database::open({.file = file(), .busy_timeout = std::chrono::milliseconds(20)});
  ASSERT_TRUE(hasty);
  const Status emptied = (*hasty)->empty_log();
  ASSERT_FALSE(emptied);
  EXPECT_EQ(emptied.error().code(), Code::unavailable);
  ASSERT_TRUE(reader->execute("COMMIT"));
  EXPECT_TRUE((*hasty)->empty_log());
  EXPECT_EQ(count(*database, "t"), 2);
}

TEST_F(DatabaseTest, every_kind_of_value_reads_back) {
  auto database = open();
  ASSERT_TRUE(
      database->execute("CREATE TABLE t (a INT, b REAL, c TEXT, d BLOB, e TEXT, f INT) STRICT"));
  auto insert = database->statement("INSERT INTO t VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  ASSERT_TRUE(insert);
  const std::string bytes("\0\xff", 2);
  const std::optional<std::int64_t> none;
  const auto changed =
      insert->run(std::uint32_t(7), 1.5, std::string(""), Bytes{bytes}, nullptr, none);
  ASSERT_TRUE(changed) << changed.error().message();
  EXPECT_EQ(*changed, 1);
  auto select = database->statement("SELECT * FROM t WHERE a = ?1");
  ASSERT_TRUE(select->bind(7));
  ASSERT_TRUE(*select->step());
  EXPECT_EQ(select->integer(0), 7);
  EXPECT_EQ(select->real(1), 1.5);
  EXPECT_EQ(select->text(2), "");
  EXPECT_FALSE(select->is_null(2));
  EXPECT_EQ(select->bytes(3), bytes);
  EXPECT_EQ(select->optional_text(4), std::nullopt);
  EXPECT_EQ(select->optional_integer(5), std::nullopt);
  EXPECT_FALSE(*select->step());
}

TEST_F(DatabaseTest, text_never_becomes_sql) {
  auto database = open();
  ASSERT_TRUE(database->execute("CREATE TABLE t (a TEXT)"));
  const std::string evil = "'); DROP TABLE t; --";
  ASSERT_TRUE(database->statement("INSERT INTO t VALUES (?1)")->run(evil));
  EXPECT_EQ(count(*database, "t"), 1);
}

TEST_F(DatabaseTest, a_statement_may_be_used_inside_itself) {
  auto database = open();
  ASSERT_TRUE(database->execute("CREATE TABLE t (a INT); INSERT INTO t VALUES (1), (2)"));
  constexpr std::string_view kSelect = "SELECT a FROM t ORDER BY a";
  auto outer = database->statement(kSelect);
  auto inner = database->statement(kSelect);
  EXPECT_TRUE(*outer->step());
  EXPECT_TRUE(*inner->step());
  EXPECT_TRUE(*outer->step());
  EXPECT_EQ(outer->integer(0), 2);
  EXPECT_EQ(inner->integer(0), 1);
}

TEST_F(DatabaseTest, a_transaction_that_is_not_committed_never_happened) {
  auto database = open();
  ASSERT_TRUE(database->execute("CREATE TABLE t (a INT)"));
  {
    auto transaction = Transaction::begin(*database, Transaction::Kind::write);
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(database->execute("INSERT INTO t VALUES (1)"));
  }
  EXPECT_EQ(count(*database, "t"), 0);
  auto transaction = Transaction::begin(*database, Transaction::Kind::write);
  ASSERT_TRUE(transaction);
  ASSERT_TRUE(database->execute("INSERT INTO t VALUES (1)"));
  ASSERT_TRUE(transaction->commit());
  EXPECT_EQ(count(*database, "t"), 1);
}

TEST_F(DatabaseTest, readers_go_on_while_a_writer_holds_its_lock) {
  auto writer = open();
  ASSERT_TRUE(writer->execute("CREATE TABLE t (a INT)"));
  auto readers = Readers::open(Options{.file = file()}, 2);
  ASSERT_TRUE(readers) << readers.error().message();
  auto transaction = Transaction::begin(*writer, Transaction::Kind::write);
  ASSERT_TRUE(writer->execute("INSERT INTO t VALUES (1)"));
  EXPECT_EQ(count(*(*readers)->borrow(), "t"), 0);
  ASSERT_TRUE(transaction->commit());
  EXPECT_EQ(count(*(*readers)->borrow(), "t"), 1);
  EXPECT_FALSE((*readers)->borrow()->execute("INSERT INTO t VALUES (2)"));
}

TEST_F(DatabaseTest, more_threads_than_readers_take_turns) {
  ASSERT_TRUE(open()->execute("CREATE TABLE t (a INT)"));
  auto writer = open();  // Keeps the log open.
  auto readers = Readers::open(Options{.file = file()}, 2);
  ASSERT_TRUE(readers);
  std::atomic<int> reads = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) reads += int(count(*(*readers)->borrow(), "t")) + 1;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(reads, 400);
}

TEST_F(DatabaseTest, a_lock_held_elsewhere_is_unavailable_and_not_waited_for_without_end) {
  auto holder = open();
  ASSERT_TRUE(holder->execute("CREATE TABLE t (a INT)"));
  auto other =
      Database::open(Options{.file = file(), .busy_timeout = std::chrono::milliseconds(1)});
  ASSERT_TRUE(other);
  auto transaction = Transaction::begin(*holder, Transaction::Kind::write);
  const auto refused = Transaction::begin(**other, Transaction::Kind::write);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::unavailable);
  EXPECT_TRUE(refused.error().retryable());
}

TEST_F(DatabaseTest, the_data_version_changes_when_another_connection_commits) {
  auto writer = open();
  ASSERT_TRUE(writer->execute("CREATE TABLE t (a INT)"));
  auto watcher = open();
  const auto before = watcher->data_version();
  EXPECT_EQ(*watcher->data_version(), *before);
  ASSERT_TRUE(writer->execute("INSERT INTO t VALUES (1)"));
  EXPECT_NE(*watcher->data_version(), *before);
}

TEST_F(DatabaseTest, a_file_that_is_no_database_is_corrupt_and_the_way_out_is_said) {
  std::ofstream(file()) << std::string(100'000, 'x');
  const auto opened = Database::open(Options{.file = file()});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Code::corrupt);
  EXPECT_NE(opened.error().message().find(file().string()), std::string::npos);
  EXPECT_NE(opened.error().message().find("restore it from a backup"), std::string::npos);
}

TEST_F(DatabaseTest, a_damaged_page_is_found_by_the_check) {
  {
    auto database = open();
    ASSERT_TRUE(database->execute("CREATE TABLE t (a BLOB)"));
    for (int i = 0; i < 50; ++i) {
      ASSERT_TRUE(database->execute("INSERT INTO t VALUES (randomblob(3000))"));
    }
    EXPECT_TRUE(database->check_integrity());
  }
  {
    std::fstream damage(file(), std::ios::in | std::ios::out | std::ios::binary);
    damage.seekp(8192);
    damage << std::string(4'000, '\xff');
  }
  const auto checked = open()->check_integrity();
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code(), Code::corrupt);
}

TEST_F(DatabaseTest, a_missing_folder_and_a_folder_in_the_way_are_said) {
  EXPECT_FALSE(Database::open(Options{.file = folder_ / "missing" / "test.db"}));
  const auto opened = Database::open(Options{.file = folder_});
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message().find(folder_.string()), std::string::npos);
}

TEST_F(DatabaseTest, a_broken_constraint_is_a_conflict) {
  auto database = open();
  ASSERT_TRUE(database->execute("CREATE TABLE t (a INT UNIQUE)"));
  auto insert = database->statement("INSERT INTO t VALUES (?1)");
  ASSERT_TRUE(insert->run(1));
  EXPECT_EQ(insert->run(1).error().code(), Code::conflict);
  EXPECT_TRUE(insert->run(2));
}

}  // namespace
}  // namespace cloudfolio::sqlite

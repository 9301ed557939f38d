#include "sqlite/migration.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <thread>
#include <vector>

#include "sqlite/database.h"

namespace cloudfolio::sqlite {
namespace {

namespace fs = std::filesystem;

constexpr Migration kOld[] = {{1, "CREATE TABLE thing (id INTEGER PRIMARY KEY)"}};
constexpr Migration kNew[] = {
    {1, "CREATE TABLE thing (id INTEGER PRIMARY KEY)"},
    {2, "ALTER TABLE thing ADD COLUMN name TEXT NOT NULL DEFAULT 'none'"}};
static_assert(numbered_from_one(kOld) && numbered_from_one(kNew));
constexpr Migration kAdditive[] = {
    kOld[0], {2, "ALTER TABLE thing ADD COLUMN name TEXT NOT NULL DEFAULT 'none'", 1}};
constexpr Migration kTwoLater[] = {
    kAdditive[0], kAdditive[1], {3, "CREATE TABLE other (x INTEGER)", 2}};
constexpr Migration kCutOff[] = {
    kAdditive[0], kAdditive[1], {3, "ALTER TABLE thing DROP COLUMN name"}};
static_assert(numbered_from_one(kAdditive) && numbered_from_one(kTwoLater));
constexpr Migration kReadableByTheFuture[] = {{1, "", 2}};
static_assert(!numbered_from_one(kReadableByTheFuture));
constexpr Migration kSkipping[] = {{1, ""}, {3, ""}};
static_assert(!numbered_from_one(kSkipping));

class MigrationTest : public testing::Test {
 protected:
  MigrationTest() {
    std::string name = (fs::temp_directory_path() / "migration-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~MigrationTest() override { fs::remove_all(folder_); }

  std::unique_ptr<Database> open() const {
    auto opened = Database::open(Options{.file = folder_ / "test.db"});
    EXPECT_TRUE(opened) << opened.error().message();
    return *std::move(opened);
  }
  static Schema schema(std::span<const Migration> steps) {
    return {.name = "test store", .application_id = 0x54455354, .steps = steps};
  }

  fs::path folder_;
};

TEST_F(MigrationTest, bytes_of_the_old_version_open_in_the_new_one) {
  {
    auto database = open();
    ASSERT_TRUE(migrate(*database, schema(kOld)));
    ASSERT_TRUE(database->execute("INSERT INTO thing VALUES (7)"));
  }
  auto database = open();
  ASSERT_TRUE(migrate(*database, schema(kNew)));
  ASSERT_TRUE(migrate(*database, schema(kNew)));
  auto row = database->statement("SELECT id, name FROM thing");
  ASSERT_TRUE(*row->step());
  EXPECT_EQ(row->integer(0), 7);
  EXPECT_EQ(row->text(1), "none");
}

TEST_F(MigrationTest, a_database_of_a_newer_version_is_refused_and_left_alone) {
  ASSERT_TRUE(migrate(*open(), schema(kNew)));
  auto database = open();
  const auto refused = migrate(*database, schema(kOld));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::invalid_argument);
  EXPECT_NE(refused.error().message().find("database is from a newer version: "),
            std::string::npos);
  EXPECT_TRUE(migrate(*database, schema(kNew)));
}

TEST_F(MigrationTest, a_file_of_an_additive_newer_version_is_shared_by_both_versions) {
  auto older = open();
  ASSERT_TRUE(migrate(*older, schema(kOld)));
  ASSERT_TRUE(older->execute("INSERT INTO thing (id) VALUES (1)"));
  auto newer = open();  // While the older one has it open.
  ASSERT_TRUE(migrate(*newer, schema(kAdditive)));
  ASSERT_TRUE(newer->execute("INSERT INTO thing VALUES (2, 'named')"));
  ASSERT_TRUE(older->execute("INSERT INTO thing (id) VALUES (3)"));

  auto restarted = open();  // The older version again: a way back.
  const auto opened = migrate(*restarted, schema(kOld));
  ASSERT_TRUE(opened) << opened.error().message();
  ASSERT_TRUE(restarted->execute("INSERT INTO thing (id) VALUES (4)"));
  auto version = restarted->statement("PRAGMA user_version");
  ASSERT_TRUE(*version->step());
  EXPECT_EQ(version->integer(0), 2) << "the newer version's, as it was";

  ASSERT_TRUE(migrate(*open(), schema(kAdditive)));
  auto rows =
      newer->statement("SELECT group_concat(name) FROM (SELECT name FROM thing ORDER BY id)");
  ASSERT_TRUE(*rows->step());
  EXPECT_EQ(rows->text(0), "none,named,none,none");
}

TEST_F(MigrationTest, a_file_is_shared_one_step_back_and_no_further) {
  ASSERT_TRUE(migrate(*open(), schema(kTwoLater)));
  EXPECT_TRUE(migrate(*open(), schema(kAdditive)));
  const auto refused = migrate(*open(), schema(kOld));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::invalid_argument);
}

TEST_F(MigrationTest, a_step_that_names_no_reader_ends_the_sharing) {
  ASSERT_TRUE(migrate(*open(), schema(kAdditive)));
  ASSERT_TRUE(migrate(*open(), schema(kCutOff)));
  EXPECT_FALSE(migrate(*open(), schema(kAdditive)));
  EXPECT_FALSE(migrate(*open(), schema(kOld)));
}

TEST_F(MigrationTest, a_database_of_another_program_is_refused) {
  ASSERT_TRUE(open()->execute("CREATE TABLE alien (x)"));
  auto database = open();
  const auto refused = migrate(*database, schema(kOld));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("another program"), std::string::npos);
}

TEST_F(MigrationTest, a_failing_step_leaves_the_version_before_it) {
  constexpr Migration kBroken[] = {{1, "CREATE TABLE thing (id INTEGER PRIMARY KEY)"},
                                   {2, "CREATE TABLE other (x); CREATE TABLE thing (y)"}};
  auto database = open();
  EXPECT_FALSE(migrate(*database, schema(kBroken)));
  EXPECT_FALSE(database->in_transaction());
  EXPECT_FALSE(database->statement("SELECT * FROM other"));
  EXPECT_TRUE(migrate(*database, schema(kNew)));
}

TEST_F(MigrationTest, several_may_open_a_new_database_at_once) {
  for (int round = 0; round < 20; ++round) {
    fs::remove_all(folder_);
    fs::create_directory(folder_);
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([this] {
        auto database = open();
        const auto migrated = migrate(*database, schema(kNew));
        EXPECT_TRUE(migrated) << migrated.error().message();
      });
    }
    for (auto& thread : threads) thread.join();
  }
}

}  // namespace
}  // namespace cloudfolio::sqlite

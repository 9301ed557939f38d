#include "migrate/journal.h"

#include <gtest/gtest.h>

#include "migrate/testing/world.h"
#include "sqlite/database.h"

namespace cloudfolio::migrate {
namespace {

class AJournal : public testing::Test {
 protected:
  bool opens(const std::string& from, const std::string& to) {
    const auto journal = Journal::open(world_.options.journal, from, to);
    EXPECT_TRUE(journal || journal.error().code() == Code::invalid_argument);
    return static_cast<bool>(journal);
  }
  void change(std::string_view statement) {
    sqlite::Options options;
    options.file = world_.options.journal / "journal.db";
    auto database = sqlite::Database::open(options);
    ASSERT_TRUE(database);
    auto prepared = (*database)->statement(statement);
    ASSERT_TRUE(prepared);
    ASSERT_TRUE(prepared->run());
  }

  World world_;  // Of which only the folder is used.
};

TEST_F(AJournal, is_of_two_stores_for_good) {
  EXPECT_TRUE(opens("a", "b"));
  EXPECT_TRUE(opens("a", "b"));
  EXPECT_FALSE(opens("a", "c"));
  EXPECT_FALSE(opens("c", "b"));
}

TEST_F(AJournal, that_was_killed_before_it_had_both_names_is_new) {
  EXPECT_TRUE(opens("a", "b"));
  change("DELETE FROM fact WHERE name = 'to'");
  EXPECT_FALSE(opens("c", "b"));
  EXPECT_TRUE(opens("a", "c"));
  EXPECT_FALSE(opens("a", "b"));
}

}  // namespace
}  // namespace cloudfolio::migrate

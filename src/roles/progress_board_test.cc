#include "roles/progress_board.h"

#include <gtest/gtest.h>

#include "storage/storage.h"

namespace cloudfolio::roles {
namespace {

class ProgressBoardTest : public testing::Test {
 protected:
  ManualClock clock;
  std::unique_ptr<storage::Storage> storage = storage::open_memory(clock);
  ProgressBoard board{**storage->table("progress"), clock};
  const TenantId tenant{"octocat"};
  const InstanceId instance{"train:octocat:1"};
  const Context ctx = Context().for_tenant(tenant).with_instance(instance);
  std::string shown() { return board.find(ctx, tenant, instance).value_or("nothing"); }
};

TEST_F(ProgressBoardTest, shows_the_last_report_of_an_instance) {
  EXPECT_EQ(shown(), "nothing");
  board.report(ctx, R"({"done":1})");
  EXPECT_EQ(shown(), R"({"done":1})");
}

TEST_F(ProgressBoardTest, writes_at_most_once_a_second) {
  board.report(ctx, "1");
  board.report(ctx, "2");
  EXPECT_EQ(shown(), "1");
  clock.advance(std::chrono::seconds(1));
  board.report(ctx, "3");
  EXPECT_EQ(shown(), "3");
}

TEST_F(ProgressBoardTest, another_tenants_instance_of_the_same_name_is_another) {
  board.report(ctx, "mine");
  EXPECT_FALSE(board.find(ctx, TenantId("hubber"), instance));
}

TEST_F(ProgressBoardTest, forgets_what_is_cleared) {
  board.report(ctx, "1");
  board.clear(ctx, tenant, instance);
  EXPECT_EQ(shown(), "nothing");
}

}  // namespace
}  // namespace cloudfolio::roles

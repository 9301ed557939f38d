#include "roles/store_lock.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

namespace cloudfolio::roles {
namespace {

class StoreLockTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "store-lock-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    data = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(data); }
  std::filesystem::path data;
};

TEST_F(StoreLockTest, a_second_owner_is_refused_and_told_where_the_first_can_be_asked) {
  auto first = StoreLock::acquire(data / "store");
  ASSERT_TRUE(first);
  ASSERT_TRUE(first->announce("http://127.0.0.1:7071"));
  const auto second = StoreLock::acquire(data / "store");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::unavailable);
  const auto owner = StoreLock::read_owner(data / "store");
  ASSERT_TRUE(owner);
  EXPECT_EQ(owner->url, "http://127.0.0.1:7071");
  EXPECT_EQ(owner->process_id, getpid());
}

TEST_F(StoreLockTest, a_lock_that_is_gone_has_no_owner) {
  { ASSERT_TRUE(StoreLock::acquire(data)); }
  EXPECT_FALSE(StoreLock::read_owner(data));
  EXPECT_TRUE(StoreLock::acquire(data));
}

TEST_F(StoreLockTest, a_folder_that_cannot_be_made_is_named) {
  const auto lock = StoreLock::acquire("/proc/no-such-place/store");
  ASSERT_FALSE(lock);
  EXPECT_NE(lock.error().message().find("/proc/no-such-place/store"), std::string::npos);
}

}  // namespace
}  // namespace cloudfolio::roles

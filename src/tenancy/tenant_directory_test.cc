// Who is who: renames, logins that change hands, and every prefix of a move.

#include "tenancy/tenant_directory.h"

#include <gtest/gtest.h>

#include "storage/storage.h"
#include "storage/testing/failing.h"
#include "tenancy/usage_guard.h"

namespace cloudfolio::tenancy {
namespace {

const Context kCtx;
const TenantId kAda("ada");
const TenantId kLovelace("lovelace");

class TenantDirectoryTest : public ::testing::Test {
 protected:
  ManualClock clock;
  std::unique_ptr<storage::Storage> store = storage::open_memory(clock);
  storage::Table& table = **store->table(kTenantsTable);
  TenantDirectory directory{table};
  UsageLedger ledger{**store->table(kUsageTable), clock};
  UsageGuard guard{ledger, directory};

  // What a refresh does, without data.
  static Status settle(TenantDirectory& where, const TenantId& login, const std::string& owner) {
    CF_TRY(const Settlement due, where.compare(kCtx, login, owner));
    if (due.park_at) {
      CF_CHECK(where.begin_move(kCtx, login, *due.park_at));
      CF_CHECK(where.end_move(kCtx, due.parked_owner, login, *due.park_at));
    }
    if (due.come_from) {
      CF_CHECK(where.begin_move(kCtx, *due.come_from, login));
      CF_CHECK(where.end_move(kCtx, owner, *due.come_from, login));
    }
    return where.claim(kCtx, login, owner);
  }
  std::string owner_at(const TenantId& login) { return directory.find(kCtx, login)->owner; }
  std::string place_of(const std::string& owner) {
    const auto login = directory.login_of(kCtx, owner);
    return *login ? (*login)->str() : "";
  }
};

TEST_F(TenantDirectoryTest, a_first_login_is_claimed_and_stays_as_it_is) {
  EXPECT_TRUE(directory.compare(kCtx, kAda, "U_1")->nothing());
  ASSERT_TRUE(settle(directory, kAda, "U_1"));
  EXPECT_TRUE(directory.compare(kCtx, kAda, "U_1")->nothing());
  EXPECT_EQ(owner_at(kAda), "U_1");
  EXPECT_EQ(place_of("U_1"), "ada");
}

TEST_F(TenantDirectoryTest, a_renamed_account_is_found_under_its_new_login) {
  ASSERT_TRUE(settle(directory, kAda, "U_1"));
  const auto due = directory.compare(kCtx, kLovelace, "U_1");
  EXPECT_EQ(due->come_from, kAda);
  EXPECT_FALSE(due->park_at);
  ASSERT_TRUE(settle(directory, kLovelace, "U_1"));
  EXPECT_EQ(owner_at(kAda), "");
  EXPECT_EQ(owner_at(kLovelace), "U_1");
}

TEST_F(TenantDirectoryTest, a_login_that_somebody_else_took_parks_what_was_there) {
  ASSERT_TRUE(settle(directory, kAda, "U_1"));
  const auto due = directory.compare(kCtx, kAda, "U_2");
  ASSERT_TRUE(due->park_at);
  EXPECT_TRUE(is_parked(*due->park_at));
  EXPECT_FALSE(due->come_from);
  ASSERT_TRUE(settle(directory, kAda, "U_2"));
  EXPECT_EQ(owner_at(kAda), "U_2");
  // Its first owner comes back under another name and finds what is its own.
  EXPECT_EQ(directory.compare(kCtx, kLovelace, "U_1")->come_from, parked_tenant("U_1"));
}

TEST_F(TenantDirectoryTest, two_accounts_exchange_their_logins) {
  ASSERT_TRUE(settle(directory, kAda, "U_1"));
  ASSERT_TRUE(settle(directory, kLovelace, "U_2"));
  ASSERT_TRUE(settle(directory, kAda, "U_2"));
  ASSERT_TRUE(settle(directory, kLovelace, "U_1"));
  EXPECT_EQ(owner_at(kAda), "U_2");
  EXPECT_EQ(owner_at(kLovelace), "U_1");
  EXPECT_EQ(place_of("U_1"), "lovelace");
  EXPECT_EQ(place_of("U_2"), "ada");
}

TEST_F(TenantDirectoryTest, a_move_that_is_interrupted_anywhere_ends_the_same) {
  for (const auto when : {storage::Fault::When::before, storage::Fault::When::after}) {
    for (std::uint64_t call = 1;; ++call) {
      SCOPED_TRACE(call);
      const auto fresh = storage::open_memory(clock);
      storage::Table& rows = **fresh->table(kTenantsTable);
      TenantDirectory sound(rows);
      ASSERT_TRUE(settle(sound, kAda, "U_1"));
      ASSERT_TRUE(settle(sound, kLovelace, "U_2"));
      storage::Faults faults({.call = call, .when = when, .then = storage::Fault::Then::fails});
      storage::FailingTable failing(rows, faults);
      TenantDirectory shaken(failing);
      (void)settle(shaken, kLovelace, "U_1");
      ASSERT_TRUE(settle(sound, kLovelace, "U_1"));
      EXPECT_EQ(sound.find(kCtx, kLovelace)->owner, "U_1");
      EXPECT_EQ(sound.find(kCtx, kLovelace)->state, TenantState::live);
      EXPECT_EQ((*sound.login_of(kCtx, "U_1"))->str(), "lovelace");
      EXPECT_EQ(*sound.login_of(kCtx, "U_2"), parked_tenant("U_2"));
      if (!faults.happened()) break;
    }
  }
}

TEST_F(TenantDirectoryTest, a_writer_that_began_before_a_move_or_a_deletion_is_refused) {
  ASSERT_TRUE(settle(directory, kAda, "U_1"));
  const EntryWrite write{kAda, "bundle", StorageClass::content, 10};
  const auto epoch = guard.admit(kCtx, kAda);
  ASSERT_TRUE(epoch.ok());
  EXPECT_TRUE(guard.settle(kCtx, write, *epoch));
  TenantRecord record = *directory.find(kCtx, kAda);
  record.state = TenantState::deleting;
  ++record.epoch;
  ASSERT_TRUE(directory.write(kCtx, kAda, record));
  EXPECT_EQ(guard.settle(kCtx, write, *epoch).error().code(), Code::cancelled);
  EXPECT_EQ(guard.admit(kCtx, kAda).error().code(), Code::cancelled);
  EXPECT_EQ(directory.claim(kCtx, kAda, "U_1").error().code(), Code::cancelled);
  // Begun anew: the old writer is still refused.
  record = *directory.find(kCtx, kAda);
  record.state = TenantState::live;
  ASSERT_TRUE(directory.write(kCtx, kAda, record));
  EXPECT_EQ(guard.settle(kCtx, write, *epoch).error().code(), Code::cancelled);
  EXPECT_TRUE(guard.admit(kCtx, kAda));
}

}  // namespace
}  // namespace cloudfolio::tenancy

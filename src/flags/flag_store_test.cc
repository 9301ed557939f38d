// The flags table and its audit (F11), and bad input.

#include "flags/flag_store.h"

#include <gtest/gtest.h>

#include <thread>

#include "flags/definition.h"
#include "flags/rows.h"
#include "storage/storage.h"
#include "storage/testing/failing.h"

namespace cloudfolio::flags {
namespace {

const Author kAda{"ada", "try it on a few"};
constexpr Share kOn(kEverybody);
constexpr Share kOff(0);

class FlagStoreTest : public ::testing::Test {
 protected:
  storage::Table& table() { return **storage->table(kFlagsTable); }
  Setting setting(std::string_view flag) {
    const auto now = store.read({});
    EXPECT_TRUE(now);
    const auto found = now->settings.find(flag);
    return found == now->settings.end() ? Setting() : found->second;
  }
  storage::Entity audit(std::uint64_t version) {
    return *table().get({}, {kPartition, audit_row(version)});
  }

  ManualClock clock;
  std::unique_ptr<storage::Storage> storage = storage::open_memory(clock);
  FlagStore store{table(), clock};
};

TEST_F(FlagStoreTest, a_change_is_read_back_with_its_author_and_reason) {
  EXPECT_EQ(store.read({})->version, 0u);
  ASSERT_EQ(*store.set({}, kGraphqlBatchFetch, Share(2'500), kAda), 1u);
  const Setting now = setting(kGraphqlBatchFetch);
  EXPECT_EQ(now.share, Share(2'500));
  EXPECT_EQ(now.version, 1u);
  EXPECT_EQ(now.by, "ada");
  EXPECT_EQ(now.reason, "try it on a few");
  EXPECT_EQ(now.at, clock.wall_time());
  const auto history = store.history({}, "");
  ASSERT_TRUE(history) << history.error().message();
  ASSERT_EQ(history->size(), 1u);
  EXPECT_EQ(history->front().before, "default");
  EXPECT_EQ(history->front().after, "25%");
}

TEST_F(FlagStoreTest, nothing_to_change_makes_no_version) {
  ASSERT_EQ(*store.set({}, kGraphqlBatchFetch, kOn, kAda), 1u);
  EXPECT_EQ(*store.set({}, kGraphqlBatchFetch, kOn, kAda), 1u);
  EXPECT_EQ(store.history({}, "")->size(), 1u);
}

TEST_F(FlagStoreTest, off_leaves_no_tenant_on_and_keeps_those_that_are_off) {
  const TenantId ada("ada"), bob("bob");
  ASSERT_TRUE(store.set_tenant({}, kGraphqlBatchFetch, ada, kOn, kAda));
  ASSERT_TRUE(store.set_tenant({}, kGraphqlBatchFetch, bob, kOff, kAda));
  ASSERT_TRUE(store.set({}, kGraphqlBatchFetch, kOff, kAda));
  EXPECT_EQ(setting(kGraphqlBatchFetch).tenants, (std::map<TenantId, bool>{{bob, false}}));
  ASSERT_TRUE(store.set_tenant({}, kGraphqlBatchFetch, bob, Share(), kAda));
  EXPECT_TRUE(setting(kGraphqlBatchFetch).tenants.empty());
}

TEST_F(FlagStoreTest, what_is_wrong_is_refused_and_changes_nothing) {
  const auto refused = [](const Result<std::uint64_t>& result) {
    return !result && result.error().code() == Code::invalid_argument;
  };
  EXPECT_TRUE(refused(store.set({}, "ENABLE_WHATEVER", kOn, kAda)));
  EXPECT_TRUE(refused(store.set({}, kGraphqlBatchFetch, kOn, {"ada", ""})));
  EXPECT_TRUE(refused(store.set({}, kGraphqlBatchFetch, kOn, {"", "why"})));
  EXPECT_TRUE(refused(store.set({}, kGraphqlBatchFetch, kOn, {"guard", "I am it"})));
  EXPECT_TRUE(refused(store.set({}, kGraphqlBatchFetch, kOn, {"ada", std::string(1'001, 'x')})));
  EXPECT_TRUE(refused(store.set_tenant({}, kGraphqlBatchFetch, TenantId(), kOn, kAda)));
  EXPECT_TRUE(refused(store.set_tenant({}, kGraphqlBatchFetch, TenantId("a"), Share(5), kAda)));
  EXPECT_EQ(store.read({})->version, 0u);
}

TEST_F(FlagStoreTest, tenants_with_a_value_of_their_own_are_bounded) {
  for (std::size_t i = 0; i < kTenantValuesMax; ++i) {
    const TenantId tenant(std::string(30, 'x') + std::to_string(i));
    ASSERT_TRUE(store.set_tenant({}, kGraphqlBatchFetch, tenant, kOn, kAda)) << i;
  }
  const auto over = store.set_tenant({}, kGraphqlBatchFetch, TenantId("one"), kOn, kAda);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code(), Code::quota_exceeded);
}

TEST_F(FlagStoreTest, a_turn_back_is_latched_until_a_person_re_arms_it) {
  ASSERT_TRUE(store.set({}, kGraphqlBatchFetch, kOn, kAda));
  ASSERT_TRUE(store.turn_back({}, kGraphqlBatchFetch, 0, "9 of 9 failed", R"({"failed":9})"));
  Setting now = setting(kGraphqlBatchFetch);
  EXPECT_EQ(now.share, kOff);
  EXPECT_FALSE(now.armed);
  EXPECT_EQ(now.by, kGuardActor);
  for (const Share& wider : {kOn, Share(1), Share()}) {
    const auto again = store.set({}, kGraphqlBatchFetch, wider, kAda);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code(), Code::conflict);
    EXPECT_NE(again.error().message().find("flags rearm"), std::string::npos);
  }
  EXPECT_FALSE(store.set_tenant({}, kGraphqlBatchFetch, TenantId("ada"), kOn, kAda));
  EXPECT_EQ(*store.turn_back({}, kGraphqlBatchFetch, 0, "again", "{}"), 2u) << "nothing to do";
  ASSERT_EQ(*store.rearm({}, kGraphqlBatchFetch, {"ada", "mended"}), 3u);
  now = setting(kGraphqlBatchFetch);
  EXPECT_TRUE(now.armed);
  EXPECT_EQ(now.armed_version, 3u);
  EXPECT_EQ(now.share, kOff) << "still off, until somebody says how wide";
  EXPECT_EQ(*store.turn_back({}, kGraphqlBatchFetch, 0, "late", "{}"), 3u)
      << "what was seen before the re-arming is history";
  EXPECT_TRUE(store.set({}, kGraphqlBatchFetch, kOn, kAda));
  const auto history = store.history({}, kGraphqlBatchFetch);
  ASSERT_TRUE(history);
  ASSERT_EQ(history->size(), 4u);
  EXPECT_EQ((*history)[1].actor, kGuardActor);
  EXPECT_EQ((*history)[1].evidence, R"({"failed":9})");
}

TEST_F(FlagStoreTest, changing_removing_or_adding_an_audit_row_breaks_the_chain) {
  for (int i = 1; i <= 5; ++i)
    ASSERT_TRUE(store.set({}, kGraphqlBatchFetch, Share(i), {"ada", std::to_string(i)}));
  const auto broken_at = [this](const std::string& where) {
    const auto history = store.history({}, "");
    return !history && history.error().code() == Code::corrupt &&
           history.error().message().find(where) != std::string::npos;
  };
  ASSERT_TRUE(store.history({}, ""));
  for (std::uint64_t version = 1; version <= 5; ++version) {
    const storage::Entity row = audit(version);
    ASSERT_TRUE(table().remove({}, row.key, storage::Anything{}));
    EXPECT_TRUE(broken_at("version " + std::to_string(version))) << version;
    storage::Entity forged = row;
    forged.values["Actor"] = "somebody";
    ASSERT_TRUE(table().upsert({}, forged, storage::Write::replace));
    EXPECT_TRUE(broken_at("version " + std::to_string(version))) << version;
    ASSERT_TRUE(table().upsert({}, row, storage::Write::replace));
    ASSERT_TRUE(store.history({}, ""));
  }
  storage::Entity extra = audit(5);
  extra.key.row = audit_row(6);
  extra.values["Version"] = std::int64_t{6};
  ASSERT_TRUE(table().insert({}, extra));
  EXPECT_TRUE(broken_at("version 6"));
}

TEST_F(FlagStoreTest, a_deleted_tenants_name_goes_and_the_chain_still_holds) {
  const Author ann{"ann", "octocat asked for it"};
  ASSERT_TRUE(store.set_tenant({}, kGraphqlBatchFetch, TenantId("octocat"), kOn, ann));
  ASSERT_TRUE(store.set_tenant({}, kGraphqlBatchFetch, TenantId("octocats"), kOn, kAda));
  ASSERT_TRUE(store.set_tenant({}, kQuotaEnforcement, TenantId("octocat"), kOn, ann));
  ASSERT_TRUE(store.set_tenant({}, kQuotaEnforcement, TenantId("octocat"), std::nullopt, ann));
  EXPECT_EQ(*store.count_rows_of({}, TenantId("octocat")), 4u) << "one value, three entries";
  ASSERT_TRUE(store.forget({}, TenantId("octocat")));
  ASSERT_TRUE(store.forget({}, TenantId("octocat"))) << "again";
  EXPECT_EQ(*store.count_rows_of({}, TenantId("octocat")), 0u);
  EXPECT_EQ(setting(kGraphqlBatchFetch).tenants,
            (std::map<TenantId, bool>{{TenantId("octocats"), true}}));
  EXPECT_EQ(setting(kQuotaEnforcement).reason, kRemovedText);
  const auto history = store.history({}, "");
  ASSERT_TRUE(history) << history.error().message();
  ASSERT_EQ(history->size(), 5u);
  EXPECT_EQ(history->at(0).tenant, kRemovedText);
  EXPECT_EQ(history->at(0).reason, kRemovedText);
  EXPECT_EQ(history->at(1).tenant, "octocats");
  EXPECT_EQ(history->at(4).action, "forget_tenant");
  EXPECT_EQ(history->at(4).before, "on");
}

TEST_F(FlagStoreTest, a_call_that_fails_leaves_both_rows_or_neither) {
  for (const auto when : {storage::Fault::When::before, storage::Fault::When::after}) {
    for (std::uint64_t call = 1;; ++call) {
      const auto fresh = storage::open_memory(clock);
      storage::Table& real = **fresh->table(kFlagsTable);
      storage::Faults faults({.call = call, .when = when, .then = storage::Fault::Then::fails});
      storage::FailingTable failing(real, faults);
      FlagStore faulty(failing, clock);
      for (int i = 1; i <= 3; ++i) (void)faulty.set({}, kGraphqlBatchFetch, Share(i), kAda);
      const FlagStore after(real, clock);
      const auto history = after.history({}, "");
      ASSERT_TRUE(history) << history.error().message() << " at call " << call;
      const auto now = after.read({});
      ASSERT_TRUE(now);
      ASSERT_EQ(now->version, history->size());
      if (!history->empty()) {
        ASSERT_EQ(to_string(now->settings.at(kGraphqlBatchFetch).share), history->back().after);
      }
      if (!faults.happened()) break;
    }
  }
}

TEST_F(FlagStoreTest, changes_at_the_same_time_follow_one_another) {
  std::vector<std::thread> people;
  for (int p = 0; p < 4; ++p) {
    people.emplace_back([this, p] {
      FlagStore own(table(), clock);
      for (int i = 1; i <= 25; ++i) {
        const auto done =
            own.set({}, kGraphqlBatchFetch, Share(p * 100 + i), {"p" + std::to_string(p), "race"});
        EXPECT_TRUE(done) << done.error().message();
      }
    });
  }
  for (std::thread& person : people) person.join();
  const auto history = store.history({}, "");
  ASSERT_TRUE(history) << history.error().message();
  EXPECT_EQ(history->size(), 100u);
}

TEST_F(FlagStoreTest, a_row_that_is_none_of_ours_is_said_and_a_newer_releases_flag_is_passed_over) {
  ASSERT_TRUE(store.set({}, kGraphqlBatchFetch, kOn, kAda));
  storage::Entity newer;
  newer.key = {kPartition, flag_row("ENABLE_LATER_THING")};
  newer.values["Whatever"] = std::string("x");
  ASSERT_TRUE(table().insert({}, newer));
  ASSERT_TRUE(store.read({}));
  storage::Entity broken;
  broken.key = {kPartition, flag_row(kQuotaEnforcement)};
  broken.values["Share"] = std::string("lots");
  ASSERT_TRUE(table().insert({}, broken));
  const auto read = store.read({});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), Code::corrupt);
}

}  // namespace
}  // namespace cloudfolio::flags

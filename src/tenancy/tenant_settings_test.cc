// A tenant's own settings: off until set, kept with who set them.

#include "tenancy/tenant_settings.h"

#include <gtest/gtest.h>

#include "storage/storage.h"
#include "storage/testing/failing.h"

namespace cloudfolio::tenancy {
namespace {

const Context kCtx;
const TenantId kAda("ada");

class TenantSettingsTest : public ::testing::Test {
 protected:
  Allowed now(const TenantId& tenant = kAda) { return *settings.include_private(kCtx, tenant); }
  bool set(Allowed value, std::string_view by = "tenant ada") {
    const auto changed = settings.set_include_private(kCtx, kAda, value, by);
    EXPECT_TRUE(changed.ok()) << changed.error().message();
    return changed && *changed;
  }
  ManualClock clock;
  std::unique_ptr<storage::Storage> store = storage::open_memory(clock);
  storage::Table& table = **store->table(kSettingsTable);
  TenantSettings settings{table, clock};
};

TEST_F(TenantSettingsTest, private_text_is_left_out_until_the_tenant_says_otherwise) {
  EXPECT_EQ(now(), Allowed::no);
  EXPECT_FALSE(set(Allowed::no));
  EXPECT_TRUE(set(Allowed::yes));
  EXPECT_EQ(now(), Allowed::yes);
  EXPECT_EQ(now(TenantId("bob")), Allowed::no);
  EXPECT_FALSE(set(Allowed::yes));
  EXPECT_TRUE(set(Allowed::no));
  EXPECT_EQ(now(), Allowed::no);
}

TEST_F(TenantSettingsTest, every_change_says_who_and_when_the_latest_first) {
  set(Allowed::yes, "tenant ada");
  clock.advance(std::chrono::hours(1));
  set(Allowed::no, "operator");
  const auto changes = *settings.changes(kCtx, kAda);
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].by, "operator");
  EXPECT_EQ(changes[0].value, Allowed::no);
  EXPECT_EQ(changes[0].at, clock.wall_time());
  EXPECT_EQ(changes[1].by, "tenant ada");
  EXPECT_EQ(changes[1].name, kIncludePrivate);
  for (int i = 0; i < 120; ++i) set(i % 2 == 0 ? Allowed::yes : Allowed::no);
  EXPECT_EQ(settings.changes(kCtx, kAda)->size(), TenantSettings::kChangesKept);
}

TEST_F(TenantSettingsTest, a_value_without_its_change_never_is_whichever_call_fails) {
  for (const auto when : {storage::Fault::When::before, storage::Fault::When::after})
    for (std::uint64_t call = 1;; ++call) {
      storage::Faults faults({.call = call, .when = when});
      storage::FailingTable failing(table, faults);
      const Allowed wanted = now() == Allowed::yes ? Allowed::no : Allowed::yes;
      (void)TenantSettings(failing, clock).set_include_private(kCtx, kAda, wanted, "tenant ada");
      EXPECT_EQ(settings.changes(kCtx, kAda)->empty() ? Allowed::no
                                                      : settings.changes(kCtx, kAda)->front().value,
                now());
      if (!faults.happened()) break;
    }
}

}  // namespace
}  // namespace cloudfolio::tenancy

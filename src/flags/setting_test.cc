#include "flags/setting.h"

#include <gtest/gtest.h>

#include "flags/definition.h"

namespace cloudfolio::flags {
namespace {

const TenantId kNobody;

Setting share_of(std::uint32_t basis_points) {
  Setting setting;
  setting.share = basis_points;
  return setting;
}

bool on(const Setting& setting, const TenantId& tenant, bool standard = false) {
  return decide(kGraphqlBatchFetch, standard, setting, tenant).value;
}

TEST(SettingTest, shares_are_read_and_written_as_people_write_them) {
  const std::pair<const char*, std::uint32_t> written[] = {
      {"on", 10'000}, {"off", 0}, {"25%", 2'500}, {"0.01%", 1}, {"99.99%", 9'999}, {"7.5%", 750}};
  for (const auto& [text, basis_points] : written) {
    const auto share = share_from(text);
    ASSERT_TRUE(share) << text;
    EXPECT_EQ(*share, Share(basis_points)) << text;
    EXPECT_EQ(to_string(*share), text);
  }
  EXPECT_EQ(*share_from("default"), Share());
  EXPECT_EQ(*share_from("100%"), Share(10'000));
  EXPECT_EQ(*share_from("0.00%"), Share(0));
}

TEST(SettingTest, what_is_no_share_is_refused) {
  for (const char* text : {"", "%", "101%", "100.01%", "-1%", "1e1%", "0.001%", "25", "ON", "true",
                           " 5%", "5 %", ".5%", "5.%", "99999999999%", "nan%", "１%"}) {
    const auto share = share_from(text);
    ASSERT_FALSE(share) << text;
    EXPECT_EQ(share.error().code(), Code::invalid_argument) << text;
  }
}

TEST(SettingTest, widening_drops_nobody) {
  for (int t = 0; t < 2'000; ++t) {
    const TenantId tenant("tenant-" + std::to_string(t));
    bool before = false;
    for (std::uint32_t share = 0; share <= kEverybody; share += 125) {
      const bool now = on(share_of(share), tenant);
      ASSERT_TRUE(now || !before) << tenant << " at " << share;
      before = now;
    }
    ASSERT_TRUE(before);
    ASSERT_FALSE(on(share_of(0), tenant));
  }
}

TEST(SettingTest, without_a_tenant_the_ends_are_the_ends_and_between_is_the_default) {
  for (const bool standard : {false, true}) {
    EXPECT_FALSE(on(share_of(0), kNobody, standard));
    EXPECT_TRUE(on(share_of(kEverybody), kNobody, standard));
    for (std::uint32_t share = 1; share < kEverybody; share += 7)
      ASSERT_EQ(on(share_of(share), kNobody, standard), standard) << share;
  }
}

TEST(SettingTest, a_tenants_own_value_is_stronger_than_the_share) {
  const TenantId ada("ada"), bob("bob");
  Setting setting = share_of(0);
  setting.tenants[ada] = true;
  EXPECT_TRUE(on(setting, ada));
  EXPECT_FALSE(on(setting, bob));
  setting.share = kEverybody;
  setting.tenants[ada] = false;
  EXPECT_FALSE(on(setting, ada));
  EXPECT_TRUE(on(setting, bob));
}

TEST(SettingTest, what_was_never_set_is_the_default) {
  EXPECT_TRUE(on(Setting(), TenantId("ada"), true));
  EXPECT_FALSE(on(Setting(), TenantId("ada"), false));
  EXPECT_EQ(decide(kGraphqlBatchFetch, true, Setting(), kNobody).why, Decision::Why::standard);
}

TEST(DefinitionTest, a_flag_that_there_is_none_of_is_refused_with_the_names) {
  const auto found = get_definition("ENABLE_EVERYTHING");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code(), Code::invalid_argument);
  EXPECT_NE(found.error().message().find(kQuotaEnforcement), std::string::npos);
}

}  // namespace
}  // namespace cloudfolio::flags

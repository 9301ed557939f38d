#include "tenancy/login.h"

#include <gtest/gtest.h>

#include <string>

namespace cloudfolio::tenancy {
namespace {

TEST(Login, spellings_of_one_login_are_one_tenant) {
  EXPECT_EQ(*tenant_from_login("OctoCat"), TenantId("octocat"));
  EXPECT_EQ(*tenant_from_login("octocat"), *tenant_from_login("OCTOCAT"));
}

TEST(Login, what_github_has_given_out_is_taken) {
  for (const char* login : {"a", "0", "a-b", "octo_acme", "old-", "-older", "double--hyphen",
                            "abcdefghijabcdefghijabcdefghijabcdefghi"})
    EXPECT_TRUE(tenant_from_login(login).ok()) << login;
}

TEST(Login, anything_else_is_refused_with_a_remedy) {
  const std::string too_long(40, 'a');
  const std::string with_nul("a\0b", 3);
  for (const std::string& login :
       {std::string(), too_long, with_nul, std::string("a/b"), std::string("../a"),
        std::string("a b"), std::string("a:b"), std::string("a*"), std::string("a%2f"),
        std::string("größe"), std::string("-"), std::string("_a"), std::string("a\n"),
        std::string("dependabot[bot]")}) {
    const auto tenant = tenant_from_login(login);
    ASSERT_FALSE(tenant.ok()) << login;
    EXPECT_EQ(tenant.error().code(), Code::invalid_argument);
    EXPECT_NE(tenant.error().message().find("github.com/NAME"), std::string::npos);
  }
}

}  // namespace
}  // namespace cloudfolio::tenancy

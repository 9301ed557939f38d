#include "tenancy/tokens.h"

#include <gtest/gtest.h>

#include "crypto/hash.h"

namespace cloudfolio::tenancy {
namespace {

using Speaks = TokenEntry::Speaks;

TokenEntry tenant_entry(const std::string& token, const std::string& login) {
  return {crypto::sha256_hex(token), login, Speaks::for_tenant};
}
TokenEntry operator_entry(const std::string& token) {
  return {crypto::sha256_hex(token), "", Speaks::for_operator};
}

TEST(Tokens, each_token_speaks_for_its_own) {
  const auto table = TokenTable::parse(
      {tenant_entry("one", "OctoCat"), tenant_entry("two", "hubot"), operator_entry("three")});
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(*table->principal_for("one"), Principal(TenantPrincipal{TenantId("octocat")}));
  EXPECT_EQ(*table->principal_for("two"), Principal(TenantPrincipal{TenantId("hubot")}));
  EXPECT_EQ(*table->principal_for("three"), Principal(Operator{}));
  EXPECT_EQ(*table->principal_for(std::nullopt), Principal(Anonymous{}));
}

TEST(Tokens, a_wrong_token_is_refused_and_not_taken_for_anonymous) {
  const auto table = TokenTable::parse({operator_entry("right")});
  ASSERT_TRUE(table.ok());
  for (const std::string& wrong :
       {std::string("righT"), std::string(), std::string("right "), std::string(5000, 'x')}) {
    const auto principal = table->principal_for(wrong);
    ASSERT_FALSE(principal.ok()) << wrong;
    EXPECT_EQ(principal.error().code(), Code::unauthenticated);
  }
  // Also where no token is configured: who sends one expects it to be checked.
  EXPECT_FALSE(TokenTable().principal_for("anything").ok());
  EXPECT_EQ(*TokenTable().principal_for(std::nullopt), Principal(Operator{}));
}

TEST(Tokens, a_wrong_table_says_which_entry_and_keeps_the_hash_to_itself) {
  const std::string hash = crypto::sha256_hex("secret");
  const std::vector<std::vector<TokenEntry>> tables = {
      {operator_entry("a"), {hash.substr(1), "octocat", Speaks::for_tenant}},
      {operator_entry("a"), {"zz" + hash.substr(2), "octocat", Speaks::for_tenant}},
      {operator_entry("a"), {hash, "not a login", Speaks::for_tenant}},
      {operator_entry("a"), {hash, "octocat", Speaks::for_operator}},
      {operator_entry("a"), operator_entry("a")}};
  for (const auto& entries : tables) {
    const auto table = TokenTable::parse(entries);
    ASSERT_FALSE(table.ok());
    EXPECT_EQ(table.error().code(), Code::invalid_argument);
    EXPECT_NE(table.error().message().find("token 2"), std::string::npos)
        << table.error().message();
    EXPECT_EQ(table.error().message().find(hash.substr(2)), std::string::npos);
  }
}

TEST(Principal, only_the_tenant_and_the_operator_may_change_a_tenant) {
  const TenantId octocat("octocat");
  EXPECT_TRUE(may_change(Principal(TenantPrincipal{octocat}), octocat));
  EXPECT_TRUE(may_change(Principal(Operator{}), octocat));
  EXPECT_FALSE(may_change(Principal(TenantPrincipal{TenantId("hubot")}), octocat));
  EXPECT_FALSE(may_change(Principal(Anonymous{}), octocat));
  EXPECT_EQ(to_string(Principal(TenantPrincipal{octocat})), "tenant octocat");
  EXPECT_EQ(to_string(Principal(Anonymous{})), "anonymous");
  EXPECT_EQ(to_string(Principal(Operator{})), "operator");
}

}  // namespace
}  // namespace cloudfolio::tenancy

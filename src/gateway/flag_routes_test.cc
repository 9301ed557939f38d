// Feature flags over HTTP, on a table in memory.

#include <gtest/gtest.h>

#include "flags/definition.h"
#include "flags/flags.h"
#include "flags/rows.h"
#include "gateway/testing/gateway_fixture.h"
#include "storage/storage.h"

namespace cloudfolio::gateway {
namespace {

constexpr char kPath[] = "/v1/admin/flags/ENABLE_GRAPHQL_BATCH_FETCH";

class FlagRoutes : public GatewayFixture {
 protected:
  void open_with_flags() {
    Gateway::Options options;
    options.flags = &reader;
    options.flag_store = &store;
    open(Tokens::some, std::move(options));
  }
  http::Response put(std::string body) {
    return send({.method = http::Method::put,
                 .path = kPath,
                 .body = std::move(body),
                 .token = "root-token"});
  }
  ~FlagRoutes() override { server.reset(); }

  std::unique_ptr<storage::Storage> storage = storage::open_memory(clock);
  flags::FlagStore store{**storage->table(flags::kFlagsTable), clock};
  flags::Flags reader{{}, {store, clock, log, metrics}};
};

TEST_F(FlagRoutes, a_change_holds_when_its_answer_is_there) {
  open_with_flags();
  const auto answer = put(R"({"value":"off","by":"ada","reason":"GitHub is slow"})");
  ASSERT_EQ(answer.status, 200);
  EXPECT_FALSE(reader.is_on(flags::kGraphqlBatchFetch, TenantId("ada")));
  const auto listed = read(get("/v1/admin/flags", "root-token"));
  EXPECT_EQ(json::find_int(listed, "version"), 1);
  const json::Value* const flag = json::find_path(listed, "flags.1");
  ASSERT_NE(flag, nullptr);
  EXPECT_EQ(json::find_string(*flag, "setting"), "off");
  EXPECT_EQ(json::find_string(*json::find(*flag, "changed"), "by"), "ada");
}

TEST_F(FlagRoutes, one_tenants_value_and_the_history_are_there) {
  open_with_flags();
  ASSERT_EQ(put(R"({"value":"off","tenant":"Bob","by":"ada","reason":"his data"})").status, 200);
  EXPECT_FALSE(reader.is_on(flags::kGraphqlBatchFetch, TenantId("bob")));
  EXPECT_TRUE(reader.is_on(flags::kGraphqlBatchFetch, TenantId("ada")));
  const auto history = read(get(std::string(kPath) + "/history", "root-token"));
  const json::Value* const entry = json::find_path(history, "history.0");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(json::find_string(*entry, "tenant"), "bob");
  EXPECT_EQ(json::find_string(*entry, "after"), "off");
}

TEST_F(FlagRoutes, what_is_wrong_is_refused_with_what_would_be_right) {
  open_with_flags();
  for (const char* body :
       {R"({"value":"101%","by":"ada","reason":"x"})", R"({"value":"on","by":"ada"})",
        R"({"value":"on","reason":"x"})", R"({"value":"on","by":"ada","reason":"x","share":5})",
        R"({"value":"50%","tenant":"bob","by":"ada","reason":"x"})",
        R"({"value":"on","tenant":"../x","by":"ada","reason":"x"})", "[]", "{"}) {
    EXPECT_EQ(put(body).status, 400) << body;
  }
  EXPECT_EQ(get("/v1/admin/flags/ENABLE_NOTHING/history", "root-token").status, 404);
  EXPECT_EQ(store.read({})->version, 0u);
}

TEST_F(FlagRoutes, a_latched_flag_is_a_conflict_until_it_is_re_armed) {
  open_with_flags();
  ASSERT_TRUE(store.turn_back({}, flags::kGraphqlBatchFetch, 0, "it failed", "{}"));
  EXPECT_EQ(put(R"({"value":"on","by":"ada","reason":"again"})").status, 409);
  const auto rearmed = send({.method = http::Method::post,
                             .path = std::string(kPath) + "/rearm",
                             .body = R"({"by":"ada","reason":"mended"})",
                             .token = "root-token"});
  EXPECT_EQ(rearmed.status, 200);
  EXPECT_EQ(put(R"({"value":"on","by":"ada","reason":"again"})").status, 200);
}

TEST_F(FlagRoutes, without_a_table_they_are_unavailable) {
  open(Tokens::some);
  EXPECT_EQ(get("/v1/admin/flags", "root-token").status, 503);
}

}  // namespace
}  // namespace cloudfolio::gateway

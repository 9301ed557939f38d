#include <gtest/gtest.h>

#include "base/time_text.h"
#include "gateway/testing/gateway_fixture.h"

namespace cloudfolio::gateway {
namespace {

using durable::OrchestrationStatus;

constexpr char kInstance[] = "/runtime/webhooks/durabletask/instances/refresh:ada";

class DurableRoutes : public GatewayFixture {
 protected:
  void put(OrchestrationStatus status, std::string output = {}) {
    auto state = instance("refresh:ada", status);
    state.created = *time_from("2026-01-01T00:00:00Z");
    state.updated = *time_from("2026-01-01T00:00:09Z");
    state.input = R"({"login":"ada"})";
    state.custom_status = R"({"phase":"fetch","done":1,"total":2})";
    state.output = std::move(output);
    instances.put(std::move(state));
  }
};

TEST_F(DurableRoutes, a_running_instance_is_202_with_its_progress) {
  put(OrchestrationStatus::running);
  open();
  const auto response = get(std::string(kInstance) + "?taskHub=DurableFunctionsHub&code=x");
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(read(response), *json::parse(R"({"name":"refresh_portfolio","instanceId":"refresh:ada",
    "runtimeStatus":"Running","input":{"login":"ada"},
    "customStatus":{"phase":"fetch","done":1,"total":2},"output":null,
    "createdTime":"2026-01-01T00:00:00Z","lastUpdatedTime":"2026-01-01T00:00:09Z"})"));
  EXPECT_EQ(response.headers.find("Location"), kInstance);
}

TEST_F(DurableRoutes, a_completed_refresh_has_the_bundle_as_its_output) {
  put(OrchestrationStatus::completed, R"({"seen":2})");
  portfolios.publish("ada", kTwoRepositories);
  open();
  const auto response = get(kInstance);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(*json::find(read(response), "output"), *json::parse(kTwoRepositories));
  EXPECT_EQ(*json::find(read(get(std::string(kInstance) + "?showOutput=report")), "output"),
            *json::parse(R"({"seen":2})"));
  EXPECT_TRUE(
      json::find(read(get(std::string(kInstance) + "?showOutput=false&showInput=false")), "output")
          ->is_null());
}

TEST_F(DurableRoutes, a_completed_refresh_without_a_bundle_shows_its_report) {
  put(OrchestrationStatus::completed, R"({"seen":0})");
  open();
  EXPECT_EQ(*json::find(read(get(kInstance)), "output"), *json::parse(R"({"seen":0})"));
}

TEST_F(DurableRoutes, a_failed_instance_says_why) {
  put(OrchestrationStatus::failed);
  instances.at("refresh:ada").failure =
      durable::failure_from(Error(Code::unauthenticated, "GitHub does not know this token"));
  open();
  const auto response = get(kInstance);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(
      *json::find(read(response), "failure"),
      *json::parse(R"({"code":"unauthenticated","message":"GitHub does not know this token"})"));
  EXPECT_EQ(get(std::string(kInstance) + "?returnInternalServerErrorOnFailure=true").status, 500);
  EXPECT_EQ(get("/runtime/webhooks/durabletask/instances/none").status, 404);
}

TEST_F(DurableRoutes, a_failures_text_is_for_those_who_may_change_the_portfolio) {
  put(OrchestrationStatus::failed);
  instances.at("refresh:ada").failure =
      durable::failure_from(Error(Code::corrupt, "ada/vault: the private plan is damaged"));
  instances.at("refresh:ada").stalled = "at ada/vault";
  open(Tokens::some);
  for (const std::string token : {"", "bob-token"}) {
    const auto response = get(kInstance, token);
    EXPECT_EQ(response.body.view().find("vault"), std::string_view::npos) << response.body.view();
    EXPECT_NE(response.body.view().find(R"("code":"corrupt")"), std::string_view::npos);
  }
  for (const std::string token : {"ada-token", "root-token"})
    EXPECT_NE(get(kInstance, token).body.view().find("ada/vault"), std::string_view::npos);
}

TEST_F(DurableRoutes, history_is_shown_without_payloads) {
  put(OrchestrationStatus::running);
  instances.history_of_all = {
      {durable::kNoEventId, *time_from("2026-01-01T00:00:00Z"), durable::OrchestratorStarted{}},
      {1, *time_from("2026-01-01T00:00:01Z"), durable::TaskScheduled{"detect", "", "secret", {}}},
      {durable::kNoEventId, *time_from("2026-01-01T00:00:02Z"),
       durable::TaskCompleted{1, "secret"}}};
  open();
  const auto shown = read(get(std::string(kInstance) + "?showHistory=true"));
  EXPECT_EQ(*json::find(shown, "historyEvents"), *json::parse(R"([
    {"EventType":"OrchestratorStarted","Timestamp":"2026-01-01T00:00:00Z"},
    {"EventType":"TaskScheduled","Timestamp":"2026-01-01T00:00:01Z","EventId":1,"Name":"detect"},
    {"EventType":"TaskCompleted","Timestamp":"2026-01-01T00:00:02Z","TaskScheduledId":1}])"));
}

TEST_F(DurableRoutes, a_live_instance_can_be_steered) {
  put(OrchestrationStatus::running);
  open();
  const std::string base = kInstance;
  EXPECT_EQ(post(base + "/raiseEvent/go?taskHub=x", R"({ "a" : 1 })").status, 202);
  EXPECT_EQ(post(base + "/suspend?reason=a%20pause").status, 202);
  EXPECT_EQ(post(base + "/resume").status, 202);
  EXPECT_EQ(post(base + "/terminate?reason=enough").status, 202);
  EXPECT_EQ(instances.calls,
            (std::vector<std::string>{R"(raise_event refresh:ada go {"a":1})",
                                      "suspend refresh:ada a pause", "resume refresh:ada ",
                                      R"(terminate refresh:ada "enough")"}));
  EXPECT_EQ(post(base + "/raiseEvent/go", "{").status, 400);
  EXPECT_EQ(post(base + "/rewind").status, 410);
  EXPECT_EQ(send({.method = http::Method::delete_, .path = base}).status, 409);
  EXPECT_EQ(post(base + "/restart").status, 409);
}

TEST_F(DurableRoutes, a_failed_instance_can_be_rewound) {
  put(OrchestrationStatus::failed);
  open();
  EXPECT_EQ(post(std::string(kInstance) + "/rewind?reason=mended").status, 202);
  EXPECT_EQ(instances.calls.back(), "rewind refresh:ada mended");
}

TEST_F(DurableRoutes, an_ended_instance_is_410_to_steer_and_can_be_purged_or_restarted) {
  put(OrchestrationStatus::completed);
  open();
  const std::string base = kInstance;
  EXPECT_EQ(post(base + "/terminate").status, 410);
  const auto restarted = post(base + "/restart?restartWithNewInstanceId=true");
  EXPECT_EQ(restarted.status, 202);
  EXPECT_EQ(json::find_string(read(restarted), "id"), "refresh:ada");
  EXPECT_EQ(instances.calls.back(), R"(start refresh_portfolio refresh:ada {"login":"ada"})");
  const auto purged = send({.method = http::Method::delete_, .path = base});
  EXPECT_EQ(read(purged), *json::parse(R"({"instancesDeleted":1})"));
  EXPECT_EQ(send({.method = http::Method::delete_, .path = base}).status, 404);
}

TEST_F(DurableRoutes, operators_list_instances_page_by_page) {
  put(OrchestrationStatus::completed);
  instances.put(instance("refresh:bob", OrchestrationStatus::running));
  instances.put(instance("train:bob:fp", OrchestrationStatus::running));
  open();
  const std::string all = "/runtime/webhooks/durabletask/instances";
  const auto first = get(all + "?top=2");
  EXPECT_EQ(read(first).as_array().size(), 2u);
  const auto rest =
      send({.path = all + "?top=2",
            .headers = {{"x-ms-continuation-token",
                         std::string(*first.headers.find("x-ms-continuation-token"))}}});
  EXPECT_EQ(read(rest).as_array().size(), 1u);
  EXPECT_EQ(read(get(all + "?runtimeStatus=Running,Pending")).as_array().size(), 2u);
  EXPECT_EQ(get(all + "?runtimeStatus=Sleeping").status, 400);
  EXPECT_EQ(get(all + "?top=0").status, 400);
  EXPECT_EQ(get(all + "?createdTimeFrom=yesterday").status, 400);
}

}  // namespace
}  // namespace cloudfolio::gateway

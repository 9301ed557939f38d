#include <gtest/gtest.h>

#include "gateway/testing/gateway_fixture.h"
#include "gateway/trainings.h"

namespace cloudfolio::gateway {
namespace {

// Remembers what it was asked.
class AskedTrainings final : public Trainings {
 public:
  Result<std::string> list(const Context&, const std::optional<TenantId>& tenant) override {
    asked = "list " + (tenant ? tenant->str() : "all");
    return std::string(R"({"trainings":[]})");
  }
  Result<std::string> show(const Context&, const InstanceId& instance) override {
    asked = "show " + instance.str();
    return std::string(R"({"instance":"it"})");
  }
  Status cancel(const Context&, const InstanceId& instance) override {
    asked = "cancel " + instance.str();
    return Done{};
  }
  Status retry(const Context&, const InstanceId& instance) override {
    return Error(Code::conflict, "'" + instance.str() + "' has not ended; cancel it first");
  }
  Result<std::string> logs(const Context&, const InstanceId& instance) override {
    asked = "logs " + instance.str();
    return std::string("one\ntwo\n");
  }
  std::string asked;
};

class TrainingRoutes : public GatewayFixture {
 protected:
  void open_with_trainings() {
    Gateway::Options options;
    options.trainings = &trainings;
    open(Tokens::some, std::move(options));
  }
  AskedTrainings trainings;
  const std::string one = "/v1/admin/trainings/train%3Aada%3A9f";
};

TEST_F(TrainingRoutes, list_show_and_print_the_logs_to_operators) {
  open_with_trainings();
  EXPECT_EQ(get("/v1/admin/trainings?login=Ada", "root-token").status, 200);
  EXPECT_EQ(trainings.asked, "list ada");
  EXPECT_EQ(get("/v1/admin/trainings", "ada-token").status, 403);
  EXPECT_EQ(get(one, "root-token").body.view(), R"({"instance":"it"})");
  EXPECT_EQ(trainings.asked, "show train:ada:9f");
  EXPECT_EQ(get(one + "/logs", "root-token").body.view(), R"({"log":"one\ntwo\n"})");
  EXPECT_EQ(get("/v1/admin/trainings?login=-", "root-token").status, 400);
}

TEST_F(TrainingRoutes, cancel_one_and_refuse_to_begin_one_that_runs_again) {
  open_with_trainings();
  EXPECT_EQ(post(one + "/cancel", "", "root-token").status, 202);
  EXPECT_EQ(trainings.asked, "cancel train:ada:9f");
  EXPECT_EQ(post(one + "/retry", "", "root-token").status, 409);
  EXPECT_EQ(post(one + "/cancel", "", "ada-token").status, 403);
}

}  // namespace
}  // namespace cloudfolio::gateway

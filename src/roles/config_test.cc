#include "roles/config.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "roles/capacity_settings.h"

namespace cloudfolio::roles {
namespace {

Environment environment(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

std::string refusal(std::string_view file) {
  Config config;
  const Status applied = apply_file(config, file);
  return applied ? "accepted" : applied.error().message();
}

TEST(Config, reads_a_file_with_comments) {
  Config config;
  ASSERT_TRUE(apply_file(config, R"({
    // Where the store lives.
    "data": "/srv/cloudfolio",
    "github": {"timeout_seconds": 20},
    "flags": {"ENABLE_QUOTA_ENFORCEMENT": true},
  })"));
  EXPECT_EQ(config.data, "/srv/cloudfolio");
  EXPECT_EQ(config.github_timeout_seconds, 20);
  EXPECT_TRUE(flag(config, "ENABLE_QUOTA_ENFORCEMENT"));
}

TEST(Config, an_unknown_key_is_refused_with_the_nearest_name) {
  EXPECT_EQ(refusal(R"({"github": {"api_ulr": "x"}})"),
            "unknown key 'github.api_ulr'; did you mean 'github.api_url'?");
  EXPECT_EQ(refusal(R"({"dta": "x"})"), "unknown key 'dta'; did you mean 'data'?");
  EXPECT_EQ(refusal(R"({"flags": {"ENABLE_QUOTA_ENFORCMENT": true}})"),
            "unknown key 'flags.ENABLE_QUOTA_ENFORCMENT'; did you mean "
            "'flags.ENABLE_QUOTA_ENFORCEMENT'?");
}

TEST(Config, a_wrong_type_or_range_names_the_key) {
  EXPECT_EQ(refusal(R"({"data": 7})"), "data: expected a text in quotes");
  EXPECT_EQ(refusal(R"({"server": {"threads": 0}})"),
            "server.threads: expected a number from 1 to 256");
  EXPECT_EQ(refusal("[]"), "expected one JSON object");
  EXPECT_NE(refusal("{").find("not valid JSON"), std::string::npos);
}

TEST(Config, the_environment_overrides_the_file) {
  Config config;
  ASSERT_TRUE(
      apply_file(config, R"({"data": "file", "flags": {"ENABLE_GRAPHQL_BATCH_FETCH": true}})"));
  ASSERT_TRUE(apply_environment(config, environment({{"CLOUDFOLIO_DATA", "environment"},
                                                     {"ENABLE_GRAPHQL_BATCH_FETCH", "false"},
                                                     {"GITHUB_TOKEN", "t0ken"}})));
  EXPECT_EQ(config.data, "environment");
  EXPECT_FALSE(flag(config, "ENABLE_GRAPHQL_BATCH_FETCH"));
  EXPECT_EQ(config.github_token.reveal(), "t0ken");
}

TEST(Config, a_bad_environment_value_names_the_variable) {
  Config config;
  const Status applied =
      apply_environment(config, environment({{"CLOUDFOLIO_SERVER_THREADS", "many"}}));
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().message(), "CLOUDFOLIO_SERVER_THREADS: expected a whole number");
}

TEST(Config, tokens_are_hashes_that_name_a_tenant_or_an_operator) {
  const std::string hash(64, 'a');
  EXPECT_EQ(
      refusal(R"({"auth": {"tokens": [{"sha256": ")" + hash + R"(", "tenant": "octocat"}]}})"),
      "accepted");
  EXPECT_EQ(
      refusal(R"({"auth": {"tokens": [{"sha256": "plain", "tenant": "octocat"}]}})"),
      "auth.tokens[].sha256: expected 64 lower-case hex digits (printf %s TOKEN | sha256sum)");
  EXPECT_EQ(refusal(R"({"auth": {"tokens": [{"sha256": ")" + hash + R"("}]}})"),
            "auth.tokens[]: expected either \"tenant\": \"LOGIN\" or \"operator\": true");
}

TEST(Config, flags_keep_the_originals_defaults_while_the_old_app_shares_the_cache) {
  Config config;
  EXPECT_TRUE(flag(config, "ENABLE_GRAPHQL_BATCH_FETCH"));
  EXPECT_TRUE(flag(config, "ENABLE_ASYNC_MODEL_TRAINING"));
  EXPECT_FALSE(flag(config, "ENABLE_QUOTA_ENFORCEMENT"));
  config.compatibility_old_app = true;
  for (const FlagValue& value : flags(config)) EXPECT_FALSE(value.value) << value.name;
}

TEST(Config, a_quota_waits_as_long_as_the_store_is_far_unless_it_is_told) {
  Config config;
  EXPECT_EQ(quota_patience(config), std::chrono::milliseconds(5));
  config.storage_backend = "azure";
  EXPECT_EQ(quota_patience(config), std::chrono::milliseconds(500));
  config.quota_patience_ms = 20;
  EXPECT_EQ(quota_patience(config), std::chrono::milliseconds(20));
}

TEST(Config, a_backend_that_is_not_there_is_refused) {
  Config config;
  config.durable_backend = "grpc";
  ASSERT_FALSE(validate(config));
  EXPECT_NE(validate(config).error().message().find("durable.backend: 'grpc'"), std::string::npos);
  config.durable_backend = "embedded";
  config.training_precision = "fp8";
  ASSERT_FALSE(validate(config));
  EXPECT_NE(validate(config).error().message().find("training.precision"), std::string::npos);
}

TEST(Config, a_worker_process_leaves_one_processor_to_what_serves_beside_it) {
  const auto cores = [](const CapacityConfig& config, CapacityKind kind) {
    const auto policy =
        capacity_policy(config, kind, costs::PriceTable::built_in(), SystemClock().wall_time());
    return policy ? policy->sizes.front().cpu_count : -1;
  };
  const int there = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  CapacityConfig config;
  EXPECT_EQ(cores(config, CapacityKind::process), std::max(1, there - 1));
  config.aci_regions = "westeurope";
  EXPECT_EQ(cores(config, CapacityKind::aci), 2);
  config.cores = there;
  EXPECT_EQ(cores(config, CapacityKind::process), there);
}

TEST(Config, the_documentation_lists_every_setting_and_no_other) {
  const char* source = std::getenv("CLOUDFOLIO_SOURCE_DIR");
  ASSERT_NE(source, nullptr) << "run by ctest, which sets CLOUDFOLIO_SOURCE_DIR";
  std::ifstream page(std::string(source) + "/docs/operating/configuration.md");
  ASSERT_TRUE(page) << "docs/operating/configuration.md is missing";
  std::stringstream text;
  text << page.rdbuf();
  for (const Setting& setting : settings()) {
    EXPECT_NE(text.str().find("`" + std::string(setting.key) + "`"), std::string::npos)
        << setting.key;
    EXPECT_NE(text.str().find("`" + std::string(setting.environment) + "`"), std::string::npos)
        << setting.environment;
  }
}

}  // namespace
}  // namespace cloudfolio::roles

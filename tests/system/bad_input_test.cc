// What goes wrong in practice: each a clear message, an exit code that means something, nothing
// lost.

#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>

#include "world.h"

namespace cloudfolio::system_test {
namespace {

class BadInput : public testing::Test {
 protected:
  BadInput() : github(sample_portfolio()), installation(github.url()) {
    installation.environment["CLOUDFOLIO_TRAINING_ENABLED"] = "false";
  }

  void expect_refusal(const Finished& finished, int exit_code, const std::string& saying) {
    EXPECT_EQ(finished.exit_code, exit_code) << finished.output << finished.errors;
    EXPECT_NE(finished.errors.find(saying), std::string::npos) << finished.errors;
  }

  void write(const std::filesystem::path& file, const std::string& text) {
    std::ofstream(file, std::ios::binary) << text;
  }

  TemporaryFolder folder;
  Simulator github;
  Installation installation;
};

TEST_F(BadInput, an_unknown_login_is_not_found) {
  expect_refusal(installation.run({"sync", "nobody-of-that-name"}), 3, "nobody-of-that-name");
}

TEST_F(BadInput, a_login_that_cannot_be_one_is_wrong_usage) {
  expect_refusal(installation.run({"sync", "../etc"}), 2, "login");
}

TEST_F(BadInput, a_bad_token_is_said_to_be_bad) {
  installation.environment["GITHUB_TOKEN"] = "bad-token";
  github.control("/_sim/faults", {{"set", json::Array{"bad-token"}}});
  const Finished finished = installation.run({"sync", kSampleLogin});
  expect_refusal(finished, 4, "token");
  EXPECT_EQ(finished.errors.find("bad-token"), std::string::npos) << "a token is never printed";
}

TEST_F(BadInput, no_network_is_something_to_try_again) {
  Installation alone("http://127.0.0.1:9");
  alone.environment["CLOUDFOLIO_GITHUB_TIMEOUT_SECONDS"] = "1";
  expect_refusal(alone.run({"sync", kSampleLogin}), 5, "127.0.0.1:9");
}

TEST_F(BadInput, searching_before_syncing_says_what_to_do) {
  expect_refusal(installation.run({"search", kSampleLogin, "x"}), 3, "cloudfolio sync sample-dev");
}

TEST_F(BadInput, a_damaged_model_is_named_and_words_are_still_searched) {
  std::filesystem::create_directories(folder.path() / "model");
  write(folder.path() / "model" / "model.safetensors", "not a model");
  installation.environment["CLOUDFOLIO_BASE_MODEL"] = (folder.path() / "model").string();
  const Finished encoded = installation.run({"encode"});
  EXPECT_NE(encoded.exit_code, 0);
  EXPECT_NE(encoded.errors.find("model"), std::string::npos) << encoded.errors;
  installation.ask({"sync", kSampleLogin});
  const json::Value found = installation.ask({"search", kSampleLogin, "greenhouse-node"});
  EXPECT_EQ(text(found, "mode"), "lexical");
  EXPECT_FALSE(text(found, "mode_reason").empty());
  EXPECT_EQ(text(found, "results.0.repository"), "greenhouse-node");
}

TEST_F(BadInput, a_full_disk_loses_nothing_and_the_next_run_succeeds) {
  const json::Value first = installation.ask({"sync", kSampleLogin});
  github.control("/_sim/push",
                 {{"owner", kSampleLogin},
                  {"repo", "greenhouse-node"},
                  {"files", {{"README.md", "# greenhouse-node\n\nFrost alarms.\n"}}}});
  installation.file_size_limit_blocks = 8;
  const Finished full = installation.run({"sync", kSampleLogin});
  EXPECT_NE(full.exit_code, 0) << full.output;
  EXPECT_FALSE(full.errors.empty());
  installation.file_size_limit_blocks = 0;
  const json::Value second = installation.ask({"sync", kSampleLogin});
  EXPECT_EQ(integer(second, "mirrored"), integer(first, "mirrored"));
  EXPECT_FALSE(
      array(installation.ask({"search", kSampleLogin, "frost alarms"}), "results").empty());
}

TEST_F(BadInput, a_damaged_database_is_named) {
  installation.ask({"sync", kSampleLogin});
  for (const auto& file : std::filesystem::recursive_directory_iterator(installation.data())) {
    const std::string name = file.path().filename().string();
    if (name.ends_with(".db") || name.ends_with(".sqlite"))
      write(file.path(), "this is no database");
    if (name.ends_with("-wal") || name.ends_with("-shm")) std::filesystem::remove(file.path());
  }
  const Finished finished = installation.run({"sync", kSampleLogin});
  EXPECT_EQ(finished.exit_code, 6) << finished.errors;
  EXPECT_NE(finished.errors.find(installation.data().string()), std::string::npos)
      << finished.errors;
}

TEST_F(BadInput, a_wrong_configuration_names_the_key) {
  write(folder.path() / "c.json", R"({"github": {"api_ulr": "x"}})");
  const Finished finished =
      installation.run({"flags", "--config", (folder.path() / "c.json").string()});
  expect_refusal(finished, 2, "did you mean 'github.api_url'");
  expect_refusal(installation.run({"flags", "--config", "/nonexistent.json"}), 2,
                 "/nonexistent.json");
}

TEST_F(BadInput, a_second_process_on_one_store_uses_the_server_that_owns_it) {
  installation.serve();
  const json::Value synced = installation.ask({"sync", kSampleLogin});
  EXPECT_GE(integer(synced, "mirrored"), 8);
  EXPECT_EQ(call(http::Method::get, installation.url() + "/api/bundles/sample-dev").status, 200);
}

TEST_F(BadInput, malformed_requests_get_json_errors_and_the_server_goes_on) {
  installation.serve();
  const std::string url = installation.url();
  for (const char* body : {"", "{", "[]", "null", "{\"username\": 7}", "\xff\xfe"}) {
    const Answer answer = call(http::Method::post, url + "/api/orchestrator_start", body);
    EXPECT_GE(answer.status, 400) << body;
    EXPECT_TRUE(answer.body.is_object()) << answer.text;
  }
  EXPECT_EQ(call(http::Method::post, url + "/api/ai", "{}").status, 400);
  EXPECT_EQ(call(http::Method::get, url + "/api/bundles/nobody").status, 404);
  EXPECT_EQ(call(http::Method::get, url + "/no/such/route").status, 404);
  EXPECT_EQ(call(http::Method::post, url + "/api/ai", std::string(16 << 20, 'x')).status, 413);
  EXPECT_EQ(call(http::Method::get, url + "/api/health").status, 200);
}

TEST_F(BadInput, a_server_told_to_stop_drains_and_leaves_with_0) {
  installation.serve();
  installation.server().signal(SIGTERM);
  EXPECT_EQ(installation.server().wait(), 0);
}

}  // namespace
}  // namespace cloudfolio::system_test

// Feature flags across processes: commands change them while a server runs, and the pages that tell
// people how are run as they stand.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "world.h"

namespace cloudfolio::system_test {
namespace {

using std::chrono::steady_clock;

std::int64_t version_of(Installation& installation) {
  return integer(call(http::Method::get, installation.url() + "/api/health").body, "flags_version");
}

TEST(FlagsAcrossProcesses, a_change_is_in_effect_in_the_server_within_two_seconds) {
  Installation installation("http://127.0.0.1:9");
  installation.serve();
  EXPECT_EQ(version_of(installation), 0);
  for (int change = 1; change <= 4; ++change) {
    const json::Value answer =
        installation.ask({"flags", "set", "ENABLE_ASYNC_MODEL_TRAINING",
                          change % 2 == 1 ? "off" : "on", "--reason", "system test"});
    const auto acknowledged = steady_clock::now();
    EXPECT_EQ(integer(answer, "version"), change);
    while (version_of(installation) < change &&
           steady_clock::now() - acknowledged < std::chrono::seconds(20)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    EXPECT_LE(steady_clock::now() - acknowledged, std::chrono::seconds(2)) << "change " << change;
    const auto health = call(http::Method::get, installation.url() + "/api/health").body;
    EXPECT_EQ(json::find_bool(health, "queue_mode"), change % 2 == 0);
  }
  const json::Value history = installation.ask({"flags", "history"});
  EXPECT_EQ(array(history, "history").size(), 4u);
}

TEST(FlagsAcrossProcesses, what_is_wrong_is_a_usage_error_that_says_what_is_right) {
  Installation installation("http://127.0.0.1:9");
  const auto refused = [&](std::vector<std::string> arguments, const std::string& why) {
    const Finished finished = installation.run(std::move(arguments));
    EXPECT_EQ(finished.exit_code, 2) << finished.output;
    EXPECT_NE(finished.errors.find(why), std::string::npos) << finished.errors;
  };
  refused({"flags", "set", "ENABLE_NOTHING", "on", "--reason", "x"}, "there are: ENABLE_ASYNC");
  refused({"flags", "set", "ENABLE_QUOTA_ENFORCEMENT", "101%", "--reason", "x"}, "0% to 100%");
  refused({"flags", "set", "ENABLE_QUOTA_ENFORCEMENT", "on"}, "--reason");
  refused({"flags", "set", "ENABLE_QUOTA_ENFORCEMENT", "on", "--reason", ""}, "say why");
  refused({"flags", "set", "ENABLE_QUOTA_ENFORCEMENT", "on", "--reason", "x", "--by", "guard"},
          "not a person's");
  refused({"flags", "rearm", "ENABLE_NOTHING", "--reason", "x"}, "there are: ENABLE_ASYNC");
}

// The ```sh blocks of a page, joined.
std::string commands_of(const std::string& page) {
  std::ifstream file(source_folder() / page);
  EXPECT_TRUE(file) << page;
  std::string commands;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      inside = line == "```sh";
      continue;
    }
    if (inside && line.find("flags") != std::string::npos) commands += line + "\n";
    if (inside && line.starts_with("sleep")) commands += line + "\n";
    if (inside && line.find("/api/health") != std::string::npos &&
        line.find("flags") == std::string::npos)
      commands += line + "\n";
  }
  return commands;
}

void run_page(const std::string& page, Installation& installation) {
  std::string script = commands_of(page);
  const std::string written = "http://127.0.0.1:7071";
  for (auto at = script.find(written); at != std::string::npos; at = script.find(written, at + 1))
    script.replace(at, written.size(), installation.url());
  if (script.find("curl") != std::string::npos && std::system("command -v curl >/dev/null") != 0)
    GTEST_SKIP() << "curl is not installed";
  TemporaryFolder folder;
  const auto file = folder.path() / "commands.sh";
  std::ofstream(file) << "set -eux\nexport PATH=" << program().parent_path().string()
                      << ":$PATH CLOUDFOLIO_DATA=" << installation.data().string() << "\n"
                      << script;
  const std::string command = "sh " + file.string() + " > " + file.string() + ".log 2>&1";
  const int ended = std::system(command.c_str());
  std::stringstream log;
  log << std::ifstream(file.string() + ".log").rdbuf();
  EXPECT_EQ(ended, 0) << page << ":\n" << log.str();
}

TEST(FlagsAcrossProcesses, every_command_of_the_page_on_flags_runs) {
  Installation installation("http://127.0.0.1:9");
  installation.serve();
  run_page("docs/operating/flags.md", installation);
}

TEST(FlagsAcrossProcesses, every_command_of_the_runbook_on_flags_runs) {
  Installation installation("http://127.0.0.1:9");
  installation.serve();
  run_page("docs/RUNBOOK.md", installation);
}

}  // namespace
}  // namespace cloudfolio::system_test

#include "telemetry/log.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <thread>
#include <type_traits>

namespace cloudfolio::telemetry {
namespace {

using namespace std::chrono_literals;

static_assert(!std::is_constructible_v<LogField, std::string_view, Secret>,
              "a secret cannot be logged");

class LogTest : public testing::Test {
 protected:
  std::string only_line() {
    const auto lines = sink.lines();
    EXPECT_EQ(lines.size(), 1u);
    return lines.empty() ? "" : lines[0];
  }

  ManualClock clock;
  MemoryLogSink sink;
  Log log{sink, clock};
};

TEST_F(LogTest, an_event_carries_tenant_trace_and_instance_from_its_context) {
  const auto ctx = Context(TenantId("ada"), Clock::Instant::max())
                       .with_trace(TraceId("4bf9"))
                       .with_instance(InstanceId("refresh:ada"));
  log.info(ctx, "refresh.started", {{"repositories_count", 3}, {"force", true}});
  EXPECT_EQ(only_line(),
            R"({"time":"2026-01-01T00:00:00Z","level":"info","event":"refresh.started",)"
            R"("username":"ada","trace_id":"4bf9","instance_id":"refresh:ada",)"
            R"("repositories_count":3,"force":true})");
}

TEST_F(LogTest, every_kind_of_field_has_its_json_form) {
  const std::string text = "a \"quoted\"\n\tline\x01";
  log.warn({}, "kinds.shown",
           {{"text", text},
            {"view", std::string_view("v")},
            {"negative", -1},
            {"large", ~0ull},
            {"real", 0.25},
            {"nan", 0.0 / 0.0},
            {"after_seconds", 1500ms},
            {"code", Code::not_found},
            {"error", Error(Code::internal, "why")},
            {"id", TenantId("ada")}});
  EXPECT_EQ(only_line(),
            R"({"time":"2026-01-01T00:00:00Z","level":"warn","event":"kinds.shown",)"
            R"("text":"a \"quoted\"\n\u0009line\u0001","view":"v","negative":-1,)"
            R"("large":18446744073709551615,"real":0.25,"nan":null,"after_seconds":1.5,)"
            R"("code":"not_found","error":"why","id":"ada"})");
}

TEST_F(LogTest, a_line_stays_json_whatever_bytes_a_field_has) {
  log.info({}, "bytes.shown", {{"text", "a\xFF\xC3(\xE2\x82\xAC"}});
  EXPECT_NE(only_line().find("\"a\xEF\xBF\xBD\xEF\xBF\xBD(\xE2\x82\xAC\""), std::string::npos);
}

TEST_F(LogTest, a_long_text_is_cut_between_characters) {
  std::string text = "x";
  while (text.size() < 2 * kLogFieldBytesMax) text += "é";
  log.info({}, "long.shown", {{"text", text}});
  const std::string line = only_line();
  EXPECT_LT(line.size(), kLogFieldBytesMax + 200);
  EXPECT_NE(line.find("é…\"}"), std::string::npos);
}

TEST_F(LogTest, events_below_the_level_are_not_written) {
  log.debug({}, "too.quiet");
  EXPECT_TRUE(sink.lines().empty());
  EXPECT_FALSE(log.shows(Level::debug));
  EXPECT_EQ(*level_from("error"), Level::error);
  EXPECT_FALSE(level_from("loud"));
}

TEST_F(LogTest, lines_of_several_threads_never_mix) {
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread)
      threads.emplace_back([&] {
        for (int i = 0; i < 200; ++i) log.info({}, "thread.wrote", {{"i", i}});
      });
  }
  EXPECT_EQ(sink.lines_of("thread.wrote").size(), 800u);
  for (const std::string& line : sink.lines()) EXPECT_TRUE(line.ends_with('}')) << line;
}

TEST_F(LogTest, a_file_gets_appended_lines) {
  std::string folder = testing::TempDir() + "log_XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::filesystem::path file = std::filesystem::path(folder) / "app.log";
  for (int round = 0; round < 2; ++round) {
    auto to_file = open_file_sink(file);
    ASSERT_TRUE(to_file) << to_file.error().message();
    Log file_log(**to_file, clock);
    file_log.error({}, "round.done", {{"round", round}});
  }
  std::ifstream in(file);
  std::string first, second, third;
  std::getline(in, first);
  std::getline(in, second);
  EXPECT_NE(first.find("\"round\":0"), std::string::npos);
  EXPECT_NE(second.find("\"round\":1"), std::string::npos);
  EXPECT_FALSE(std::getline(in, third));
  EXPECT_FALSE(open_file_sink(std::filesystem::path(folder) / "absent" / "app.log"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace cloudfolio::telemetry

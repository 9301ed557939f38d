// Comparing answers of two apps: what waits is bounded, and what is the same is told by rules.

#include "gateway/shadow.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "gateway/comparison.h"
#include "json/json.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cloudfolio::gateway {
namespace {

using namespace std::chrono_literals;

#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t kLoad = 60;
#else
constexpr std::size_t kLoad = 1'000;  // Of a second.
#endif

TEST(Shadow, holds_no_more_bytes_than_it_may) {
  SystemClock clock;
  telemetry::MemoryLogSink sink;
  telemetry::Log log(sink, clock, telemetry::Level::debug);
  telemetry::MetricRegistry metrics;
  std::atomic<bool> hangs{true};
  std::atomic<int> asked{0};
  Shadow shadow({.queued_bytes_max = 10'000, .answer_bytes_max = 4'000}, {"bundle"}, clock, log,
                metrics);
  const auto offer = [&](std::size_t bytes) {
    Shadow::Question question;
    question.request.route = "bundle";
    question.answer.body = std::string(bytes, 'x');
    question.candidate = [&](const Context& ctx, http::Request&) -> Result<http::Response> {
      ++asked;
      while (hangs && !ctx.stopped()) std::this_thread::yield();
      return Error(Code::unavailable, "no");
    };
    question.again = question.candidate;
    shadow.offer(std::move(question));
  };
  offer(1);
  offer(1);
  while (asked < 2) std::this_thread::yield();
  for (int i = 0; i < 5; ++i) offer(3'000);
  offer(5'000);
  const auto shown = json::parse(shadow.report());
  const json::Value& route = *json::find_path(*shown, "routes.0");
  EXPECT_EQ(json::find_int(route, "dropped"), 2);
  EXPECT_EQ(json::find_int(route, "too_large"), 1);
  hangs = false;
  EXPECT_TRUE(shadow.settle(20s));
  EXPECT_EQ(asked, 5);
}

// A second's load of answers of 5 MB beside a candidate that hangs: what waits stays within its
// limit, whoever hands a question over goes on at once, and each is counted.
TEST(Shadow, holds_no_more_than_its_limit_of_a_thousand_large_answers_or_requests) {
  SystemClock clock;
  telemetry::MemoryLogSink sink;
  telemetry::Log log(sink, clock, telemetry::Level::debug);
  telemetry::MetricRegistry metrics;
  std::atomic<bool> hangs{true};
  std::atomic<int> asked{0};
  const Shadow::Options options;
  Shadow shadow(options, {"bundle"}, clock, log, metrics);
  constexpr std::size_t kLarge = 5'000'000;
  // As many bodies as are alive, each of which has its bytes to itself.
  const auto alive = std::make_shared<std::atomic<std::size_t>>(0);
  const auto large_body = [&] {
    ++*alive;
    return std::shared_ptr<const std::string>(new std::string(kLarge, 'x'),
                                              [alive](const std::string* body) {
                                                --*alive;
                                                delete body;
                                              });
  };
  const auto hang = [&](const Context& ctx, http::Request&) -> Result<http::Response> {
    ++asked;
    while (hangs && !ctx.stopped()) std::this_thread::sleep_for(1ms);
    return Error(Code::unavailable, "no");
  };
  std::size_t most = 0;
  for (std::size_t i = 0; i < kLoad; ++i) {
    Shadow::Question question;
    question.request.route = "bundle";
    question.answer.body = http::Body(large_body());
    question.candidate = hang;
    question.again = hang;
    shadow.offer(std::move(question));
    if (i == 1) {
      while (asked < 2) std::this_thread::yield();
    }
    most = std::max<std::size_t>(most, *alive);
  }
  EXPECT_LE(most * kLarge, options.queued_bytes_max + options.threads_count * kLarge);
  EXPECT_GE(most * kLarge, options.queued_bytes_max / 2) << "nothing waited: nothing was tested";
  const auto number = [&shadow](const char* field) {
    const auto shown = json::parse(shadow.report());
    return json::find_int(*json::find_path(*shown, "routes.0"), field).value_or(-1);
  };
  EXPECT_EQ(number("eligible"), static_cast<std::int64_t>(kLoad));
  EXPECT_EQ(number("dropped") + static_cast<std::int64_t>(most), static_cast<std::int64_t>(kLoad));
  // A request's body counts as well.
  const std::int64_t dropped = number("dropped");
  for (int i = 0; i < 20; ++i) {
    Shadow::Question question;
    question.request.route = "bundle";
    question.request.body = std::string(options.answer_bytes_max, 'y');
    question.candidate = hang;
    question.again = hang;
    shadow.offer(std::move(question));
  }
  EXPECT_EQ(*alive, options.threads_count) << "the large answers made room";
  EXPECT_EQ(number("dropped") - dropped,
            static_cast<std::int64_t>(most - options.threads_count + 20 -
                                      options.queued_bytes_max / options.answer_bytes_max));
  hangs = false;
  EXPECT_TRUE(shadow.settle(20s));
}

Comparison compared(std::string one, std::string other) {
  return compare_answers({200, {}, std::move(one)}, {200, {}, std::move(other)});
}

TEST(ComparisonTest, the_order_of_keys_and_the_last_digits_of_numbers_mean_nothing) {
  EXPECT_TRUE(compared(R"({"a":1,"b":[0.1]})", R"({"b":[0.10000000000000002],"a":1.0})").same);
  EXPECT_EQ(compared(R"({"a":1})", R"({"a":1.001})").where, "a");
  EXPECT_EQ(compared("text", "other").where, "body");
  EXPECT_EQ(compare_answers({200, {}, "x"}, {404, {}, "x"}).where, "status");
}

TEST(ComparisonTest, each_rule_is_told_where_it_was_needed) {
  const auto times = compared(R"({"timestamp":"a","x":1})", R"({"timestamp":"b","x":1})");
  EXPECT_TRUE(times.same);
  EXPECT_EQ(times.rules, (std::vector<std::string_view>{"times"}));
  const auto order = compared(R"([{"name":"b"},{"name":"a"}])", R"([{"name":"a"},{"name":"b"}])");
  EXPECT_TRUE(order.same);
  EXPECT_EQ(order.rules, (std::vector<std::string_view>{"order"}));
  const auto ours = compared(R"([{"name":"b","cloudfolio":{}}])", R"([{"name":"b"}])");
  EXPECT_TRUE(ours.same);
  EXPECT_EQ(ours.rules, (std::vector<std::string_view>{"ours"}));
  EXPECT_TRUE(compared(R"({"a":1})", R"({"a":1})").rules.empty());
}

TEST(ComparisonTest, what_is_missing_on_one_side_is_a_difference) {
  EXPECT_EQ(compared(R"({"data":[{"a":1,"b":2}]})", R"({"data":[{"a":1}]})").where, "data.0.b");
  EXPECT_EQ(compared(R"({"data":[{"a":1}]})", R"({"data":[{"a":1,"b":2}]})").where, "data.0.b");
  EXPECT_EQ(compared(R"([1,2])", R"([1])").where, "length");
  EXPECT_EQ(compared(R"([2,1])", R"([1,2])").where, "0") << "only named things have no order";
}

}  // namespace
}  // namespace cloudfolio::gateway

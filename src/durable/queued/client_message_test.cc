#include "durable/queued/client_message.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "durable/queued/activity_message.h"

namespace cloudfolio::durable {
namespace {

ClientRequest a_start() {
  ClientRequest request{.id = "9c41",
                        .verb = "start",
                        .tenant = "octocat",
                        .trace = "0af7651916cd43dd8448eb211c80319c",
                        .arguments = {}};
  request.arguments["name"] = "refresh_portfolio";
  request.arguments["options"] = json::Object{{"instance", "refresh:octocat"}};
  return request;
}

// Pinned: releases beside each other read what the other wrote.
constexpr char kStart[] =
    R"({"v":1,"id":"9c41","verb":"start","tenant":"octocat",)"
    R"("trace":"0af7651916cd43dd8448eb211c80319c","arguments":{"name":"refresh_portfolio",)"
    R"("options":{"instance":"refresh:octocat"}}})";

TEST(ClientMessage, of_a_start_is_this_text_for_ever) {
  EXPECT_EQ(*write_request(a_start()), kStart);
  const auto read = read_request(kStart);
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(read->id, "9c41");
  EXPECT_EQ(read->verb, "start");
  EXPECT_EQ(read->tenant, "octocat");
  EXPECT_EQ(read->trace, a_start().trace);
  EXPECT_EQ(read->arguments, a_start().arguments);
}

TEST(ClientMessage, of_a_reply_is_this_text_for_ever) {
  EXPECT_EQ(write_reply(json::Value("refresh:octocat")), R"({"value":"refresh:octocat"})");
  EXPECT_EQ(*read_reply(R"({"value":"refresh:octocat"})"), json::Value("refresh:octocat"));
  const char* refusal = R"({"error":"not_found","message":"no instance"})";
  EXPECT_EQ(write_reply(Error(Code::not_found, "no instance")), refusal);
  const auto read = read_reply(refusal);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code(), Code::not_found);
  EXPECT_EQ(read.error().message(), "no instance");
}

TEST(ClientMessage, of_a_newer_writer_may_say_more) {
  const auto read = read_request(R"({"v":1,"id":"1","verb":"get","arguments":{"a":1},"mood":[]})");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->verb, "get");
}

TEST(ClientMessage, that_is_none_says_why) {
  EXPECT_EQ(read_request(R"({"v":2,"id":"1","verb":"get"})").error().message(),
            "a request of another version");
  EXPECT_EQ(read_request(R"({"v":1,"verb":"get"})").error().message(),
            "a request lacks 'id' or 'verb'");
}

// Bytes replaced, removed, added and doubled; every reader of ours either reads it or says why not.
TEST(Messages, however_damaged_are_read_or_refused_with_a_reason) {
  const std::uint64_t seed = Random::from_system().next();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  ActivityTask task;
  task.info.name = "run_training";
  task.info.instance_id = "train:octocat:9f";
  task.info.execution_id = "5be1";
  task.info.tags = {{"tenant", "octocat"}};
  task.input = R"({"login":"octocat"})";
  const std::string whole[] = {*write_activity_message(task),
                               write_result_message({"octocat", "5be1", 4}), kStart,
                               write_reply(Error(Code::not_found, "no instance"))};
  std::size_t read_count = 0;
  std::size_t refused_count = 0;
  const auto count = [&](const auto& read) {
    ++(read.ok() ? read_count : refused_count);
    EXPECT_TRUE(read.ok() || !read.error().message().empty());
  };
  for (int round = 0; round < 20'000; ++round) {
    std::string body = whole[random.below(std::size(whole))];
    for (std::uint64_t damage = random.below(3) + 1; damage > 0 && !body.empty(); --damage) {
      const auto at = static_cast<std::size_t>(random.below(body.size()));
      const char byte = static_cast<char>(random.below(256));
      switch (random.below(4)) {
        case 0:
          body[at] = byte;
          break;
        case 1:
          body.erase(at, random.below(8) + 1);
          break;
        case 2:
          body.insert(at, random.below(8) + 1, byte);
          break;
        default:
          body.insert(at, body.substr(0, random.below(body.size())));
          break;
      }
    }
    SCOPED_TRACE(body);
    count(read_activity_message(body));
    count(read_result_message(body));
    count(read_request(body));
    if (const auto reply = read_reply(body); reply.ok()) ++read_count;
  }
  EXPECT_GT(read_count, 0u);
  EXPECT_GT(refused_count, 0u);
}

TEST(Messages, cut_anywhere_are_refused_with_a_reason) {
  const std::string whole = kStart;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto read = read_request(std::string_view(whole).substr(0, size));
    ASSERT_FALSE(read.ok()) << size;
    EXPECT_FALSE(read.error().message().empty());
  }
}

TEST(Messages, nested_without_end_are_refused) {
  const std::string deep = R"({"v":1,"id":"1","verb":"get","arguments":)" +
                           std::string(20'000, '[') + std::string(20'000, ']') + "}";
  EXPECT_FALSE(read_request(deep).ok());
  EXPECT_FALSE(read_activity_message(deep).ok());
}

}  // namespace
}  // namespace cloudfolio::durable

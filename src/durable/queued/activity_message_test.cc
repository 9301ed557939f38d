#include "durable/queued/activity_message.h"

#include <gtest/gtest.h>

#include "crypto/encoding.h"
#include "json/json.h"

namespace cloudfolio::durable {
namespace {

ActivityTask training_task() {
  ActivityTask task;
  task.info.name = "run_training";
  task.info.instance_id = "train:octocat:9f";
  task.info.execution_id = "5be1";
  task.info.task_id = 4;
  task.info.attempt = 2;
  task.info.tags = {{"tenant", "octocat"}, {"note", "ä \"quoted\""}};
  task.trace = TraceId("0af7651916cd43dd8448eb211c80319c");
  task.version = "2";
  task.input = R"({"login":"octocat"})";
  return task;
}

void expect_same(const Result<ActivityTask>& read, const ActivityTask& written) {
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(read->info.name, written.info.name);
  EXPECT_EQ(read->info.instance_id, written.info.instance_id);
  EXPECT_EQ(read->info.execution_id, written.info.execution_id);
  EXPECT_EQ(read->info.task_id, written.info.task_id);
  EXPECT_EQ(read->info.attempt, written.info.attempt);
  EXPECT_EQ(read->info.tags, written.info.tags);
  EXPECT_EQ(read->trace, written.trace);
  EXPECT_EQ(read->version, written.version);
  EXPECT_EQ(read->input, written.input);
}

TEST(ActivityMessage, reads_back_as_it_was_written) {
  const ActivityTask task = training_task();
  const auto body = write_activity_message(task);
  ASSERT_TRUE(body.ok());
  expect_same(read_activity_message(*body), task);
}

TEST(ActivityMessage, is_read_from_base64_and_behind_a_byte_order_mark) {
  const ActivityTask task = training_task();
  const std::string body = *write_activity_message(task);
  expect_same(read_activity_message(crypto::to_base64(body)), task);
  expect_same(read_activity_message("\xEF\xBB\xBF" + body), task);
}

TEST(ActivityMessage, that_cannot_be_read_says_why) {
  const auto reason = [](const std::string& body) {
    const auto read = read_activity_message(body);
    return read ? std::string("read") : read.error().message();
  };
  EXPECT_EQ(reason(""), "the message is empty");
  EXPECT_EQ(reason("hello, world"), "the message is neither JSON nor base64");
  EXPECT_NE(reason("{\"v\":1").find("line 1"), std::string::npos) << reason("{\"v\":1");
  EXPECT_EQ(reason(R"({"activity":"a"})"), "the message has version none and this program reads 1");
  EXPECT_EQ(reason(R"({"v":2,"activity":"a"})"),
            "the message has version 2 and this program reads 1");
  EXPECT_EQ(reason(R"({"v":1})"), "the message lacks 'activity'");
  EXPECT_EQ(reason(R"({"v":1,"activity":"a","instance":"i","execution":"e","task":-1})"),
            "the message's 'task' is no number from 0 on");
}

TEST(ActivityMessage, too_long_for_a_queue_is_refused_before_it_is_sent) {
  ActivityTask task = training_task();
  task.input.assign(kActivityMessageBytesMax, 'x');
  const auto body = write_activity_message(task);
  ASSERT_FALSE(body.ok());
  EXPECT_EQ(body.error().code(), Code::invalid_argument);
  EXPECT_NE(body.error().message().find("give it a reference"), std::string::npos);
}

TEST(ActivityMessage, longer_than_we_write_is_refused_whatever_its_encoding) {
  const std::string body = R"({"v":1,"activity":"a","instance":"i","execution":"e","task":3,)"
                           R"("attempt":1,"input":")" +
                           std::string(kActivityMessageBytesMax, 'x') + "\"}";
  for (const std::string& one : {body, crypto::to_base64(body)}) {
    const auto read = read_activity_message(one);
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().message(),
              "the message has " + std::to_string(body.size()) + " bytes and the limit is 49152");
  }
}

TEST(ActivityMessage, that_is_put_aside_fits_a_queue_and_is_cut_between_characters) {
  storage::Message message;
  message.body = "x";
  while (message.body.size() < storage::kMessageBytesMax - 2) message.body += "ä";
  const std::string note = poison_note(message, "why");
  EXPECT_LE(note.size(), storage::kMessageBytesMax);
  const auto read = json::parse_object(note);
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(json::find_string(*read, "body")->size(), 8 * kKiB - 1);
}

// Pinned: releases beside each other read what the other wrote.
TEST(ActivityMessage, of_a_training_is_this_text_for_ever) {
  const char* golden =
      R"({"v":1,"activity":"run_training","tenant":"octocat","instance":"train:octocat:9f",)"
      R"("execution":"5be1","task":4,"attempt":2,"trace":"0af7651916cd43dd8448eb211c80319c",)"
      R"("version":"2","tags":{"note":"ä \"quoted\"","tenant":"octocat"},)"
      R"("input":"{\"login\":\"octocat\"}"})";
  EXPECT_EQ(*write_activity_message(training_task()), golden);
  expect_same(read_activity_message(golden), training_task());
}

TEST(ActivityMessage, of_a_result_and_what_is_put_aside_are_these_texts_for_ever) {
  const char* result = R"({"v":1,"tenant":"octocat","execution":"5be1","task":4})";
  EXPECT_EQ(write_result_message({"octocat", "5be1", 4}), result);
  const auto read = read_result_message(result);
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(read->tenant, "octocat");
  EXPECT_EQ(read->execution, "5be1");
  EXPECT_EQ(read->task, 4);
  storage::Message message;
  message.body = "x";
  message.id = storage::MessageId("7");
  message.dequeue_count = 5;
  EXPECT_EQ(poison_note(message, "why"),
            R"({"v":1,"id":"7","reason":"why","received_count":5,"body":"x"})");
}

TEST(ActivityMessage, of_a_newer_writer_may_say_more) {
  const auto read = read_activity_message(
      R"({"v":1,"activity":"a","instance":"i","execution":"e","task":3,"attempt":1,"mood":[1]})");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->info.task_id, 3);
}

}  // namespace
}  // namespace cloudfolio::durable

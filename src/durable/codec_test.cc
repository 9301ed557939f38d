#include "durable/codec.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/time_text.h"
#include "durable/wire.h"

namespace cloudfolio::durable {
namespace {

const Clock::WallTime kTime = from_unix_ms(1'767'225'600'123);

std::string hex(std::string_view bytes) {
  std::string text;
  char two[3];
  for (const char c : bytes) {
    std::snprintf(two, sizeof two, "%02x", static_cast<unsigned char>(c));
    text += two;
  }
  return text;
}

History one_of_each() {
  ExecutionStarted started;
  started.name = "refresh";
  started.version = "2";
  started.input = "{\"login\":\"octocat\"}";
  started.instance_id = "refresh:octocat";
  started.execution_id = "0f";
  started.parent = ParentInstance{7, "parent", "p-1", "1e"};
  started.scheduled_start = kTime;
  started.trace_parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  started.tags = {{"tenant", "octocat"}, {"empty", ""}};
  const Failure failure{"not_found", "no such login", "at line 1", true};
  History history;
  for (const EventBody& body : std::initializer_list<EventBody>{
           OrchestratorStarted{}, started, TaskScheduled{"a", "1", "in", {{"k", "v"}}},
           TaskCompleted{1, "out"}, TaskFailed{1, failure},
           SubOrchestrationInstanceCreated{"c", "child", "", "in", {{"k", "v"}}},
           SubOrchestrationInstanceCompleted{2, "out"}, SubOrchestrationInstanceFailed{2, failure},
           TimerCreated{kTime}, TimerFired{kTime, 3}, EventSent{"other", "name", "payload"},
           EventRaised{"name", "payload"}, ContinueAsNew{"again"}, ExecutionSuspended{"why"},
           ExecutionResumed{"because"}, ExecutionTerminated{"out", true},
           ExecutionRewound{"once more"}, UnknownEvent{31, "\x0a\x01x"},
           ExecutionCompleted{OrchestrationStatus::failed, "", failure}}) {
    const auto id = static_cast<std::int32_t>(history.size());
    history.push_back(HistoryEvent{id % 2 == 0 ? kNoEventId : id, kTime, body});
  }
  return history;
}

TEST(Codec, every_kind_of_event_comes_back_as_it_was) {
  const History history = one_of_each();
  ASSERT_EQ(history.size(), std::variant_size_v<EventBody>);
  for (const HistoryEvent& event : history) {
    SCOPED_TRACE(describe(event));
    const auto back = decode_event(encode(event));
    ASSERT_TRUE(back.ok()) << back.error().message();
    EXPECT_TRUE(*back == event);
  }
  History all;
  ASSERT_TRUE(decode_chunk(encode_chunk(history), all).ok());
  EXPECT_TRUE(all == history);
}

// The bytes are the protocol's: any Durable Task SDK reads them. Computed by hand from the message
// definitions; a change here is a change on disk.
TEST(Codec, bytes_are_those_of_the_protocol) {
  const HistoryEvent event{3, Clock::WallTime(std::chrono::microseconds(1'500'000)),
                           TaskScheduled{"a", "", "x", {}}};
  EXPECT_EQ(hex(encode(event)),
            "0803"  // eventId = 3
            "1208"
            "0801"
            "1080cab5ee01"  // timestamp { seconds 1, nanos 500'000'000 }
            "3208"
            "0a0161"
            "1a030a0178"  // taskScheduled { name "a", input { "x" } }
  );
  const HistoryEvent fired{kNoEventId, Clock::WallTime(), TimerFired{Clock::WallTime(), 5}};
  EXPECT_EQ(hex(encode(fired)),
            "08ffffffffffffffffff01"
            "1200"
            "6a04"
            "0a00"
            "1005");
}

TEST(Codec, times_before_1970_keep_their_microseconds) {
  const HistoryEvent event{1, Clock::WallTime(std::chrono::microseconds(-1)),
                           OrchestratorStarted{}};
  EXPECT_TRUE(decode_event(encode(event)).value_or({}) == event);
}

TEST(Codec, bytes_cut_anywhere_never_read_as_the_whole) {
  for (const HistoryEvent& event : one_of_each()) {
    const auto bytes = encode(event);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto back = decode_event(std::string_view(bytes).substr(0, size));
      EXPECT_FALSE(back.ok() && *back == event) << describe(event) << " cut at " << size;
    }
  }
}

TEST(Codec, random_bytes_are_read_or_refused_but_never_crash) {
  Random random(20'260'101);
  const auto good = encode_chunk(one_of_each());
  for (int round = 0; round < 20'000; ++round) {
    auto bytes = good;
    for (auto flips = 1 + random.below(4); flips > 0; --flips) {
      bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    }
    History history;
    (void)decode_chunk(bytes, history);
  }
}

}  // namespace
}  // namespace cloudfolio::durable

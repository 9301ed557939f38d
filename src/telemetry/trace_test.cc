#include "telemetry/trace.h"

#include <gtest/gtest.h>

namespace cloudfolio::telemetry {
namespace {

constexpr auto kHeader = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(Trace, a_header_reads_back_as_it_was_written) {
  const auto parent = parse_traceparent(kHeader);
  ASSERT_TRUE(parent);
  EXPECT_EQ(parent->trace.str(), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(parent->span, "00f067aa0ba902b7");
  EXPECT_TRUE(parent->sampled);
  EXPECT_EQ(to_text(*parent), kHeader);
}

TEST(Trace, a_malformed_header_is_no_trace) {
  for (const char* header : {"", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
                             "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                             "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                             "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                             "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
                             "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"})
    EXPECT_FALSE(parse_traceparent(header)) << header;
}

TEST(Trace, a_later_version_is_read_as_far_as_we_know) {
  const auto parent =
      parse_traceparent("42-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-later");
  ASSERT_TRUE(parent);
  EXPECT_FALSE(parent->sampled);
}

TEST(Trace, a_made_trace_is_well_formed_and_a_child_keeps_it) {
  SharedRandom random(Random(7));
  const TraceParent made = make_trace(random);
  EXPECT_EQ(parse_traceparent(to_text(made)), made);
  const TraceParent child = child_of(made, random);
  EXPECT_EQ(child.trace, made.trace);
  EXPECT_NE(child.span, made.span);
}

}  // namespace
}  // namespace cloudfolio::telemetry

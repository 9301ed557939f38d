#pragma once
// W3C Trace Context (Recommendation of 23 November 2021), level 1: the traceparent header.

#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/random.h"

namespace cloudfolio::telemetry {

struct TraceParent {
  TraceId trace;     // 32 lower-case hex digits, not all zero.
  std::string span;  // 16 lower-case hex digits, not all zero.
  bool sampled = true;
  bool operator==(const TraceParent&) const = default;
};

// Nothing for a malformed header, as the recommendation asks: the caller starts a new trace. A
// version above 00 is read as far as version 00 goes.
std::optional<TraceParent> parse_traceparent(std::string_view header);
// "00-<trace>-<span>-01".
std::string to_text(const TraceParent& parent);

TraceParent make_trace(SharedRandom& random);
// The same trace, a new span.
TraceParent child_of(const TraceParent& parent, SharedRandom& random);

}  // namespace cloudfolio::telemetry

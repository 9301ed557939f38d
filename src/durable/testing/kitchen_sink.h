#pragma once
// Random orchestrations that use everything the authoring API has, with an output that can be
// computed beforehand: whatever is slow, retried, replayed, evicted or killed, the sum is the same.
//
// A program follows from its seed. "sink" is the orchestration; its input is a SinkInput as text.

#include <cstdint>
#include <string>

#include "durable/registry.h"

namespace cloudfolio::durable::testing {

struct SinkInput {
  std::uint64_t seed = 0;
  int depth = 0;  // Children have one more; the deepest call nobody.
  int round = 0;  // Of continue-as-new.
  std::int64_t sum = 0;

  std::string text() const;
  static SinkInput from(const std::string& text);
};

// "sink" and its activities: "add" (gives its input back), "flaky" (fails for every third task id).
void register_sink(Registry& registry);
// What a run from `input` gives.
std::int64_t expected_sum(const SinkInput& input);

}  // namespace cloudfolio::durable::testing

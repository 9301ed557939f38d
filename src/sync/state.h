#pragma once
// SyncState: what the next refresh needs to ask GitHub one conditional question.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sync/plan.h"

namespace cloudfolio::sync {

struct SyncState {
  // The publication that this describes; another one there (the old app's, a lost write) makes it
  // void.
  std::uint64_t generation = 0;
  std::string probe_etag;
  std::string swept_at;   // when a whole list was last read
  bool one_page = true;   // the whole list fitted the probe's page
  bool complete = false;  // nothing is left to ask again
  std::size_t seen = 0;
  std::vector<Skipped> skipped;
  bool operator==(const SyncState&) const = default;
};

std::string to_json(const SyncState& state);
Result<SyncState> state_from_json(std::string_view text);

}  // namespace cloudfolio::sync

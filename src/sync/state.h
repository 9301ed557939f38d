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
  // Whose credential asked (sync/source.h), and for whom it speaks; empty in a private place, whose
  // state is good together with the public one of the same probe_etag only.
  std::string credential = {};
  github::TokenOwner token_owner = {};
  bool had_private = false;  // The list held private ones: then a private place must be there too.
  bool operator==(const SyncState&) const = default;
};

// What a plan leaves behind, once what it says is published as `generation`.
SyncState state_after(const Plan& plan, std::uint64_t generation);

std::string to_json(const SyncState& state);
Result<SyncState> state_from_json(std::string_view text);

}  // namespace cloudfolio::sync

#pragma once
// A plan and what was fetched, made a bundle and a report. Pure functions.

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "cache/bundle.h"
#include "sync/plan.h"
#include "sync/report.h"

namespace cloudfolio::sync {

// What is known of each planned fetch when the refresh publishes.
struct Gathered {
  std::map<std::int64_t, cache::RepositoryEntry> staged;
  std::map<std::int64_t, BatchOutcome::Missing>
      missing;  // of everything else that was to be fetched
};

// Fetched repositories as they are now, kept ones with the list's metadata, unknown ones as they
// were. Errors: conflict (the plan keeps an entry that `base` does not have: it was made for
// another publication).
Result<cache::Bundle> assemble(const Plan& plan, const Gathered& gathered,
                               const cache::Bundle& base);

// Counts what became of the plan in `published`. Leaves out what only the caller knows: requests
// beyond the plan's, seconds, fingerprints, resumes_at. The same however often it is asked.
Report report_of(const Plan& plan, const Gathered& gathered, const cache::Bundle& published);

// Whether the next refresh has nothing to ask again.
bool is_complete(const Plan& plan, const Gathered& gathered, const cache::Bundle& published);

}  // namespace cloudfolio::sync

#pragma once
// Plan: what one refresh is going to do, decided once from what GitHub lists and what is published.
//
// It is staged with the generation that it belongs to, so that the history of the orchestration
// holds numbers only, and a step that runs again does the same.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cache/bundle.h"
#include "github/client.h"
#include "github/types.h"

namespace cloudfolio::sync {

// A repository that is seen and not mirrored.
struct Skipped {
  std::string repository;  // its name; "(private)" instead of a private one's
  std::string reason;      // stable first word: "private", "public" (it moved to the other
                           // publication), "gone", "withheld: …", "unavailable: …"
  bool operator==(const Skipped&) const = default;
};

// How much of the owner's repositories a list covers: who is missing from a whole one is gone; from
// a newest one, unchanged; from a partial one, unknown.
enum class Coverage : std::uint8_t { whole, newest, partial };
std::string_view to_string(Coverage coverage);

enum class Action : std::uint8_t { fetch, keep };

struct PlannedRepository {
  cache::RepositoryEntry listed;  // as the list says: no documents
  Action action = Action::keep;
  bool operator==(const PlannedRepository&) const = default;
};

struct Rename {
  std::string from;
  std::string to;
  bool operator==(const Rename&) const = default;
};

struct Plan {
  std::uint64_t generation = 0;
  std::uint64_t base_generation = 0;
  std::string base_etag;
  std::string probe_etag;       // for the next conditional request
  std::string swept_at;         // when a whole list was last read, as text
  bool one_page = true;         // the whole list fitted the probe's page
  std::string credential = {};  // for SyncState; a public plan's only
  github::TokenOwner token_owner = {};
  bool had_private = false;
  bool force = false;
  Coverage coverage = Coverage::whole;
  std::vector<PlannedRepository> repositories;  // in the list's order
  std::vector<std::int64_t> carried;            // published, not listed, and not known to be gone
  std::vector<Skipped> skipped;                 // known at once
  std::vector<std::string> gone;                // names
  std::vector<Rename> renamed;
  std::vector<std::vector<std::int64_t>> batches;  // ids to fetch
  std::int64_t requests = 0;
  std::int64_t points = 0;
  bool operator==(const Plan&) const = default;

  // Something to publish.
  bool changes() const;
  // What was seen: listed (skipped ones included) or carried.
  std::size_t seen_count() const { return repositories.size() + carried.size() + skipped.size(); }
  const PlannedRepository* find(std::int64_t id) const;

  bool touched = false;  // a kept repository's metadata differs
};

// Which of a tenant's two publications a plan is for.
enum class Side : std::uint8_t {
  everybody,  // public repositories; what is listed besides is skipped as "private"
  owner,      // what only the credential sees
};

struct Listed {
  std::vector<github::Repository> repositories;
  Coverage coverage = Coverage::whole;
  Side side = Side::everybody;
  // Listed, and of the other side's publication: they leave this one, however much the list covers.
  std::set<std::int64_t> elsewhere = {};
};
// What one list says about either side.
struct Sides {
  Listed everybody;
  Listed owner;
};
Sides split_by_visibility(std::vector<github::Repository> listed, Coverage coverage);
bool is_private(const github::Repository& repository);

inline constexpr std::size_t kBatchCountMax = 25;  // repositories a fetch activity

// Decides. `base` is what is published (empty: nothing, or nothing readable). With `force` every
// repository is fetched. Fills everything of the plan that follows from the two.
Plan make_plan(const Listed& listed, const cache::Bundle& base, bool force);

std::string to_json(const Plan& plan);
Result<Plan> plan_from_json(std::string_view text);

// What became of one batch's repositories that were not staged, and what it cost.
struct BatchOutcome {
  std::vector<std::int64_t> staged;
  struct Missing {
    std::int64_t id = 0;
    std::string reason;     // as Skipped::reason
    bool resolved = false;  // asking again soon would say the same
    bool operator==(const Missing&) const = default;
  };
  std::vector<Missing> missing;
  std::int64_t requests = 0;
  std::int64_t points = 0;
  bool operator==(const BatchOutcome&) const = default;
};
std::string to_json(const BatchOutcome& outcome);
Result<BatchOutcome> batch_outcome_from_json(std::string_view text);

}  // namespace cloudfolio::sync

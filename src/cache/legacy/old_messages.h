#pragma once
// Queue messages and job records of v0.2 and later, read.
//
// A message's text is JSON, plain or (before messageEncoding none) in base64. Fields that a version
// did not write stay empty; fields that we do not know are ignored.
// Errors: corrupt: neither form, or without its username.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace cloudfolio::cache {

inline constexpr char kOldSyncQueue[] = "github-sync";
inline constexpr char kOldCacheQueue[] = "github-cache";
inline constexpr char kOldMergeQueue[] = "merge-results";
inline constexpr char kOldTrainingQueue[] = "model-training";

// Of github-sync, and of v0.3's github-cache: one repository to fetch.
struct OldSyncMessage {
  std::string schema_version;
  std::string job_id;
  std::string username;
  std::string repo_name;
  std::string fingerprint;
  std::string default_branch;
  std::string trace_id;
  std::optional<Clock::WallTime> queued_at;
};
// Of merge-results.
struct OldMergeMessage {
  std::string job_id;
  std::string username;
  std::vector<std::string> synced_repos;  // also written as fresh_repos or repo_names
  std::string trigger_source;
};
// Of model-training. The first version carried the whole bundle instead of its key.
struct OldTrainingMessage {
  std::string job_id;
  std::string username;
  std::string bundle_cache_key;
  std::string bundle_fingerprint;
  std::vector<std::string> repo_names;
  std::int64_t batch_size = 8;
  std::int64_t epochs = 2;
  std::string experiment_name;
};
using OldMessage = std::variant<OldSyncMessage, OldMergeMessage, OldTrainingMessage>;

// invalid_argument for a queue that is none of the four.
Result<OldMessage> read_old_message(std::string_view queue, std::string_view body);

// The entry job:{id}: enveloped, living an hour.
struct OldJob {
  std::string job_id;
  std::string username;
  std::string status;  // queued, processing, synced, completed, failed
  std::int64_t expected_repos = 0;
  std::int64_t queued_repos = 0;
  std::int64_t completed_repos = 0;
  std::vector<std::string> synced_repos;
  std::string bundle_fingerprint;
  std::optional<Clock::WallTime> created_at;
};
std::string old_job_key(std::string_view job_id);  // job:{id}
Result<OldJob> read_old_job(std::string_view body);

// Times as v0.3 wrote them into keys and columns, ':' as '-' and '+' as '_'; and as everything
// else did.
std::optional<Clock::WallTime> old_time(std::string_view text);

}  // namespace cloudfolio::cache

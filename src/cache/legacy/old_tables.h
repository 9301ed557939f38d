#pragma once
// Tables of v0.2 and v0.3, read: what of a portfolio is known only there.
//
// Columns that hold JSON are text; one that was too long is "{}" (the writers' rule), so every
// column is optional and a repository is put together from what there is.
// Errors: the store's.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "cache/bundle.h"
#include "storage/table.h"

namespace cloudfolio::storage {
class Storage;
}

namespace cloudfolio::cache {

// Every table that some version wrote; what `cloudfolio migrate` copies unless told otherwise.
inline constexpr std::array<std::string_view, 13> kOldTables{
    "CandidateSessions",   "RepoMetadata",      "ModelMetadata", "RepoSyncStatus",
    "JobMetadata",         "SessionCandidates", "RepoLanguages", "RepoGitHubMetadata",
    "RepoDiscoveredPaths", "RepoAPIUsage",      "UserProfile",   "RepoCacheSummary",
    "AIRequestUsage"};

// Of CandidateSessions (v0.2) or JobMetadata (v0.3): one refresh of a user.
struct OldSession {
  std::string username;
  std::string job_id;
  std::string status;
  std::string bundle_fingerprint;
  std::string model_status;
  std::string model_fingerprint;
  std::vector<std::string> synced_repos;
  std::optional<Clock::WallTime> created_at;
};
OldSession old_session(const storage::Entity& row);

// Of RepoMetadata.
RepositoryEntry old_repository(const storage::Entity& row);

// Of ModelMetadata.
struct OldModelRow {
  std::string username;
  std::string fingerprint;
  std::string blob_name;
};
OldModelRow old_model_row(const storage::Entity& row);

// The repositories that RepoMetadata has of this spelling of a login, sorted by name; empty where
// it has none.
Result<Bundle> bundle_of_old_tables(const Context& ctx, storage::Storage& store,
                                    std::string_view username);
// The user's refreshes of both tables, in no order.
Result<std::vector<OldSession>> old_sessions(const Context& ctx, storage::Storage& store,
                                             std::string_view username);

}  // namespace cloudfolio::cache

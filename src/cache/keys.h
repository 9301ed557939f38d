#pragma once
// Where each entry is: the original's names, and ours beside them.
//
// A login comes as a TenantId, so in lower case and without '/', ':' or '.'. The original joins
// parts with '_', which enterprise-managed logins contain: where something follows the login, its
// '_' is written "%5F", so (a_b, c) and (a, b_c) are two keys. Logins without '_' give the
// original's bytes. Our own entries stand under gen/, model_ and sync_, where the original has none
// of that form.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"

namespace cloudfolio::cache {

// --- The original's, also written by us ---
std::string bundle_key(const TenantId& tenant);                // repos_bundle_context_{login}
std::string model_archive_key(std::string_view fingerprint);   // model_{fingerprint}.zip
std::string model_metadata_key(std::string_view fingerprint);  // model_metadata_{fingerprint}.json

// --- The original's, for sharing a store with it ---
inline constexpr char kGlobalModelSlotKey[] = "fine_tuned_model_metadata";
// repo_level_bundle_{login}_{repo}, and the spelling of still older versions,
// repo_context_{login}_{repo}.
// '/' and ' ' in `repository` become '_'.
std::string repository_key(const TenantId& tenant, std::string_view repository);
std::string older_repository_key(const TenantId& tenant, std::string_view repository);

// --- Ours ---
std::string sync_state_key(const TenantId& tenant);   // sync_state_{login}
std::string sync_report_key(const TenantId& tenant);  // sync_report_{login}
// gen/{login}/latest: the highest generation number that was given out.
std::string generation_counter_key(const TenantId& tenant);
// gen/{login}/: everything of one tenant's generations.
std::string generations_prefix(const TenantId& tenant);
std::string generation_prefix(const TenantId& tenant,
                              std::uint64_t generation);  // gen/{login}/{n}/
std::string staged_key(const TenantId& tenant, std::uint64_t generation,
                       std::int64_t repository_id);
std::string note_key(const TenantId& tenant, std::uint64_t generation, std::string_view name);
// `unique` tells several indexes of one generation apart.
std::string index_key(const TenantId& tenant, std::uint64_t generation, std::string_view unique);

// The generation of a key below generations_prefix(tenant); nullopt for any other key, another
// tenant's among them.
std::optional<std::uint64_t> generation_of(const TenantId& tenant, std::string_view key);
bool is_index_key(const TenantId& tenant, std::string_view key);
// 32 (MD5) or 64 (SHA-256) lower-case hex digits: what may stand in a model's key.
bool is_fingerprint(std::string_view text);

}  // namespace cloudfolio::cache

#pragma once
// Where each entry is: the original's names, and ours beside them.
//
// A login comes as a TenantId, so in lower case and without '/', ':' or '.'. The original joins
// parts with '_', which enterprise-managed logins contain: where something follows the login, its
// '_' is written "%5F", so (a_b, c) and (a, b_c) are two keys. Logins without '_' give the
// original's bytes. Our own entries stand under gen/, model_ and sync_, where the original has none
// of that form.
//
// What belongs to a private place (cache/place.h) stands under names of its own: the bundle as
// repos_private_context_{login}_{scope} with the login's '_' escaped, everything else below
// private/{login}/{scope}/. No public name begins so, and neither of the two parts can hold a '/'
// or, once escaped, a '_'.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "cache/place.h"

namespace cloudfolio::cache {

// --- The original's, also written by us ---
// repos_bundle_context_{login}; of a private place repos_private_context_{login}_{scope}.
std::string bundle_key(const Place& place);
std::string model_archive_key(std::string_view fingerprint);   // model_{fingerprint}.zip
std::string model_metadata_key(std::string_view fingerprint);  // model_metadata_{fingerprint}.json
// The same below private/{login}/{scope}/ where the place is private.
std::string model_archive_key(const Place& place, std::string_view fingerprint);
std::string model_metadata_key(const Place& place, std::string_view fingerprint);

// --- The original's, for sharing a store with it ---
inline constexpr char kGlobalModelSlotKey[] = "fine_tuned_model_metadata";
// repo_level_bundle_{login}_{repo}, and the spelling of still older versions,
// repo_context_{login}_{repo}.
// '/' and ' ' in `repository` become '_'.
std::string repository_key(const TenantId& tenant, std::string_view repository);
std::string older_repository_key(const TenantId& tenant, std::string_view repository);

// --- Ours --- (as they are called in a public place)
std::string sync_state_key(const Place& place);   // sync_state_{login}
std::string sync_report_key(const Place& place);  // sync_report_{login}
// gen/{login}/latest: the highest generation number that was given out.
std::string generation_counter_key(const Place& place);
// gen/{login}/, or private/{login}/{scope}/gen/: everything of one place's generations.
std::string generations_prefix(const Place& place);
std::string generation_prefix(const Place& place,
                              std::uint64_t generation);  // gen/{login}/{n}/
std::string staged_key(const Place& place, std::uint64_t generation, std::int64_t repository_id);
std::string note_key(const Place& place, std::uint64_t generation, std::string_view name);
// `unique` tells several indexes of one generation apart.
std::string index_key(const Place& place, std::uint64_t generation, std::string_view unique);

// gen/{login}/checkpoint/{fingerprint}/: of one training; below it numbers.
std::string checkpoint_prefix(const Place& place, std::string_view fingerprint);

// private/{login}/{scope}/: all of a private place but its bundle. Not for a public one.
std::string private_prefix(const Place& place);

// The generation of a key below generations_prefix(place); nullopt for any other key, another
// tenant's or scope's among them.
std::optional<std::uint64_t> generation_of(const Place& place, std::string_view key);
bool is_index_key(const Place& place, std::string_view key);
// 32 (MD5) or 64 (SHA-256) lower-case hex digits: what may stand in a model's key.
bool is_fingerprint(std::string_view text);

}  // namespace cloudfolio::cache

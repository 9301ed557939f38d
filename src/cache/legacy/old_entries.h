#pragma once
// Reading what only the original app wrote.
//
// Its entries are read by its own rules: expires_at with or without a zone (past, or unreadable:
// expired), no_expiry=True, no metadata at all; the envelope as in envelope.h; model archives and
// model_metadata_* plain. What is read here is left as it is: nothing expired is removed.
// Errors: corrupt (not what the original writes), and the store's.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "cache/bundle.h"

namespace cloudfolio::cache {

class Store;

// Where nothing is published for the tenant, and the original has a bundle under this spelling of
// the login: makes it the tenant's publication, of generation 0. True if there was one.
Result<bool> adopt_old_bundle(const Context& ctx, const Store& store, const TenantId& tenant,
                              std::string_view spelling);

// One repository as repo_level_bundle_ or, failing that, repo_context_ has it, under the login or a
// noted spelling. Where a login's '_' makes the original's key ambiguous, only an entry whose owner
// is this tenant. nullopt: none.
Result<std::optional<RepositoryEntry>> find_old_repository(const Context& ctx, const Store& store,
                                                           const TenantId& tenant,
                                                           std::string_view name);

// What the global slot names.
struct OldModel {
  std::string container;  // "ai-models" where the slot does not say
  std::string blob_name;  // "model_{fingerprint}.zip"
  std::string fingerprint;
  std::string training_timestamp;  // as the original wrote it: without zone
  std::uint64_t training_repos_count = 0;
  std::vector<std::string> repo_names;
};
// nullopt: empty, or expired.
Result<std::optional<OldModel>> find_old_model(const Context& ctx, const Store& store);

}  // namespace cloudfolio::cache

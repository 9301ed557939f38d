#pragma once
// A store by the name that the command line gives it, for commands that know two of them.

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "storage/storage.h"

namespace cloudfolio::roles {

struct Config;

enum class IfMissing { create, refuse };

struct NamedStore {
  std::unique_ptr<storage::Storage> storage;
  // The same store, the same name, however it was written; holds no secret.
  std::string name;
};

// `embedded:DIR`: the folder of an embedded store; another process may have it open as well.
// `azure:CONNECTION`: an Azure Storage account by its connection string; `azure:env`: the one that
// the configuration names (azure.*).
// `clock` outlives the store. Errors: invalid_argument (no such kind of store), not_found (refused
// where missing), and the store's.
Result<NamedStore> open_named_store(std::string_view name, IfMissing missing, const Config& config,
                                    const Clock& clock);

}  // namespace cloudfolio::roles

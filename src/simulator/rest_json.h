#pragma once
// REST's objects as GitHub writes them (schemas of its published OpenAPI description).

#include <string>

#include "json/json.h"
#include "simulator/world.h"

namespace cloudfolio::simulator {

struct RestPlaces {
  std::string api;   // "http://127.0.0.1:4001": of `url`s.
  std::string html;  // "https://github.com"
};

// minimal: in lists; full: alone, with what only it has.
enum class RepositoryForm { minimal, full };

json::Object user_json(const AccountState& account, const RestPlaces& places);
json::Object public_user_json(const AccountState& account, std::int64_t repositories_count,
                              const RestPlaces& places);
json::Object repository_json(const RepositoryState& repository, const AccountState& owner,
                             const RestPlaces& places, RepositoryForm form);
json::Object commit_json(const RepositoryState& repository, const AccountState& owner,
                         const CommitState& commit, const RestPlaces& places);
json::Object branch_json(const RepositoryState& repository, const AccountState& owner,
                         const RestPlaces& places);
// A tree's listing; `entries_max` cuts it.
json::Object tree_json(const RepositoryState& repository, const Snapshot& files,
                       const std::string& tree_oid, bool recursive, std::size_t entries_max,
                       const RestPlaces& places);
// A file of `contents`; its bytes in base64, none above 1 MiB.
json::Object content_json(const RepositoryState& repository, const TreeItem& item,
                          const std::string& path, const std::string& bytes,
                          const RestPlaces& places);

std::string repository_url(const RepositoryState& repository, const RestPlaces& places);

}  // namespace cloudfolio::simulator

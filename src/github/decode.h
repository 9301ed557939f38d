#pragma once
// From GitHub's two languages to one set of values. The same state gives the same values, whichever
// was asked.
//
// Errors: unavailable, naming the missing field: an answer without what GitHub promises is no
// answer.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "github/types.h"
#include "json/json.h"

namespace cloudfolio::github {

// `rest_base` completes addresses that GraphQL does not say.
Result<Repository> repository_from_graph(const json::Object& node, const std::string& rest_base);
Result<Repository> repository_from_rest(const json::Object& object);
Result<Owner> owner_from_graph(const json::Object& node, const std::string& rest_base);
Result<Owner> owner_from_rest(const json::Object& object);

// Largest first, then by name, at most kLanguagesMax.
std::vector<Language> languages_from_graph(const json::Object& node);
std::vector<Language> languages_from_rest(const json::Object& object);

// A tree's entries with `folder` before their names, and (GraphQL) the folders below as far as the
// answer opens them; folders that it leaves closed are appended to `closed`.
struct ClosedTree {
  std::string path;
  std::string oid;
};
Status entries_from_graph(const json::Object& tree, const std::string& folder,
                          std::vector<TreeEntry>& entries, std::vector<ClosedTree>& closed);
Result<std::vector<TreeEntry>> entries_from_rest(const json::Object& tree);

}  // namespace cloudfolio::github

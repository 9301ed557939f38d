#pragma once
// Fingerprints: short names of content, equal exactly where the content is.
//
// The MD5 ones are the original's, byte for byte, over Python's default json.dumps with sorted
// keys: they name what the old app reads, and protect nothing. Ours is SHA-256 and says for whom,
// with which rights and for which training it is, so that two tenants never share a model.

#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "cache/bundle.h"

namespace cloudfolio::cache {

// --- The original's (32 hex digits) ---
// Of one repository: {id, updated_at, pushed_at, size, default_branch, language}; "" is written as
// null.
std::string metadata_fingerprint(const RepositoryMetadata& metadata);
// Of the bundle: the repositories' fingerprints, sorted.
std::string bundle_fingerprint(const Bundle& bundle);
// Of what the original trains on: names and documents of the repositories with has_documentation.
std::string old_content_fingerprint(const Bundle& bundle);

// --- Ours (64 hex digits) ---
// What a model is made from besides the text. A change of any of them is another model.
struct ContentIdentity {
  TenantId tenant;
  std::string scope = "public";                 // whose rights the text was read with
  std::string base_model = "all-MiniLM-L6-v2";  // what training starts from
  std::string recipe_version = "1";             // of the training recipe: pairs, loss, schedule
};
// Over the identity and, by repository id, everything that training reads: name, description,
// topics, languages' names and the four documents. Times, sizes and problems are left out: they
// change nothing that a model could learn.
std::string content_fingerprint(const ContentIdentity& identity, const Bundle& bundle);

}  // namespace cloudfolio::cache

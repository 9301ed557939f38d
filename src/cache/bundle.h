#pragma once
// Bundle: everything that is kept of one portfolio's repositories, as one JSON array.
//
// The array is the original system's, key by key, so that it reads ours and we read its. What it
// has no key for stands under one more key of each repository object, `cloudfolio`. Reading is
// tolerant: a missing key, or one of another type, is the empty value; only text that is no JSON
// array is corrupt.
//
// Names of the fields follow GitHub's REST API where the original copied them.
// docs/formats/cache.md has the whole page.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace cloudfolio::cache {

// The documents that are mirrored. Their texts stand in RepositoryEntry.
enum class DocumentKind : std::uint8_t { readme, skills_index, architecture, context };
// As written in the bundle: "readme", "skills_index", "architecture", "context".
std::string_view to_string(DocumentKind kind);
std::optional<DocumentKind> document_kind_from(std::string_view text);

// Where a mirrored text came from, so that an answer can cite it. `path` is the real name in the
// repository (README.md may be called readme.rst).
struct DocumentRef {
  DocumentKind kind = DocumentKind::readme;
  std::string path;
  std::string oid;  // git blob id of the whole file
  std::size_t size_bytes = 0;
  bool truncated = false;  // our text is a beginning of the file
  bool operator==(const DocumentRef&) const = default;
};

// What is wrong with one repository; never a reason to drop the others. `code` is stable:
// malformed_context, truncated_document, unreadable_document, empty, disabled, tree_incomplete,
// fetch_failed and unknown (the entry is the last good one).
struct Problem {
  std::string code;
  std::string message;
  bool operator==(const Problem&) const = default;
};

struct RepositoryOwner {
  std::string login;
  std::string url;
  bool operator==(const RepositoryOwner&) const = default;
};

struct License {
  std::string key;  // "mit"
  std::string name;
  std::string spdx_id;  // "MIT"
  bool operator==(const License&) const = default;
};

using LanguageBytes = std::pair<std::string, std::int64_t>;  // {"C++", 4711}

// GitHub's description of the repository, trimmed to what the original kept. Times are GitHub's
// text
// ("2025-10-06T15:30:00Z"), "" where GitHub says null.
struct RepositoryMetadata {
  std::int64_t id = 0;  // GitHub's number: the identity; survives a rename
  std::string name;
  std::string html_url;
  std::optional<std::string> description;
  bool fork = false;
  std::string created_at;
  std::string updated_at;
  std::string pushed_at;
  std::int64_t size = 0;                // KiB, as GitHub counts
  std::optional<std::string> language;  // the primary one
  std::optional<License> license;
  bool allow_forking = true;
  std::vector<std::string> topics;
  std::string visibility = "public";
  std::string default_branch;
  std::vector<std::string> file_paths;  // shallowest first, at most kFilePathsCountMax
  RepositoryOwner owner;
  bool operator==(const RepositoryMetadata&) const = default;
};
inline constexpr std::size_t kFilePathsCountMax = 500;

// {programming, data, markup, prose, nil}: how many files of each of linguist's types.
struct CategorizedTypes {
  std::int64_t programming = 0;
  std::int64_t data = 0;
  std::int64_t markup = 0;
  std::int64_t prose = 0;
  std::int64_t nil = 0;
  bool operator==(const CategorizedTypes&) const = default;
};

// One repository object of the bundle.
struct RepositoryEntry {
  std::string name;
  RepositoryMetadata metadata;
  std::string repo_context = "{}";  // .repo-context.json as compact JSON of any shape; {} if absent
  std::string readme;               // documents as they are in the repository, UTF-8; "" if absent
  std::string skills_index;
  std::string architecture;
  std::vector<std::pair<std::string, std::int64_t>> file_types;  // {".py", 12}, sorted by extension
  CategorizedTypes categorized_types;
  std::string fingerprint;               // MD5 of the metadata (cache/fingerprint.h)
  std::vector<LanguageBytes> languages;  // most bytes first
  bool has_documentation = false;        // the original's rule: a context and a README

  // Under `cloudfolio`; empty in an entry that the old app wrote.
  std::string node_id;
  std::string head_oid;  // the commit that the documents were read at: citations name it
  std::string tree_oid;
  bool archived = false;
  std::string homepage;
  std::vector<DocumentRef> documents;
  std::vector<Problem> problems;

  bool operator==(const RepositoryEntry&) const = default;

  // The text of one kind of document ("" if absent; the context as compact JSON).
  const std::string& text_of(DocumentKind kind) const;
};

struct Bundle {
  std::vector<RepositoryEntry> repositories;  // sorted by name, bytewise; names are unique
  bool operator==(const Bundle&) const = default;

  // By GitHub's rules: letter case does not matter. nullptr if absent.
  const RepositoryEntry* find(std::string_view name) const;
  const RepositoryEntry* find_by_id(std::int64_t id) const;
};

// Canonical: sorts by name. Call it before to_json wherever repositories were added.
void sort_by_name(Bundle& bundle);

// One repository object or the whole array, as compact JSON with every non-ASCII character escaped:
// equal values give equal bytes.
std::string to_json(const RepositoryEntry& entry);
std::string to_json(const Bundle& bundle);
// Errors: corrupt (not JSON, or not an object / not an array). Entries of the array that are no
// objects or have no name are left out.
Result<RepositoryEntry> entry_from_json(std::string_view text);
Result<Bundle> bundle_from_json(std::string_view text);

}  // namespace cloudfolio::cache

#pragma once
// What GitHub says about an owner and its repositories, as values, the same whether GraphQL or REST
// said it.
//
// Texts are UTF-8. Times are GitHub's own text, "2026-01-31T08:00:00Z". Node ids are opaque and
// stay when a repository is renamed or moves; a repository made again under an old name has a new
// one.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace cloudfolio::github {

enum class OwnerKind : std::uint8_t { user, organization };

struct Owner {
  std::string node_id;
  std::string login;  // As GitHub spells it.
  OwnerKind kind = OwnerKind::user;
  std::string url;  // REST: "https://api.github.com/users/octocat".
  bool operator==(const Owner&) const = default;
};

struct License {
  std::string key;                     // "mit"; "other" for a text that GitHub does not know.
  std::string name;                    // "MIT License"
  std::optional<std::string> spdx_id;  // "MIT"; "NOASSERTION" with "other".
  std::optional<std::string> url;      // REST: ".../licenses/mit"; none for "other".
  std::string node_id;
  bool operator==(const License&) const = default;
};

struct Language {
  std::string name;
  std::int64_t size_bytes = 0;
  bool operator==(const Language&) const = default;
};

struct Repository {
  std::string node_id;
  std::int64_t database_id = 0;  // REST's `id`.
  std::string name;
  Owner owner;
  std::string html_url;
  std::optional<std::string> description;
  std::optional<std::string> homepage;
  std::string created_at;
  std::string updated_at;
  std::string pushed_at;  // Empty if nothing was ever pushed.
  std::int64_t size_kib = 0;
  std::optional<std::string> language;  // The largest one.
  std::optional<License> license;
  std::vector<std::string> topics;  // At most 20, in GitHub's order.
  std::string visibility;           // "public", "private", "internal".
  std::string default_branch;       // GraphQL has none for an empty repository: then "main".
  bool allow_forking = true;
  bool is_private = false;
  bool is_fork = false;
  bool is_archived = false;
  bool is_disabled = false;
  bool is_template = false;
  // Of the default branch's head. A list by REST does not say them; of an empty repository there
  // are none.
  std::optional<std::string> head_oid;
  std::optional<std::string> tree_oid;

  std::string full_name() const { return owner.login + "/" + name; }
  bool operator==(const Repository&) const = default;
};

// The files of a repository's root that are read.
enum class DocumentKind : std::uint8_t { readme, context, skills_index, architecture };
inline constexpr std::size_t kDocumentKindsCount = 4;
inline constexpr std::array<DocumentKind, kDocumentKindsCount> kDocumentKinds{
    DocumentKind::readme, DocumentKind::context, DocumentKind::skills_index,
    DocumentKind::architecture};
// "README.md", ".repo-context.json", "SKILLS-INDEX.md", "ARCHITECTURE.md".
std::string_view file_name_of(DocumentKind kind);

struct Document {
  enum class State : std::uint8_t {
    absent,     // The head commit has no such file. Certain.
    present,    // `text` is the whole file.
    truncated,  // Above kDocumentBytesMax: `text` is the beginning, cut at a character.
    binary,     // There is a file, but no text: binary, not UTF-8, or a Git LFS pointer (see note).
    unknown,    // GitHub did not say. Keep what was known before.
  };
  State state = State::unknown;
  // The real name, which may differ in case or extension ("readme.rst").
  std::string path;
  std::string oid;              // Of the blob that `text` comes from; empty where absent.
  std::int64_t size_bytes = 0;  // Of the whole file.
  std::string text;
  std::string note;  // For people: why it is binary, that it is a symbolic link, …
  bool operator==(const Document&) const = default;
};
std::string_view to_string(Document::State state);

// Documents up to this size are read whole; GraphQL cuts a text at half of it, and the rest is then
// asked by REST. Of a larger one the first kDocumentTextBytesMax bytes are kept.
inline constexpr std::size_t kDocumentBytesMax = 1024 * 1024;
inline constexpr std::size_t kDocumentTextBytesMax = 512'000;

struct TreeEntry {
  enum class Type : std::uint8_t { blob, tree, commit };
  std::string path;        // From the root: "src/main.cc".
  std::uint32_t mode = 0;  // Git's, octal: 0100644, 0100755, 0120000 (link), 040000, 0160000.
  Type type = Type::blob;
  std::string oid;
  std::optional<std::int64_t> size_bytes;  // Blobs only.
  bool operator==(const TreeEntry&) const = default;
};
inline constexpr std::uint32_t kModeSymlink = 0120000;

enum class Completeness : std::uint8_t { whole, partial };

// All that is fetched of one repository, consistent with one head commit.
struct Details {
  Repository repository;
  std::vector<Language> languages;  // Largest first, then by name; at most kLanguagesMax.
  std::array<Document, kDocumentKindsCount> documents;  // By DocumentKind.
  // Sorted by path, bytewise; folders included. Empty for an empty repository.
  std::vector<TreeEntry> tree;
  // partial: more entries than kTreeEntriesMax, or GitHub itself cut the listing.
  Completeness tree_completeness = Completeness::whole;
  std::vector<std::string> problems;  // For people; none of them stops the mirror.

  const Document& document(DocumentKind kind) const { return documents[std::size_t(kind)]; }
  bool operator==(const Details&) const = default;
};
inline constexpr std::size_t kLanguagesMax = 100;
inline constexpr std::size_t kTreeEntriesMax = 100'000;  // As REST's recursive tree.

// GitHub says that it is not there (or no longer for this token). Believe it only when a list or a
// second cycle agrees.
struct Gone {
  std::string reason;
  bool operator==(const Gone&) const = default;
};
// Nothing is known about it now. Keep the last good copy; the code says whether trying again helps.
struct Unknown {
  Error error;
  bool operator==(const Unknown&) const = default;
};
// There, but not to be had: taken down (451), disabled, or access is blocked. Keep the last good
// copy.
struct Withheld {
  std::string reason;
  bool operator==(const Withheld&) const = default;
};

struct FetchedRepository {
  std::string node_id;  // As asked.
  std::variant<Unknown, Details, Gone, Withheld> outcome =
      Unknown{Error(Code::unavailable, "not asked yet")};
  const Details* details() const { return std::get_if<Details>(&outcome); }
  const Gone* gone() const { return std::get_if<Gone>(&outcome); }
  const Unknown* unknown() const { return std::get_if<Unknown>(&outcome); }
  const Withheld* withheld() const { return std::get_if<Withheld>(&outcome); }
};

// One of GitHub's primary budgets, as its last answer told.
struct RateLimit {
  std::string resource;  // "core" or "graphql".
  std::int64_t limit = 0;
  std::int64_t remaining = 0;
  std::int64_t used = 0;
  Clock::WallTime reset_at{};
  bool operator==(const RateLimit&) const = default;
};

// What calls cost. Points are units of a primary budget: GraphQL's cost, 1 for a REST answer, 0 for
// a 304. Every request that was sent counts, those that failed too.
struct Usage {
  std::int64_t requests_count = 0;
  std::int64_t points = 0;
  Usage& operator+=(const Usage& more) {
    requests_count += more.requests_count;
    points += more.points;
    return *this;
  }
  bool operator==(const Usage&) const = default;
};

}  // namespace cloudfolio::github

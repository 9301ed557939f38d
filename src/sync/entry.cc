#include "sync/entry.h"

#include <algorithm>

#include "cache/fingerprint.h"
#include "json/json.h"
#include "sync/file_types.h"

namespace cloudfolio::sync {

namespace {

using cache::DocumentKind;
using State = github::Document::State;

constexpr std::size_t kProblemBytesMax = 300;

DocumentKind kind_of(github::DocumentKind kind) {
  switch (kind) {
    case github::DocumentKind::context:
      return DocumentKind::context;
    case github::DocumentKind::skills_index:
      return DocumentKind::skills_index;
    case github::DocumentKind::architecture:
      return DocumentKind::architecture;
    case github::DocumentKind::readme:
      break;
  }
  return DocumentKind::readme;
}

std::string& text_in(cache::RepositoryEntry& entry, DocumentKind kind) {
  switch (kind) {
    case DocumentKind::context:
      return entry.repo_context;
    case DocumentKind::skills_index:
      return entry.skills_index;
    case DocumentKind::architecture:
      return entry.architecture;
    case DocumentKind::readme:
      break;
  }
  return entry.readme;
}

void add_problem(cache::RepositoryEntry& entry, std::string code, std::string message) {
  if (message.size() > kProblemBytesMax) {
    std::size_t end = kProblemBytesMax;  // Not inside a character.
    while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xc0) == 0x80) --end;
    message.resize(end);
  }
  entry.problems.push_back({std::move(code), std::move(message)});
}

// The file is people's work: any shape is taken, and what is no JSON is a problem of this
// repository.
void take_context(cache::RepositoryEntry& entry, const github::Document& document) {
  std::string_view text = document.text;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  auto context = json::parse(text);
  if (context && !context->is_null()) {
    entry.repo_context = json::write(*context);
    return;
  }
  const std::string why = context ? "it is null" : context.error().message();
  add_problem(entry, "malformed_context", document.path + ": " + why);
}

void keep_document(cache::RepositoryEntry& entry, DocumentKind kind,
                   const cache::RepositoryEntry* old) {
  if (!old) return;
  text_in(entry, kind) = old->text_of(kind);
  for (const cache::DocumentRef& ref : old->documents)
    if (ref.kind == kind) entry.documents.push_back(ref);
}

void take_document(cache::RepositoryEntry& entry, DocumentKind kind,
                   const github::Document& document, const cache::RepositoryEntry* old) {
  const std::string name(cache::to_string(kind));
  switch (document.state) {
    case State::absent:
      return;
    case State::unknown:
      add_problem(entry, "unknown", name + ": GitHub did not say; " + document.note);
      keep_document(entry, kind, old);
      return;
    case State::binary:
      add_problem(entry, "unreadable_document", document.path + ": " + document.note);
      break;
    case State::truncated:
      add_problem(entry, "truncated_document",
                  document.path + ": the first " + std::to_string(document.text.size()) + " of " +
                      std::to_string(document.size_bytes) + " bytes are mirrored");
      [[fallthrough]];
    case State::present:
      if (kind == DocumentKind::context)
        take_context(entry, document);
      else
        text_in(entry, kind) = document.text;
      break;
  }
  cache::DocumentRef ref;
  ref.kind = kind;
  ref.path = document.path;
  ref.oid = document.oid;
  ref.size_bytes = document.size_bytes > 0 ? static_cast<std::size_t>(document.size_bytes) : 0;
  ref.truncated = document.state == State::truncated;
  entry.documents.push_back(std::move(ref));
}

void take_tree(cache::RepositoryEntry& entry, const std::vector<github::TreeEntry>& tree) {
  std::vector<std::string> paths;
  for (const github::TreeEntry& item : tree)
    if (item.type == github::TreeEntry::Type::blob && item.mode != github::kModeSymlink)
      paths.push_back(item.path);
  FileTypes types = count_file_types(paths);
  entry.file_types = std::move(types.counts);
  entry.categorized_types = types.categories;
  const auto depth = [](const std::string& path) {
    return std::count(path.begin(), path.end(), '/');
  };
  std::stable_sort(
      paths.begin(), paths.end(),
      [&](const std::string& one, const std::string& other) { return depth(one) < depth(other); });
  if (paths.size() > cache::kFilePathsCountMax) paths.resize(cache::kFilePathsCountMax);
  entry.metadata.file_paths = std::move(paths);
}

bool is_passing(const cache::Problem& problem) {
  return problem.code == "unknown" || problem.code == "fetch_failed";
}

// A context that says nothing is no documentation.
bool has_content(const std::string& context) {
  const auto value = json::parse(context);
  if (!value || value->is_null()) return false;
  if (const auto* object = value->if_object()) return !object->empty();
  if (const auto* array = value->if_array()) return !array->empty();
  if (const auto* text = value->if_string()) return !text->empty();
  return !(value->is_bool() && !value->as_bool()) && !(value->is_int64() && value->as_int64() == 0);
}

}  // namespace

cache::RepositoryEntry listed_entry(const github::Repository& repository) {
  cache::RepositoryEntry entry;
  entry.name = repository.name;
  cache::RepositoryMetadata& m = entry.metadata;
  m.id = repository.database_id;
  m.name = repository.name;
  m.html_url = repository.html_url;
  m.description = repository.description;
  m.fork = repository.is_fork;
  m.created_at = repository.created_at;
  m.updated_at = repository.updated_at;
  m.pushed_at = repository.pushed_at;
  m.size = repository.size_kib;
  m.language = repository.language;
  if (repository.license)
    m.license = cache::License{repository.license->key, repository.license->name,
                               repository.license->spdx_id.value_or("")};
  m.allow_forking = repository.allow_forking;
  m.topics = repository.topics;
  m.visibility = repository.visibility;
  m.default_branch = repository.default_branch;
  m.owner = {repository.owner.login, repository.owner.url};
  entry.fingerprint = cache::metadata_fingerprint(m);
  entry.node_id = repository.node_id;
  entry.archived = repository.is_archived;
  entry.homepage = repository.homepage.value_or("");
  return entry;
}

cache::RepositoryEntry fetched_entry(const github::Details& details,
                                     const cache::RepositoryEntry* old) {
  cache::RepositoryEntry entry = listed_entry(details.repository);
  entry.head_oid = details.repository.head_oid.value_or("");
  entry.tree_oid = details.repository.tree_oid.value_or("");
  for (const github::Language& language : details.languages)
    entry.languages.emplace_back(language.name, language.size_bytes);
  for (const github::DocumentKind kind : github::kDocumentKinds)
    take_document(entry, kind_of(kind), details.document(kind), old);
  take_tree(entry, details.tree);
  if (entry.head_oid.empty()) add_problem(entry, "empty", "nothing was ever pushed");
  if (details.tree_completeness == github::Completeness::partial)
    add_problem(entry, "tree_incomplete",
                "GitHub lists only a part of the files; their counts are too low");
  for (const std::string& problem : details.problems) add_problem(entry, "note", problem);
  entry.has_documentation = has_content(entry.repo_context) && !entry.readme.empty();
  return entry;
}

cache::RepositoryEntry kept_entry(const cache::RepositoryEntry& old,
                                  const cache::RepositoryEntry& listed) {
  cache::RepositoryEntry entry = old;
  entry.name = listed.name;
  entry.metadata = listed.metadata;
  entry.metadata.file_paths = old.metadata.file_paths;
  entry.fingerprint = cache::metadata_fingerprint(entry.metadata);
  entry.node_id = listed.node_id;
  entry.archived = listed.archived;
  entry.homepage = listed.homepage;
  std::erase_if(entry.problems, is_passing);
  return entry;
}

cache::RepositoryEntry unknown_entry(const cache::RepositoryEntry& old, std::string message) {
  cache::RepositoryEntry entry = old;
  std::erase_if(entry.problems, is_passing);
  add_problem(entry, "fetch_failed", std::move(message));
  return entry;
}

bool is_unresolved(const cache::RepositoryEntry& entry) {
  return std::any_of(entry.problems.begin(), entry.problems.end(), is_passing);
}

std::string push_signal(const cache::RepositoryMetadata& metadata) {
  return metadata.pushed_at + "|" + metadata.default_branch + "|" + metadata.language.value_or("");
}

}  // namespace cloudfolio::sync

// The bundle as JSON, both ways; docs/formats/cache.md has the keys.

#include "cache/bundle_json.h"

#include "cache/envelope.h"

namespace cloudfolio::cache {

namespace {

constexpr json::ParseLimits kBundleLimits{.bytes_max = 512 * kMiB, .depth_max = 200};

// --- Writing ---

json::Value optional_text(const std::optional<std::string>& text) {
  return text ? json::Value(*text) : json::Value(nullptr);
}
json::Value text_or_null(const std::string& text) {
  return text.empty() ? json::Value(nullptr) : json::Value(text);
}
json::Array texts(const std::vector<std::string>& list) {
  json::Array array;
  for (const std::string& text : list) array.emplace_back(text);
  return array;
}
json::Object counts(const std::vector<std::pair<std::string, std::int64_t>>& list) {
  json::Object object;
  for (const auto& [name, count] : list) object[name] = count;
  return object;
}

json::Object metadata_json(const RepositoryMetadata& m,
                           const std::vector<LanguageBytes>& languages) {
  json::Object object;
  object["id"] = m.id;
  object["name"] = m.name;
  object["html_url"] = m.html_url;
  object["description"] = optional_text(m.description);
  object["fork"] = m.fork;
  object["created_at"] = text_or_null(m.created_at);
  object["updated_at"] = text_or_null(m.updated_at);
  object["pushed_at"] = text_or_null(m.pushed_at);
  object["size"] = m.size;
  object["language"] = optional_text(m.language);
  object["license"] = nullptr;
  if (m.license) {
    json::Object license;
    license["key"] = m.license->key;
    license["name"] = m.license->name;
    license["spdx_id"] = text_or_null(m.license->spdx_id);
    object["license"] = std::move(license);
  }
  object["allow_forking"] = m.allow_forking;
  object["topics"] = texts(m.topics);
  object["visibility"] = m.visibility;
  object["file_paths"] = texts(m.file_paths);
  object["languages"] = counts(languages);
  object["default_branch"] = text_or_null(m.default_branch);
  json::Object owner;
  owner["login"] = m.owner.login;
  owner["url"] = m.owner.url;
  object["owner"] = std::move(owner);
  return object;
}

json::Object categories_json(const CategorizedTypes& c) {
  json::Object object;
  object["programming"] = c.programming;
  object["data"] = c.data;
  object["markup"] = c.markup;
  object["prose"] = c.prose;
  object["nil"] = c.nil;
  return object;
}

json::Object ours_json(const RepositoryEntry& entry) {
  json::Object object;
  object["id"] = entry.metadata.id;
  object["node_id"] = entry.node_id;
  object["head_oid"] = entry.head_oid;
  object["tree_oid"] = entry.tree_oid;
  object["archived"] = entry.archived;
  object["homepage"] = entry.homepage;
  json::Array documents;
  for (const DocumentRef& ref : entry.documents) {
    json::Object document;
    document["kind"] = to_string(ref.kind);
    document["path"] = ref.path;
    document["oid"] = ref.oid;
    document["size"] = ref.size_bytes;
    document["truncated"] = ref.truncated;
    documents.push_back(std::move(document));
  }
  object["documents"] = std::move(documents);
  json::Array problems;
  for (const Problem& problem : entry.problems) {
    json::Object shown;
    shown["code"] = problem.code;
    shown["message"] = problem.message;
    problems.push_back(std::move(shown));
  }
  object["problems"] = std::move(problems);
  return object;
}

json::Object entry_json(const RepositoryEntry& entry) {
  json::Object object;
  object["name"] = entry.name;
  object["metadata"] = metadata_json(entry.metadata, entry.languages);
  auto context = json::parse(entry.repo_context, kBundleLimits);
  object["repoContext"] = context ? *std::move(context) : json::Value(json::Object());
  object["readme"] = entry.readme;
  object["skills_index"] = entry.skills_index;
  object["architecture"] = entry.architecture;
  object["file_types"] = counts(entry.file_types);
  object["categorized_types"] = categories_json(entry.categorized_types);
  object["fingerprint"] = entry.fingerprint;
  object["languages"] = counts(entry.languages);
  object["has_documentation"] = entry.has_documentation;
  object["cloudfolio"] = ours_json(entry);
  return object;
}

// --- Reading: what is missing or of another type stays as it was ---

void take(const json::Object& from, std::string_view key, std::string& to) {
  if (const auto text = json::find_string(from, key)) to = *text;
}
void take(const json::Object& from, std::string_view key, std::optional<std::string>& to) {
  if (const auto text = json::find_string(from, key)) to = std::string(*text);
}
void take(const json::Object& from, std::string_view key, std::int64_t& to) {
  if (const auto number = json::find_int(from, key)) to = *number;
}
void take(const json::Object& from, std::string_view key, bool& to) {
  if (const auto flag = json::find_bool(from, key)) to = *flag;
}
void take(const json::Object& from, std::string_view key, std::vector<std::string>& to) {
  if (const auto* array = json::find_array(from, key))
    for (const json::Value& value : *array)
      if (const auto text = json::as_string(value)) to.emplace_back(*text);
}
void take(const json::Object& from, std::string_view key,
          std::vector<std::pair<std::string, std::int64_t>>& to) {
  if (const auto* object = json::find_object(from, key))
    for (const auto& item : *object)
      if (const auto number = json::as_int(item.value()))
        to.emplace_back(std::string(item.key()), *number);
}

RepositoryMetadata metadata_from(const json::Object& object) {
  RepositoryMetadata m;
  take(object, "id", m.id);
  take(object, "name", m.name);
  take(object, "html_url", m.html_url);
  take(object, "description", m.description);
  take(object, "fork", m.fork);
  take(object, "created_at", m.created_at);
  take(object, "updated_at", m.updated_at);
  take(object, "pushed_at", m.pushed_at);
  take(object, "size", m.size);
  take(object, "language", m.language);
  if (const auto* license = json::find_object(object, "license")) {
    m.license.emplace();
    take(*license, "key", m.license->key);
    take(*license, "name", m.license->name);
    take(*license, "spdx_id", m.license->spdx_id);
  }
  take(object, "allow_forking", m.allow_forking);
  take(object, "topics", m.topics);
  take(object, "visibility", m.visibility);
  take(object, "file_paths", m.file_paths);
  take(object, "default_branch", m.default_branch);
  if (const auto* owner = json::find_object(object, "owner")) {
    take(*owner, "login", m.owner.login);
    take(*owner, "url", m.owner.url);
  }
  return m;
}

std::optional<DocumentRef> document_from(const json::Value& value) {
  const auto* object = value.if_object();
  if (!object) return std::nullopt;
  const auto kind = document_kind_from(json::find_string(*object, "kind").value_or(""));
  if (!kind) return std::nullopt;
  DocumentRef ref;
  ref.kind = *kind;
  take(*object, "path", ref.path);
  take(*object, "oid", ref.oid);
  const std::int64_t size = json::find_int(*object, "size").value_or(0);
  ref.size_bytes = size > 0 ? static_cast<std::size_t>(size) : 0;
  take(*object, "truncated", ref.truncated);
  return ref;
}

void take_ours(const json::Object& object, RepositoryEntry& entry) {
  take(object, "node_id", entry.node_id);
  take(object, "head_oid", entry.head_oid);
  take(object, "tree_oid", entry.tree_oid);
  take(object, "archived", entry.archived);
  take(object, "homepage", entry.homepage);
  if (const auto* documents = json::find_array(object, "documents"))
    for (const json::Value& value : *documents)
      if (auto ref = document_from(value)) entry.documents.push_back(*std::move(ref));
  if (const auto* problems = json::find_array(object, "problems"))
    for (const json::Value& value : *problems)
      if (const auto* problem = value.if_object()) {
        entry.problems.emplace_back();
        take(*problem, "code", entry.problems.back().code);
        take(*problem, "message", entry.problems.back().message);
      }
}

RepositoryEntry entry_from(const json::Object& object) {
  RepositoryEntry entry;
  take(object, "name", entry.name);
  if (const auto* metadata = json::find_object(object, "metadata"))
    entry.metadata = metadata_from(*metadata);
  if (entry.name.empty()) entry.name = entry.metadata.name;
  if (const auto* context = json::find(object, "repoContext"); context && !context->is_null())
    entry.repo_context = json::write(*context);
  take(object, "readme", entry.readme);
  take(object, "skills_index", entry.skills_index);
  take(object, "architecture", entry.architecture);
  take(object, "file_types", entry.file_types);
  if (const auto* types = json::find_object(object, "categorized_types")) {
    take(*types, "programming", entry.categorized_types.programming);
    take(*types, "data", entry.categorized_types.data);
    take(*types, "markup", entry.categorized_types.markup);
    take(*types, "prose", entry.categorized_types.prose);
    take(*types, "nil", entry.categorized_types.nil);
  }
  take(object, "fingerprint", entry.fingerprint);
  take(object, "languages", entry.languages);
  take(object, "has_documentation", entry.has_documentation);
  if (const auto* ours = json::find_object(object, "cloudfolio")) take_ours(*ours, entry);
  return entry;
}

}  // namespace

std::string to_json(const RepositoryEntry& entry) {
  return write_ascii(entry_json(entry));
}

std::string to_json(const Bundle& bundle) {
  std::string text = "[";
  for (const RepositoryEntry& entry : bundle.repositories) {
    if (text.size() > 1) text += ',';
    text += to_json(entry);
  }
  return text + "]";
}

Result<RepositoryEntry> read_entry(const json::Value& value) {
  const auto* object = value.if_object();
  if (!object) return Error(Code::corrupt, "a repository's entry is no JSON object");
  return entry_from(*object);
}

Result<Bundle> read_bundle(const json::Value& value) {
  const auto* array = value.if_array();
  if (!array) return Error(Code::corrupt, "a bundle is no JSON array");
  Bundle bundle;
  for (const json::Value& element : *array) {
    const auto* object = element.if_object();
    if (!object) continue;
    RepositoryEntry entry = entry_from(*object);
    if (!entry.name.empty()) bundle.repositories.push_back(std::move(entry));
  }
  sort_by_name(bundle);
  return bundle;
}

Result<RepositoryEntry> entry_from_json(std::string_view text) {
  auto value = json::parse(text, kBundleLimits);
  if (!value) return Error(Code::corrupt, value.error().message());
  return read_entry(*value);
}

Result<Bundle> bundle_from_json(std::string_view text) {
  auto value = json::parse(text, kBundleLimits);
  if (!value) return Error(Code::corrupt, value.error().message());
  return read_bundle(*value);
}

}  // namespace cloudfolio::cache

#include "cache/fingerprint.h"

#include <algorithm>

#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "json/json.h"

namespace cloudfolio::cache {

namespace {

json::Value text_or_null(const std::string& text) {
  return text.empty() ? json::Value(nullptr) : json::Value(text);
}

std::string python_md5(const json::Value& value) {
  return crypto::md5_hex(json::python_dumps(value));
}

std::string half_hash(const std::string& text) {
  return crypto::md5_hex(text).substr(0, 16);
}

// Length before text, so that no two lists of parts give the same bytes.
void add_part(crypto::Sha256& hash, std::string_view text) {
  hash.add(std::to_string(text.size()) + ":");
  hash.add(text);
}

void add_repository(crypto::Sha256& hash, const RepositoryEntry& entry) {
  add_part(hash, std::to_string(entry.metadata.id));
  add_part(hash, entry.name);
  add_part(hash, entry.metadata.description.value_or(""));
  add_part(hash, std::to_string(entry.metadata.topics.size()));
  for (const std::string& topic : entry.metadata.topics) add_part(hash, topic);
  std::vector<std::string> languages;  // By name: their bytes change with every push.
  for (const auto& [language, bytes] : entry.languages) languages.push_back(language);
  std::sort(languages.begin(), languages.end());
  add_part(hash, std::to_string(languages.size()));
  for (const std::string& language : languages) add_part(hash, language);
  add_part(hash, entry.repo_context);
  add_part(hash, entry.readme);
  add_part(hash, entry.skills_index);
  add_part(hash, entry.architecture);
}

}  // namespace

std::string metadata_fingerprint(const RepositoryMetadata& metadata) {
  json::Object fields;
  fields["id"] = metadata.id;
  fields["updated_at"] = text_or_null(metadata.updated_at);
  fields["pushed_at"] = text_or_null(metadata.pushed_at);
  fields["size"] = metadata.size;
  fields["default_branch"] = text_or_null(metadata.default_branch);
  fields["language"] = metadata.language ? json::Value(*metadata.language) : json::Value(nullptr);
  return python_md5(fields);
}

std::string bundle_fingerprint(const Bundle& bundle) {
  std::vector<std::string> fingerprints;
  for (const RepositoryEntry& entry : bundle.repositories)
    fingerprints.push_back(entry.fingerprint);
  std::sort(fingerprints.begin(), fingerprints.end());
  json::Array array;
  for (const std::string& fingerprint : fingerprints) array.emplace_back(fingerprint);
  return python_md5(array);
}

std::string old_content_fingerprint(const Bundle& bundle) {
  std::vector<const RepositoryEntry*> documented;
  for (const RepositoryEntry& entry : bundle.repositories)
    if (entry.has_documentation) documented.push_back(&entry);
  std::sort(documented.begin(), documented.end(),
            [](const RepositoryEntry* one, const RepositoryEntry* other) {
              return one->name < other->name;
            });
  json::Array array;
  for (const RepositoryEntry* entry : documented) {
    json::Object fields;
    fields["name"] = entry->name;
    fields["last_modified"] = "";  // The original reads a field that is never there.
    fields["readme_hash"] = half_hash(entry->readme);
    fields["skills_hash"] = half_hash(entry->skills_index);
    fields["arch_hash"] = half_hash(entry->architecture);
    array.push_back(std::move(fields));
  }
  return python_md5(array);
}

std::string content_fingerprint(const ContentIdentity& identity, const Bundle& bundle) {
  crypto::Sha256 hash;
  add_part(hash, "cloudfolio content 1");
  add_part(hash, identity.tenant.str());
  add_part(hash, identity.scope);
  add_part(hash, identity.base_model);
  add_part(hash, identity.recipe_version);
  std::vector<const RepositoryEntry*> entries;
  for (const RepositoryEntry& entry : bundle.repositories) entries.push_back(&entry);
  std::sort(entries.begin(), entries.end(),
            [](const RepositoryEntry* one, const RepositoryEntry* other) {
              return one->metadata.id < other->metadata.id;
            });
  add_part(hash, std::to_string(entries.size()));
  for (const RepositoryEntry* entry : entries) add_repository(hash, *entry);
  return crypto::to_hex(crypto::as_view(hash.finish()));
}

}  // namespace cloudfolio::cache

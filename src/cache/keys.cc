#include "cache/keys.h"

#include <algorithm>
#include <charconv>

namespace cloudfolio::cache {

namespace {

std::string escaped(const TenantId& tenant) {
  std::string text;
  for (const char c : tenant.str()) {
    if (c == '_')
      text += "%5F";
    else
      text += c;
  }
  return text;
}

std::string safe(std::string_view repository) {
  std::string text(repository);
  for (char& c : text)
    if (c == '/' || c == ' ') c = '_';
  return text;
}

}  // namespace

std::string bundle_key(const TenantId& tenant) {
  return "repos_bundle_context_" + tenant.str();
}
std::string model_archive_key(std::string_view fingerprint) {
  return "model_" + std::string(fingerprint) + ".zip";
}
std::string model_metadata_key(std::string_view fingerprint) {
  return "model_metadata_" + std::string(fingerprint) + ".json";
}

std::string repository_key(const TenantId& tenant, std::string_view repository) {
  return "repo_level_bundle_" + escaped(tenant) + "_" + safe(repository);
}
std::string older_repository_key(const TenantId& tenant, std::string_view repository) {
  return "repo_context_" + escaped(tenant) + "_" + safe(repository);
}

std::string sync_state_key(const TenantId& tenant) {
  return "sync_state_" + tenant.str();
}
std::string sync_report_key(const TenantId& tenant) {
  return "sync_report_" + tenant.str();
}

std::string generation_counter_key(const TenantId& tenant) {
  return "gen/" + tenant.str() + "/latest";
}
std::string generations_prefix(const TenantId& tenant) {
  return "gen/" + tenant.str() + "/";
}
std::string generation_prefix(const TenantId& tenant, std::uint64_t generation) {
  return generations_prefix(tenant) + std::to_string(generation) + "/";
}
std::string staged_key(const TenantId& tenant, std::uint64_t generation,
                       std::int64_t repository_id) {
  return generation_prefix(tenant, generation) + "repository/" + std::to_string(repository_id);
}
std::string note_key(const TenantId& tenant, std::uint64_t generation, std::string_view name) {
  return generation_prefix(tenant, generation) + "note/" + std::string(name);
}
std::string index_key(const TenantId& tenant, std::uint64_t generation, std::string_view unique) {
  return generation_prefix(tenant, generation) + "index/" + std::string(unique);
}

std::optional<std::uint64_t> generation_of(const TenantId& tenant, std::string_view key) {
  const std::string prefix = generations_prefix(tenant);
  if (!key.starts_with(prefix)) return std::nullopt;
  key.remove_prefix(prefix.size());
  const std::size_t slash = key.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  std::uint64_t generation = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + slash, generation);
  if (error != std::errc() || end != key.data() + slash) return std::nullopt;
  return generation;
}

bool is_index_key(const TenantId& tenant, std::string_view key) {
  const auto generation = generation_of(tenant, key);
  return generation && key.starts_with(index_key(tenant, *generation, ""));
}

bool is_fingerprint(std::string_view text) {
  return (text.size() == 32 || text.size() == 64) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace cloudfolio::cache

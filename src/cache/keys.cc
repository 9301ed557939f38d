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

// `name` as it is called in a public place, where it belongs to `place`.
std::string below(const Place& place, const std::string& name) {
  return place.scope.is_public() ? name : private_prefix(place) + name;
}

std::string safe(std::string_view repository) {
  std::string text(repository);
  for (char& c : text)
    if (c == '/' || c == ' ') c = '_';
  return text;
}

}  // namespace

std::string bundle_key(const Place& place) {
  if (place.scope.is_public()) return "repos_bundle_context_" + place.tenant.str();
  return "repos_private_context_" + escaped(place.tenant) + "_" + place.scope.text();
}
std::string model_archive_key(std::string_view fingerprint) {
  return "model_" + std::string(fingerprint) + ".zip";
}
std::string model_metadata_key(std::string_view fingerprint) {
  return "model_metadata_" + std::string(fingerprint) + ".json";
}
std::string model_archive_key(const Place& place, std::string_view fingerprint) {
  return below(place, model_archive_key(fingerprint));
}
std::string model_metadata_key(const Place& place, std::string_view fingerprint) {
  return below(place, model_metadata_key(fingerprint));
}

std::string repository_key(const TenantId& tenant, std::string_view repository) {
  return "repo_level_bundle_" + escaped(tenant) + "_" + safe(repository);
}
std::string older_repository_key(const TenantId& tenant, std::string_view repository) {
  return "repo_context_" + escaped(tenant) + "_" + safe(repository);
}

std::string sync_state_key(const Place& place) {
  return place.scope.is_public() ? "sync_state_" + place.tenant.str() : below(place, "sync_state");
}
std::string sync_report_key(const Place& place) {
  return place.scope.is_public() ? "sync_report_" + place.tenant.str()
                                 : below(place, "sync_report");
}

std::string private_prefix(const Place& place) {
  return "private/" + place.tenant.str() + "/" + place.scope.text() + "/";
}

std::string generation_counter_key(const Place& place) {
  return generations_prefix(place) + "latest";
}
std::string generations_prefix(const Place& place) {
  return place.scope.is_public() ? "gen/" + place.tenant.str() + "/" : below(place, "gen/");
}
std::string generation_prefix(const Place& place, std::uint64_t generation) {
  return generations_prefix(place) + std::to_string(generation) + "/";
}
std::string staged_key(const Place& place, std::uint64_t generation, std::int64_t repository_id) {
  return generation_prefix(place, generation) + "repository/" + std::to_string(repository_id);
}
std::string note_key(const Place& place, std::uint64_t generation, std::string_view name) {
  return generation_prefix(place, generation) + "note/" + std::string(name);
}
std::string index_key(const Place& place, std::uint64_t generation, std::string_view unique) {
  return generation_prefix(place, generation) + "index/" + std::string(unique);
}

std::string checkpoint_prefix(const Place& place, std::string_view fingerprint) {
  return generations_prefix(place) + "checkpoint/" + std::string(fingerprint) + "/";
}

std::optional<std::uint64_t> generation_of(const Place& place, std::string_view key) {
  const std::string prefix = generations_prefix(place);
  if (!key.starts_with(prefix)) return std::nullopt;
  key.remove_prefix(prefix.size());
  const std::size_t slash = key.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  std::uint64_t generation = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + slash, generation);
  if (error != std::errc() || end != key.data() + slash) return std::nullopt;
  return generation;
}

bool is_index_key(const Place& place, std::string_view key) {
  const auto generation = generation_of(place, key);
  return generation && key.starts_with(index_key(place, *generation, ""));
}

bool is_fingerprint(std::string_view text) {
  return (text.size() == 32 || text.size() == 64) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace cloudfolio::cache

#include "cache/publication_metadata.h"

#include <charconv>

namespace cloudfolio::cache {

namespace {

std::string text_of(const storage::Metadata& metadata, const char* name) {
  const auto found = metadata.find(name);
  return found == metadata.end() ? std::string() : found->second;
}

std::uint64_t number_of(const storage::Metadata& metadata, const char* name) {
  const std::string text = text_of(metadata, name);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

void put(storage::Metadata& metadata, const char* name, const std::string& text) {
  if (!text.empty()) metadata[name] = text;
}

std::string model_of(const storage::Metadata& metadata, const char* name) {
  const std::string text = text_of(metadata, name);
  return text.empty() ? kBaseModelName : text;
}

}  // namespace

PublicationInfo info_from(const storage::BlobProperties& properties) {
  const storage::Metadata& metadata = properties.metadata;
  PublicationInfo info;
  info.etag = properties.etag.str();
  info.generation = number_of(metadata, "generation");
  info.fingerprint = text_of(metadata, "fingerprint");
  info.content = text_of(metadata, "content");
  info.repository_count = number_of(metadata, "repositories");
  info.index.key = text_of(metadata, "index");
  info.index.model = model_of(metadata, "model");
  info.index.coverage = text_of(metadata, "coverage");
  info.stale_index = text_of(metadata, "stale_index");
  if (metadata.contains("previous_model")) {
    info.previous.emplace();
    info.previous->key = text_of(metadata, "previous_index");
    info.previous->model = model_of(metadata, "previous_model");
    info.previous->coverage = text_of(metadata, "previous_coverage");
  }
  info.last_modified = properties.last_modified;
  info.size_bytes = properties.size_bytes;
  return info;
}

storage::Metadata metadata_of(const PublicationInfo& info) {
  storage::Metadata metadata;
  put(metadata, "content", info.content);
  metadata["repositories"] = std::to_string(info.repository_count);
  put(metadata, "index", info.index.key);
  put(metadata, "model", info.index.model);
  put(metadata, "coverage", info.index.coverage);
  put(metadata, "stale_index", info.stale_index);
  if (info.previous) {
    put(metadata, "previous_index", info.previous->key);
    put(metadata, "previous_model", info.previous->model);
    put(metadata, "previous_coverage", info.previous->coverage);
  }
  return metadata;
}

}  // namespace cloudfolio::cache

#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "migrate/content_text.h"
#include "migrate/place.h"

namespace cloudfolio::migrate {

namespace {

void add(crypto::Sha256& hash, std::string_view part) {
  hash.add(std::to_string(part.size()) + ":");
  hash.add(part);
}

// Everything of a blob but its bytes.
void add_properties(crypto::Sha256& hash, const storage::BlobProperties& properties,
                    std::uint64_t size_bytes) {
  add(hash, "blob");
  add(hash, properties.content_type);
  add(hash, properties.content_encoding);
  add(hash, std::to_string(properties.metadata.size()));
  for (const auto& [name, value] : properties.metadata) {
    add(hash, name);
    add(hash, value);
  }
  hash.add(std::to_string(size_bytes) + ":");
}

std::uint64_t size_of_value(const storage::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return text->size();
  if (const auto* binary = std::get_if<storage::Binary>(&value)) return binary->bytes.size();
  return 8;
}

}  // namespace

const storage::ETag& etag_of(const Content& content) {
  if (const auto* blob = std::get_if<storage::Blob>(&content)) return blob->properties.etag;
  return std::get<storage::Entity>(content).etag;
}

std::uint64_t size_of(const Content& content) {
  if (const auto* blob = std::get_if<storage::Blob>(&content)) return blob->bytes.size();
  std::uint64_t size = 0;
  for (const auto& [name, value] : std::get<storage::Entity>(content).values)
    size += name.size() + size_of_value(value);
  return size;
}

void begin_digest(crypto::Sha256& hash, const storage::BlobProperties& properties) {
  add_properties(hash, properties, properties.size_bytes);
}

std::string digest_of(const Content& content) {
  crypto::Sha256 hash;
  if (const auto* blob = std::get_if<storage::Blob>(&content)) {
    add_properties(hash, blob->properties, blob->bytes.size());
    hash.add(blob->bytes);
  } else {
    add(hash, "entity");
    for (const auto& [name, value] : std::get<storage::Entity>(content).values) {
      add(hash, name);
      add(hash, value_text(value));
    }
  }
  return crypto::to_hex(crypto::as_view(hash.finish()));
}

}  // namespace cloudfolio::migrate

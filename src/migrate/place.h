#pragma once
// Place: one container of blobs or one table, seen as keys with content, so that one copier serves
// both.
//
// Promises: what the stores promise (storage/blob_store.h, storage/table.h). A put or remove whose
//   condition does not hold is Code::conflict and changes nothing, also where the thing is gone.
// Threads:  thread-safe. Lifetime: the store outlives it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "storage/storage.h"

namespace cloudfolio::crypto {
class Sha256;
}

namespace cloudfolio::storage {
class BlobStreams;
}

namespace cloudfolio::migrate {

using Content = std::variant<storage::Blob, storage::Entity>;

const storage::ETag& etag_of(const Content& content);
std::uint64_t size_of(const Content& content);
// SHA-256 (hex) of what a copy must have in common with its original: a blob's bytes, content type,
// content encoding and metadata; an entity's values. Each part goes in with its length, so that no
// two contents give the same bytes.
std::string digest_of(const Content& content);
// The same in pieces: after this, add a blob's bytes to `hash`, and its hex digest is digest_of.
void begin_digest(crypto::Sha256& hash, const storage::BlobProperties& properties);

class Place {
 public:
  struct Entry {
    std::string key;  // An entity's: partition, 0x1F, row.
    storage::ETag etag;
    std::uint64_t size_bytes = 0;
    std::optional<Content> content;  // Where listing brings it anyway.
  };
  struct Page {
    std::vector<Entry> entries;
    std::string continuation;  // Empty: this was the last page.
  };

  virtual ~Place() = default;

  // As the journal and reports name it: "blobs:github-cache", "table:RepoMetadata".
  virtual const std::string& name() const = 0;
  // In byte order of the keys, except that entities whose keys hold characters above U+FFFF may
  // stand elsewhere.
  virtual Result<Page> list(const Context& ctx, const std::string& continuation) = 0;
  // nullopt: not there.
  virtual Result<std::optional<Entry>> find(const Context& ctx, const std::string& key) = 0;
  virtual Result<std::optional<Content>> get(const Context& ctx, const std::string& key) = 0;
  virtual Result<storage::ETag> put(const Context& ctx, const std::string& key, Content content,
                                    const storage::PutIf& condition) = 0;
  virtual Status remove(const Context& ctx, const std::string& key, const storage::ETag& only) = 0;
  // Null where contents pass only as a whole.
  virtual storage::BlobStreams* streams() { return nullptr; }
};

Result<std::unique_ptr<Place>> open_blobs(storage::Storage& store, std::string_view container);
Result<std::unique_ptr<Place>> open_table(storage::Storage& store, std::string_view table);

}  // namespace cloudfolio::migrate

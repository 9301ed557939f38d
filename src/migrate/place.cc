#include "migrate/place.h"

#include "storage/blob_streams.h"

namespace cloudfolio::migrate {

namespace {

constexpr char kBetween = '\x1f';  // No table key holds it, and it sorts below all that they hold.

std::string key_text(const storage::EntityKey& key) {
  return key.partition + kBetween + key.row;
}

storage::EntityKey entity_key(const std::string& text) {
  const std::size_t between = text.find(kBetween);
  return {text.substr(0, between), text.substr(between + 1)};
}

template <class T>
Result<std::optional<T>> found(Result<T> result) {
  if (result) return std::optional<T>(*std::move(result));
  if (result.error().code() == Code::not_found) return std::optional<T>();
  return std::move(result).error();
}

class BlobPlace final : public Place {
 public:
  BlobPlace(storage::BlobStore& blobs, std::string_view container)
      : blobs_(blobs), name_("blobs:" + std::string(container)) {}

  const std::string& name() const override { return name_; }

  Result<Page> list(const Context& ctx, const std::string& continuation) override {
    storage::ListOptions options;
    options.continuation = continuation;
    CF_TRY(storage::BlobPage page, blobs_.list(ctx, options));
    Page listed;
    listed.continuation = std::move(page.continuation);
    listed.entries.reserve(page.entries.size());
    for (storage::BlobEntry& entry : page.entries)
      listed.entries.push_back(
          {entry.key.str(), entry.properties.etag, entry.properties.size_bytes, {}});
    return listed;
  }

  Result<std::optional<Entry>> find(const Context& ctx, const std::string& key) override {
    CF_TRY(const auto head, found(blobs_.head(ctx, storage::BlobKey(key))));
    if (!head) return std::optional<Entry>();
    return std::optional<Entry>(Entry{key, head->etag, head->size_bytes, {}});
  }

  Result<std::optional<Content>> get(const Context& ctx, const std::string& key) override {
    CF_TRY(auto blob, found(blobs_.get(ctx, storage::BlobKey(key))));
    if (!blob) return std::optional<Content>();
    return std::optional<Content>(*std::move(blob));
  }

  Result<storage::ETag> put(const Context& ctx, const std::string& key, Content content,
                            const storage::PutIf& condition) override {
    auto& blob = std::get<storage::Blob>(content);
    storage::PutOptions options;
    options.condition = condition;
    options.metadata = std::move(blob.properties.metadata);
    options.content_type = std::move(blob.properties.content_type);
    options.content_encoding = std::move(blob.properties.content_encoding);
    return blobs_.put(ctx, storage::BlobKey(key), std::move(blob.bytes), options);
  }

  Status remove(const Context& ctx, const std::string& key, const storage::ETag& only) override {
    storage::RemoveOptions options;
    options.condition = storage::Matches{only};
    return blobs_.remove(ctx, storage::BlobKey(key), options);
  }

  storage::BlobStreams* streams() override { return storage::streams_of(blobs_); }

 private:
  storage::BlobStore& blobs_;
  const std::string name_;
};

class TablePlace final : public Place {
 public:
  TablePlace(storage::Table& table, std::string_view name)
      : table_(table), name_("table:" + std::string(name)) {}

  const std::string& name() const override { return name_; }

  Result<Page> list(const Context& ctx, const std::string& continuation) override {
    storage::TableQuery query;
    query.continuation = continuation;
    CF_TRY(storage::TablePage page, table_.query(ctx, query));
    Page listed;
    listed.continuation = std::move(page.continuation);
    listed.entries.reserve(page.entities.size());
    for (storage::Entity& entity : page.entities) listed.entries.push_back(entry_of(entity));
    return listed;
  }

  Result<std::optional<Entry>> find(const Context& ctx, const std::string& key) override {
    CF_TRY(auto entity, found(table_.get(ctx, entity_key(key))));
    if (!entity) return std::optional<Entry>();
    return std::optional<Entry>(entry_of(*entity));
  }

  Result<std::optional<Content>> get(const Context& ctx, const std::string& key) override {
    CF_TRY(auto entity, found(table_.get(ctx, entity_key(key))));
    if (!entity) return std::optional<Content>();
    return std::optional<Content>(*std::move(entity));
  }

  Result<storage::ETag> put(const Context& ctx, const std::string& key, Content content,
                            const storage::PutIf& condition) override {
    auto& entity = std::get<storage::Entity>(content);
    entity.key = entity_key(key);
    if (std::holds_alternative<storage::Nothing>(condition)) return table_.insert(ctx, entity);
    const auto* matches = std::get_if<storage::Matches>(&condition);
    if (!matches) return table_.upsert(ctx, entity, storage::Write::replace);
    auto etag = table_.update(ctx, entity, storage::Write::replace, *matches);
    if (!etag && etag.error().code() == Code::not_found)
      return Error(Code::conflict, etag.error().message());
    return etag;
  }

  Status remove(const Context& ctx, const std::string& key, const storage::ETag& only) override {
    return table_.remove(ctx, entity_key(key), storage::Matches{only});
  }

 private:
  static Entry entry_of(storage::Entity& entity) {
    Entry entry{key_text(entity.key), entity.etag, 0, {}};
    entry.content = Content(std::move(entity));
    entry.size_bytes = size_of(*entry.content);
    return entry;
  }

  storage::Table& table_;
  const std::string name_;
};

}  // namespace

Result<std::unique_ptr<Place>> open_blobs(storage::Storage& store, std::string_view container) {
  CF_TRY(storage::BlobStore* const blobs, store.blobs(container));
  return std::make_unique<BlobPlace>(*blobs, container);
}

Result<std::unique_ptr<Place>> open_table(storage::Storage& store, std::string_view table) {
  CF_TRY(storage::Table* const opened, store.table(table));
  return std::make_unique<TablePlace>(*opened, table);
}

}  // namespace cloudfolio::migrate

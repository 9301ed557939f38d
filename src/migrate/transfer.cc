#include "migrate/transfer.h"

#include "crypto/encoding.h"
#include "crypto/hash.h"

namespace cloudfolio::migrate {

namespace {

// Of examining what somebody keeps writing.
constexpr int kVersionsMax = 8;

// Reads all of it; each piece goes to `use` as well.
template <class Use>
Result<Seen> read_through(const Context& ctx, storage::BlobReader& reader, const Use& use) {
  const storage::BlobProperties& properties = reader.properties();
  crypto::Sha256 hash;
  begin_digest(hash, properties);
  std::uint64_t size_bytes = 0;
  while (true) {
    CF_TRY(const std::string piece, reader.next(ctx));
    if (piece.empty()) break;
    size_bytes += piece.size();
    hash.add(piece);
    CF_CHECK(use(piece));
  }
  if (size_bytes != properties.size_bytes)
    return Error(Code::corrupt, "the store gave " + std::to_string(size_bytes) + " bytes of " +
                                    std::to_string(properties.size_bytes));
  return Seen{properties.etag, size_bytes, crypto::to_hex(crypto::as_view(hash.finish()))};
}

Result<std::optional<std::unique_ptr<storage::BlobReader>>> open(const Context& ctx, Place& place,
                                                                 const std::string& key) {
  using Reader = std::unique_ptr<storage::BlobReader>;
  auto opened = place.streams()->open_reader(ctx, storage::BlobKey(key));
  if (opened) return std::optional<Reader>(*std::move(opened));
  if (opened.error().code() == Code::not_found) return std::optional<Reader>();
  return std::move(opened).error();
}

}  // namespace

Seen seen_of(const Content& content) {
  return {etag_of(content), size_of(content), digest_of(content)};
}

Result<std::optional<Seen>> examine(const Context& ctx, Place& place, const std::string& key) {
  if (!place.streams()) {
    CF_TRY(const auto content, place.get(ctx, key));
    if (!content) return std::optional<Seen>();
    return std::optional<Seen>(seen_of(*content));
  }
  for (int version = 0; version < kVersionsMax; ++version) {
    CF_TRY(const auto reader, open(ctx, place, key));
    if (!reader) return std::optional<Seen>();
    auto seen = read_through(ctx, **reader, [](std::string_view) -> Status { return Done{}; });
    if (seen) return std::optional<Seen>(*std::move(seen));
    if (seen.error().code() != Code::conflict) return std::move(seen).error();
  }
  return Error(Code::unavailable, "it changes faster than it can be read");
}

bool can_stream(Place& from, Place& to) {
  return from.streams() && to.streams();
}

Result<std::optional<Transfer>> stream(const Context& ctx, Place& from, Place& to,
                                       const std::string& key, const storage::PutIf& condition) {
  CF_TRY(const auto reader, open(ctx, from, key));
  if (!reader) return std::optional<Transfer>();
  const storage::BlobProperties& properties = (*reader)->properties();
  storage::PutOptions options;
  options.condition = condition;
  options.metadata = properties.metadata;
  options.content_type = properties.content_type;
  options.content_encoding = properties.content_encoding;
  CF_TRY(auto opened, to.streams()->open_writer(ctx, storage::BlobKey(key), options));
  // Shared, because a std::function can be copied.
  const std::shared_ptr<storage::BlobWriter> writer = std::move(opened);
  CF_TRY(Seen source, read_through(ctx, **reader, [&](std::string_view piece) {
           return writer->write(ctx, piece);
         }));
  return std::optional<Transfer>(
      Transfer{std::move(source), [writer](const Context& then) { return writer->commit(then); }});
}

Transfer hand_over(Content content, Place& to, const std::string& key,
                   const storage::PutIf& condition) {
  Seen source = seen_of(content);
  const auto shared = std::make_shared<Content>(std::move(content));
  return {std::move(source), [shared, &to, key, condition](const Context& ctx) {
            return to.put(ctx, key, std::move(*shared), condition);
          }};
}

}  // namespace cloudfolio::migrate

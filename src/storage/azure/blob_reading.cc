#include "storage/azure/blob_reading.h"

#include "storage/azure/blob_headers.h"

namespace cloudfolio::storage::azure {
namespace {

// Of reading a blob that somebody keeps writing.
constexpr int kVersionsMax = 10;

enum class Range { whole, pieces };

WireRequest piece_request(const std::string& path, std::size_t from, std::size_t count) {
  WireRequest request;
  request.path = path;
  request.headers.set("x-ms-range",
                      "bytes=" + std::to_string(from) + "-" + std::to_string(from + count - 1));
  request.answer_bytes_max = count;
  return request;
}

// The rest of `blob`; false if it changed meanwhile.
Result<bool> read_rest(const Context& ctx, Service& service, const std::string& path, Blob& blob) {
  blob.bytes.reserve(blob.properties.size_bytes);
  while (blob.bytes.size() < blob.properties.size_bytes) {
    const auto piece = read_piece(ctx, service, path, blob.properties, blob.bytes.size(),
                                  service.options().transfers.read_bytes);
    if (!piece && piece.error().code() == Code::conflict) return false;
    if (!piece) return piece.error();
    blob.bytes += *piece;
  }
  return true;
}

Result<Reply> first_piece(const Context& ctx, Service& service, const std::string& path,
                          const ETag* known, Range range) {
  WireRequest request = piece_request(path, 0, service.options().transfers.read_bytes);
  if (range == Range::whole) request.headers.remove("x-ms-range");
  if (known) request.headers.set("If-None-Match", header_etag(*known));
  return service.send(ctx, request);
}

}  // namespace

Result<Blob> read_first_piece(const Context& ctx, Service& service, const std::string& path,
                              std::size_t count) {
  CF_TRY(Reply reply, service.send(ctx, piece_request(path, 0, count)));
  if (reply.status() == 416) {
    // An empty blob has no range at all.
    CF_TRY(reply, service.send(ctx, {.method = http::Method::head, .path = path}));
    CF_CHECK(check_reply(reply));
    CF_TRY(StoredBlob stored, stored_blob_from(reply.response.headers));
    if (stored.properties.size_bytes > 0)
      return Error(Code::unavailable, "the blob was written while its reading began");
    return Blob{.bytes = {}, .properties = std::move(stored.properties)};
  }
  CF_CHECK(check_reply(reply));
  CF_TRY(StoredBlob stored, stored_blob_from(reply.response.headers));
  return Blob{.bytes = std::string(reply.response.body.view()),
              .properties = std::move(stored.properties)};
}

Result<std::string> read_piece(const Context& ctx, Service& service, const std::string& path,
                               const BlobProperties& version, std::size_t from, std::size_t count) {
  WireRequest request = piece_request(path, from, count);
  request.headers.set("If-Match", header_etag(version.etag));
  CF_TRY(const Reply reply, service.send(ctx, request));
  if (reply.status() == 412 || reply.status() == 404 || reply.status() == 416)
    return Error(Code::conflict, "the blob was written or removed while it was read");
  CF_CHECK(check_reply(reply));
  const std::string_view bytes = reply.response.body.view();
  if (bytes.empty() || bytes.size() > count || from + bytes.size() > version.size_bytes)
    return Error(Code::corrupt, "the blob service sent a piece of another length than asked for");
  return std::string(bytes);
}

Result<std::optional<Blob>> read_blob(const Context& ctx, Service& service, const std::string& path,
                                      const ETag* known) {
  Range range = Range::pieces;
  for (int version = 0; version < kVersionsMax; ++version) {
    CF_TRY(const Reply reply, first_piece(ctx, service, path, known, range));
    if (reply.status() == 304) return std::optional<Blob>();
    // An empty blob has no range at all.
    if (reply.status() == 416 && range == Range::pieces) {
      range = Range::whole;
      continue;
    }
    CF_CHECK(check_reply(reply));
    CF_TRY(StoredBlob stored, stored_blob_from(reply.response.headers));
    if (stored.properties.size_bytes > kBlobBytesMax)
      return Error(Code::quota_exceeded,
                   "the blob is larger than " + std::to_string(kBlobBytesMax) + " bytes");
    Blob blob{.bytes = std::string(reply.response.body.view()),
              .properties = std::move(stored.properties)};
    CF_TRY(const bool whole, read_rest(ctx, service, path, blob));
    if (whole) return std::optional<Blob>(std::move(blob));
    range = Range::pieces;
  }
  return Error(Code::unavailable, "the blob changes faster than it can be read");
}

}  // namespace cloudfolio::storage::azure

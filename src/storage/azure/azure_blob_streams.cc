// Ranged GETs of one version, and blocks that a last request makes a blob.

#include <algorithm>

#include "crypto/random_bytes.h"
#include "storage/azure/azure_blob_store.h"
#include "storage/azure/blob_headers.h"
#include "storage/azure/blob_reading.h"
#include "storage/azure/block_upload.h"
#include "storage/rules.h"

namespace cloudfolio::storage::azure {

namespace {

class RangeReader final : public BlobReader {
 public:
  RangeReader(Service& service, std::string path, Blob first)
      : service_(service),
        path_(std::move(path)),
        properties_(std::move(first.properties)),
        piece_(std::move(first.bytes)) {}

  const BlobProperties& properties() const override { return properties_; }

  Result<std::string> next(const Context& ctx) override {
    CF_CHECK(check_context(ctx, service_.clock().now()));
    if (piece_.empty() && at_ < properties_.size_bytes) {
      CF_TRY(piece_,
             read_piece(ctx, service_, path_, properties_, std::size_t(at_), kStreamPieceBytesMax));
    }
    at_ += piece_.size();
    return std::exchange(piece_, {});
  }

 private:
  Service& service_;
  const std::string path_;
  const BlobProperties properties_;
  std::string piece_;  // Read, and not given yet.
  std::uint64_t at_ = 0;
};

}  // namespace

// Blocks with ids of this upload; the list names them in order.
class StreamedUpload final : public BlobWriter {
 public:
  StreamedUpload(AzureBlobStore& blobs, BlobKey key, PutOptions options)
      : blobs_(blobs),
        key_(std::move(key)),
        options_(std::move(options)),
        path_(blobs.path_of(key_)),
        block_bytes_(
            std::min(kStreamPieceBytesMax, blobs.service_.options().transfers.block_bytes)) {
    add_lease(options_.lease, lease_);
  }

  Status write(const Context& ctx, std::string_view bytes) override {
    if (spent_) return writer_is_spent();
    spent_ = true;  // Until this call has succeeded.
    CF_CHECK(check_streamed_size(sent_bytes_ + block_.size(), bytes.size()));
    while (!bytes.empty()) {
      const std::size_t count = std::min(block_bytes_ - block_.size(), bytes.size());
      block_ += bytes.substr(0, count);
      bytes.remove_prefix(count);
      if (block_.size() == block_bytes_) CF_CHECK(send_block(ctx));
    }
    spent_ = false;
    return Done{};
  }

  Result<ETag> commit(const Context& ctx) override {
    if (spent_) return writer_is_spent();
    spent_ = true;
    if (!block_.empty()) CF_CHECK(send_block(ctx));
    const std::string mark = crypto::random_uuid();
    WireRequest request;
    request.method = http::Method::put;
    request.path = path_;
    request.query = {{"comp", "blocklist"}};
    add_properties(options_, mark, request.headers);
    add_condition(options_.condition, request.headers);
    add_lease(options_.lease, request.headers);
    request.body = std::make_shared<const std::string>(block_list(ids_));
    CF_TRY(Reply reply, blobs_.service_.send(ctx, request));
    if (reply.code == "ContainerNotFound" && ids_.empty()) {
      CF_CHECK(blobs_.create_container(ctx));
      CF_TRY(reply, blobs_.service_.send(ctx, request));
    }
    if (reply.code == "InvalidBlockList") return settle_dropped(ctx, mark, reply);
    if (!reply.ok()) return blobs_.settle(ctx, key_, mark, reply);
    const std::string etag = reply.header("ETag");
    if (etag.empty())
      return Error(Code::corrupt, "the blob service answered a commit without ETag");
    return ETag(etag);
  }

 private:
  Status send_block(const Context& ctx) {
    const std::string id = block_id(upload_, ids_.size());
    sent_bytes_ += block_.size();
    const auto bytes = std::make_shared<const std::string>(std::exchange(block_, {}));
    Status sent = put_block(ctx, blobs_.service_, path_, id, bytes, lease_);
    if (!sent && sent.error().code() == Code::not_found) {
      CF_CHECK(blobs_.create_container(ctx));
      sent = put_block(ctx, blobs_.service_, path_, id, bytes, lease_);
    }
    CF_CHECK(sent);
    ids_.push_back(id);
    return Done{};
  }

  // An earlier attempt of the commit took the blocks, or another writer of the blob dropped them.
  Result<ETag> settle_dropped(const Context& ctx, const std::string& mark, const Reply& reply) {
    CF_TRY(const Reply now,
           blobs_.service_.send(ctx, {.method = http::Method::head, .path = path_}));
    if (now.ok()) {
      CF_TRY(StoredBlob stored, stored_blob_from(now.response.headers));
      if (stored.mark == mark) return std::move(stored.properties.etag);
    }
    return Error(Code::unavailable,
                 reply.in_doubt ? "an attempt to commit was not answered, and the blob was written "
                                  "since: whether the first took effect is not known"
                                : "another writer of the blob dropped its blocks; begin again");
  }

  AzureBlobStore& blobs_;
  const BlobKey key_;
  const PutOptions options_;
  const std::string path_;
  const std::size_t block_bytes_;
  const std::string upload_ = new_upload();
  http::Headers lease_;
  std::vector<std::string> ids_;
  std::string block_;  // Not sent yet.
  std::uint64_t sent_bytes_ = 0;
  bool spent_ = false;
};

Result<std::unique_ptr<BlobReader>> AzureBlobStore::open_reader(const Context& ctx,
                                                                const BlobKey& key) {
  CF_CHECK(check_context(ctx, service_.clock().now()));
  CF_CHECK(check_blob_key(key));
  std::string path = path_of(key);
  CF_TRY(Blob first, read_first_piece(ctx, service_, path, kStreamPieceBytesMax));
  return std::make_unique<RangeReader>(service_, std::move(path), std::move(first));
}

Result<std::unique_ptr<BlobWriter>> AzureBlobStore::open_writer(const Context& ctx,
                                                                const BlobKey& key,
                                                                const PutOptions& options) {
  CF_CHECK(check_context(ctx, service_.clock().now()));
  CF_CHECK(check_blob_key(key));
  CF_CHECK(check_put("", options));
  return std::make_unique<StreamedUpload>(*this, key, options);
}

}  // namespace cloudfolio::storage::azure

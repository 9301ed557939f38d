// A version read in pieces is a copy of it; one written in pieces is gathered, then put.

#include "storage/memory/memory_blob_store.h"
#include "storage/rules.h"

namespace cloudfolio::storage {

namespace {

class MemoryReader final : public BlobReader {
 public:
  MemoryReader(Blob blob, const Clock& clock) : blob_(std::move(blob)), clock_(clock) {}

  const BlobProperties& properties() const override { return blob_.properties; }
  Result<std::string> next(const Context& ctx) override {
    CF_CHECK(check_context(ctx, clock_.now()));
    std::string piece = blob_.bytes.substr(at_, kStreamPieceBytesMax);
    at_ += piece.size();
    return piece;
  }

 private:
  const Blob blob_;
  const Clock& clock_;
  std::size_t at_ = 0;
};

class MemoryWriter final : public BlobWriter {
 public:
  MemoryWriter(MemoryBlobStore& blobs, BlobKey key, PutOptions options)
      : blobs_(blobs), key_(std::move(key)), options_(std::move(options)) {}

  Status write(const Context&, std::string_view bytes) override {
    if (spent_) return writer_is_spent();
    const Status fits = check_streamed_size(bytes_.size(), bytes.size());
    spent_ = !fits;
    if (fits) bytes_ += bytes;
    return fits;
  }
  Result<ETag> commit(const Context& ctx) override {
    if (spent_) return writer_is_spent();
    spent_ = true;
    return blobs_.put(ctx, key_, std::move(bytes_), options_);
  }

 private:
  MemoryBlobStore& blobs_;
  const BlobKey key_;
  const PutOptions options_;
  std::string bytes_;
  bool spent_ = false;
};

}  // namespace

Result<std::unique_ptr<BlobReader>> MemoryBlobStore::open_reader(const Context& ctx,
                                                                 const BlobKey& key) {
  CF_TRY(Blob blob, get(ctx, key));
  return std::make_unique<MemoryReader>(std::move(blob), clock_);
}

Result<std::unique_ptr<BlobWriter>> MemoryBlobStore::open_writer(const Context& ctx,
                                                                 const BlobKey& key,
                                                                 const PutOptions& options) {
  CF_CHECK(check(ctx, key));
  CF_CHECK(check_put("", options));
  return std::make_unique<MemoryWriter>(*this, key, options);
}

}  // namespace cloudfolio::storage

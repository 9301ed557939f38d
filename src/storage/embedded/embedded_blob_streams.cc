// A large blob's file read and written in pieces; its row is found first, or written last.

#include <algorithm>

#include "crypto/hash.h"
#include "storage/embedded/embedded_blob_store.h"
#include "storage/rules.h"

namespace cloudfolio::storage::embedded {

namespace {

constexpr int kOpenTriesMax = 100;

class PieceReader final : public BlobReader {
 public:
  PieceReader(const Clock& clock, BlobRow row, std::unique_ptr<BlobFiles::Leaving> file,
              Error damaged)
      : clock_(clock), row_(std::move(row)), file_(std::move(file)), damaged_(std::move(damaged)) {}

  const BlobProperties& properties() const override { return row_.properties; }

  // The last piece is given only after the digest of all was found right.
  Result<std::string> next(const Context& ctx) override {
    CF_CHECK(check_context(ctx, clock_.now()));
    if (checked_) return std::string();
    std::string piece;
    if (file_) {
      CF_TRY(piece, file_->next(kStreamPieceBytesMax));
    } else {
      piece = row_.content.bytes.substr(std::size_t(at_), kStreamPieceBytesMax);
    }
    hash_.add(piece);
    at_ += piece.size();
    if (!piece.empty() && at_ < row_.properties.size_bytes) return piece;
    if (at_ != row_.properties.size_bytes || crypto::as_view(hash_.finish()) != row_.content.sha256)
      return damaged_;
    checked_ = true;
    return piece;
  }

 private:
  const Clock& clock_;
  const BlobRow row_;
  const std::unique_ptr<BlobFiles::Leaving> file_;
  const Error damaged_;
  crypto::Sha256 hash_;
  std::uint64_t at_ = 0;
  bool checked_ = false;
};

}  // namespace

// Always into a file of its own, however few the bytes.
class StreamedFile final : public BlobWriter {
 public:
  StreamedFile(EmbeddedBlobStore& blobs, BlobKey key, PutOptions options,
               std::unique_ptr<BlobFiles::Arriving> file)
      : blobs_(blobs), key_(std::move(key)), options_(std::move(options)), file_(std::move(file)) {}

  Status write(const Context& ctx, std::string_view bytes) override {
    if (!file_) return writer_is_spent();
    const Status done = add(ctx, bytes);
    if (!done) file_.reset();
    return done;
  }

  Result<ETag> commit(const Context& ctx) override {
    if (!file_) return writer_is_spent();
    const auto file = std::move(file_);
    CF_CHECK(blobs_.check(ctx, key_));
    NewBlob blob{.etag = 0,
                 .modified_at = blobs_.store_.clock.wall_time(),
                 .size_bytes = size_bytes_,
                 .options = &options_,
                 .file = {},
                 .sha256 = std::string(crypto::as_view(hash_.finish())),
                 .bytes = {}};
    CF_TRY(blob.file, file->finish());
    auto etag = blobs_.put_row(key_, blob);
    // After any other error a crash may yet bring the row to light: the sweep looks at the rows.
    if (!etag && etag.error().code() == Code::conflict) blobs_.store_.files->remove(*blob.file);
    return etag;
  }

 private:
  Status add(const Context& ctx, std::string_view bytes) {
    CF_CHECK(check_context(ctx, blobs_.store_.clock.now()));
    CF_CHECK(check_streamed_size(size_bytes_, bytes.size()));
    CF_CHECK(file_->add(bytes));
    hash_.add(bytes);
    size_bytes_ += bytes.size();
    return Done{};
  }

  EmbeddedBlobStore& blobs_;
  const BlobKey key_;
  const PutOptions options_;
  std::unique_ptr<BlobFiles::Arriving> file_;  // Null: spent.
  crypto::Sha256 hash_;
  std::uint64_t size_bytes_ = 0;
};

Result<std::unique_ptr<BlobReader>> EmbeddedBlobStore::open_reader(const Context& ctx,
                                                                   const BlobKey& key) {
  CF_CHECK(check(ctx, key));
  std::optional<std::string> tried;
  for (int tries_count = 1;; ++tries_count) {
    CF_TRY(auto row, find_blob(*store_.readers->borrow(), place_, key, Part::all));
    if (!row) return Error(Code::not_found, "there is no blob '" + key.str() + "'");
    Error broken = damaged(key, row->content);
    std::unique_ptr<BlobFiles::Leaving> file;
    if (row->content.file) {
      CF_TRY(file, store_.files->open_file(*row->content.file));
      // Overwritten between row and file; the same row again: its file is lost.
      if (!file && (row->content.file == tried || tries_count == kOpenTriesMax)) return broken;
      tried = row->content.file;
      if (!file) continue;
    }
    return std::make_unique<PieceReader>(store_.clock, *std::move(row), std::move(file),
                                         std::move(broken));
  }
}

Result<std::unique_ptr<BlobWriter>> EmbeddedBlobStore::open_writer(const Context& ctx,
                                                                   const BlobKey& key,
                                                                   const PutOptions& options) {
  CF_CHECK(check(ctx, key));
  CF_CHECK(check_put("", options));
  CF_TRY(auto file, store_.files->begin());
  return std::make_unique<StreamedFile>(*this, key, options, std::move(file));
}

}  // namespace cloudfolio::storage::embedded

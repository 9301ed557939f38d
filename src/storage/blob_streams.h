#pragma once
// Blobs in pieces, for those too large to hold in memory: reading one version, and writing one.
//
// Every backend's BlobStore is also a BlobStreams; a wrapper may not be one (streams_of).
// testing/blob_streams_conformance.cc checks each promise on each backend.
//
// Promises:
//  - A reader gives the bytes of exactly one version, the one that properties() describe, or an
//    error: Code::conflict where the version is gone before its last byte (begin anew), and
//    Code::corrupt, before the last piece, where the backend can tell that the bytes are not those
//    written. A backend that can go on reading a version that was replaced does.
//  - What a writer was given is visible to nobody before commit() succeeded, and then as one put:
//    whole, durable, under the condition and lease of its options, which hold at commit.
//  - A writer that ends without commit(), or whose process is killed, leaves the blob as it was.
//    What it sent is room that the backend frees by itself (embedded: the sweep; Azure: after a
//    week or with the blob's next write).
//  - No more than about two pieces are in memory for a reader, and as much for a writer, however
//    large the blob. (The memory backend holds its blobs in memory anyway.)
// Threads:  one thread at a time uses a reader or writer; the streams are as the store.
// Lifetime: the store outlives its readers and writers.
// Errors:   as blob_store.h. After an error of write() or commit() the writer is spent: its other
//   calls are Code::invalid_argument. Code::unavailable of commit(): as of a put, it may have
//   happened.
// Lost answers: a piece is sent again until it arrives (azure/azure.h's retries); a commit whose
//   answer was lost is recognised as done.

#include <memory>
#include <string>
#include <string_view>

#include "storage/blob_store.h"

namespace cloudfolio::storage {

// Of what a reader gives at once and a writer holds back.
inline constexpr std::size_t kStreamPieceBytesMax = 2 * kMiB;

class BlobReader {
 public:
  virtual ~BlobReader() = default;
  virtual const BlobProperties& properties() const = 0;
  // The next 1 to kStreamPieceBytesMax bytes; empty: that was all.
  virtual Result<std::string> next(const Context& ctx) = 0;
};

class BlobWriter {
 public:
  virtual ~BlobWriter() = default;
  // Any number of bytes; together at most kBlobBytesMax.
  virtual Status write(const Context& ctx, std::string_view bytes) = 0;
  virtual Result<ETag> commit(const Context& ctx) = 0;
};

class BlobStreams {
 public:
  virtual ~BlobStreams() = default;
  virtual Result<std::unique_ptr<BlobReader>> open_reader(const Context& ctx,
                                                          const BlobKey& key) = 0;
  virtual Result<std::unique_ptr<BlobWriter>> open_writer(const Context& ctx, const BlobKey& key,
                                                          const PutOptions& options) = 0;
};

// Null where `blobs` is a wrapper that passes whole blobs only.
BlobStreams* streams_of(BlobStore& blobs);

// Of a writer that was given `before` bytes already.
Status check_streamed_size(std::uint64_t before, std::size_t more);
// Of a writer that ended, by commit or error.
Error writer_is_spent();

}  // namespace cloudfolio::storage

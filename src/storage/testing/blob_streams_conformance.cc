#include "storage/blob_streams.h"

#include "storage/testing/conformance.h"

namespace cloudfolio::storage {

void link_blob_streams_conformance() {}

namespace {

// Not one piece like another.
std::string bytes_of(std::size_t size_bytes) {
  std::string bytes;
  bytes.reserve(size_bytes + 16);
  for (std::uint64_t i = 0; bytes.size() < size_bytes; ++i) bytes += std::to_string(i * i) + '\0';
  bytes.resize(size_bytes);
  return bytes;
}

class Streams {
 public:
  Streams(BlobStore& blobs, const Context& ctx) : ctx_(ctx), streams_(*streams_of(blobs)) {}

  std::unique_ptr<BlobWriter> writer(const std::string& key, const PutOptions& options = {}) {
    auto opened = streams_.open_writer(ctx_, BlobKey(key), options);
    EXPECT_TRUE(opened) << opened.error().message();
    return *std::move(opened);
  }
  std::unique_ptr<BlobReader> reader(const std::string& key) {
    auto opened = streams_.open_reader(ctx_, BlobKey(key));
    EXPECT_TRUE(opened) << opened.error().message();
    return *std::move(opened);
  }
  // All that is left, or the error's code.
  std::string rest(BlobReader& reader) {
    std::string bytes;
    while (true) {
      const auto piece = reader.next(ctx_);
      if (!piece) return std::string(to_string(piece.error().code()));
      EXPECT_LE(piece->size(), kStreamPieceBytesMax);
      if (piece->empty()) return bytes;
      bytes += *piece;
    }
  }
  std::string commit_code(BlobWriter& writer) {
    const auto etag = writer.commit(ctx_);
    return etag ? "ok" : std::string(to_string(etag.error().code()));
  }

 private:
  const Context& ctx_;
  BlobStreams& streams_;
};

TEST_P(BlobStoreConformance, what_is_written_in_pieces_is_one_blob_and_reads_back_in_pieces) {
  Streams streams(blobs, ctx);
  const std::string bytes = bytes_of(3 * kStreamPieceBytesMax + 12'345);
  PutOptions options;
  options.metadata = {{"username", "octocat"}};
  options.content_type = "application/zip";
  options.content_encoding = "utf-8";
  const auto writer = streams.writer("large", options);
  for (std::size_t at = 0; at < bytes.size(); at += 777'777)
    ASSERT_TRUE(writer->write(ctx, std::string_view(bytes).substr(at, 777'777)));
  EXPECT_EQ(get("large"), "not_found");
  EXPECT_TRUE(list("", 10).empty());
  const auto etag = writer->commit(ctx);
  ASSERT_TRUE(etag) << etag.error().message();
  EXPECT_TRUE(get("large") == bytes);

  const auto reader = streams.reader("large");
  EXPECT_EQ(reader->properties().etag, *etag);
  EXPECT_EQ(reader->properties().size_bytes, bytes.size());
  EXPECT_EQ(reader->properties().metadata, options.metadata);
  EXPECT_EQ(reader->properties().content_type, "application/zip");
  EXPECT_EQ(reader->properties().content_encoding, "utf-8");
  EXPECT_TRUE(streams.rest(*reader) == bytes);
  EXPECT_EQ(streams.rest(*reader), "");
}

TEST_P(BlobStoreConformance, streams_take_blobs_of_any_size) {
  Streams streams(blobs, ctx);
  for (const std::size_t size : {std::size_t(0), std::size_t(1), kStreamPieceBytesMax}) {
    const std::string bytes = bytes_of(size);
    const auto writer = streams.writer("any");
    ASSERT_TRUE(writer->write(ctx, bytes));
    EXPECT_EQ(streams.commit_code(*writer), "ok");
    EXPECT_TRUE(get("any") == bytes) << size;
    EXPECT_TRUE(streams.rest(*streams.reader("any")) == bytes) << size;
    put("whole", bytes);
    EXPECT_TRUE(streams.rest(*streams.reader("whole")) == bytes) << size;
  }
}

TEST_P(BlobStoreConformance, a_writer_that_ends_without_commit_changes_nothing) {
  Streams streams(blobs, ctx);
  const ETag before = put("kept", "old");
  {
    const auto over = streams.writer("kept");
    const auto beside = streams.writer("never");
    ASSERT_TRUE(over->write(ctx, bytes_of(kStreamPieceBytesMax + 1)));
    ASSERT_TRUE(beside->write(ctx, bytes_of(kStreamPieceBytesMax + 1)));
  }
  EXPECT_EQ(get("kept"), "old");
  EXPECT_EQ(blobs.head(ctx, BlobKey("kept"))->etag, before);
  EXPECT_EQ(get("never"), "not_found");
  EXPECT_EQ(list("", 10), std::vector<std::string>{"kept"});
}

TEST_P(BlobStoreConformance, conditions_of_a_stream_hold_at_its_commit) {
  Streams streams(blobs, ctx);
  const auto creates = streams.writer("contested", {.condition = Nothing{}});
  ASSERT_TRUE(creates->write(ctx, "late"));
  const ETag first = put("contested", "first");
  EXPECT_EQ(streams.commit_code(*creates), "conflict");
  EXPECT_EQ(get("contested"), "first");
  EXPECT_EQ(streams.commit_code(*creates), "invalid_argument");
  EXPECT_FALSE(creates->write(ctx, "more").ok());

  const auto replaces = streams.writer("contested", {.condition = Matches{first}});
  ASSERT_TRUE(replaces->write(ctx, "second"));
  EXPECT_EQ(streams.commit_code(*replaces), "ok");
  const auto stale = streams.writer("contested", {.condition = Matches{first}});
  ASSERT_TRUE(stale->write(ctx, "third"));
  EXPECT_EQ(streams.commit_code(*stale), "conflict");
  EXPECT_EQ(get("contested"), "second");
}

TEST_P(BlobStoreConformance, a_leased_blob_is_streamed_over_by_its_holder_only) {
  Streams streams(blobs, ctx);
  put("leased", "old");
  const auto lease = blobs.acquire_lease(ctx, BlobKey("leased"), std::chrono::seconds(60));
  ASSERT_TRUE(lease);
  const auto stranger = streams.writer("leased");
  const bool written = stranger->write(ctx, "theirs").ok();
  if (written) {
    EXPECT_EQ(streams.commit_code(*stranger), "conflict");
  }
  const auto holder = streams.writer("leased", {.lease = *lease});
  ASSERT_TRUE(holder->write(ctx, "mine"));
  EXPECT_EQ(streams.commit_code(*holder), "ok");
  EXPECT_EQ(get("leased"), "mine");
}

TEST_P(BlobStoreConformance, a_reader_never_mixes_two_versions) {
  Streams streams(blobs, ctx);
  const std::string old_bytes(2 * kStreamPieceBytesMax + 1, 'o');
  put("changes", old_bytes);
  const auto reader = streams.reader("changes");
  auto piece = reader->next(ctx);
  ASSERT_TRUE(piece);
  std::string seen = *piece;
  put("changes", std::string(2 * kStreamPieceBytesMax + 1, 'n'));
  const std::string rest = streams.rest(*reader);
  EXPECT_TRUE(rest == "conflict" || seen + rest == old_bytes);
  ASSERT_TRUE(blobs.remove(ctx, BlobKey("changes"), {}));
  EXPECT_EQ(streams_of(blobs)->open_reader(ctx, BlobKey("changes")).error().code(),
            Code::not_found);
}

TEST_P(BlobStoreConformance, streams_keep_the_rules_for_keys_and_properties) {
  BlobStreams& streams = *streams_of(blobs);
  EXPECT_EQ(streams.open_reader(ctx, BlobKey("")).error().code(), Code::invalid_argument);
  EXPECT_EQ(streams.open_writer(ctx, BlobKey("a/../b"), {}).error().code(), Code::invalid_argument);
  EXPECT_EQ(
      streams.open_writer(ctx, BlobKey("a"), {.metadata = {{"Not-A-Name", "x"}}}).error().code(),
      Code::invalid_argument);
}

}  // namespace
}  // namespace cloudfolio::storage

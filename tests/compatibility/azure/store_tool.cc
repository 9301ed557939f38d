// store_tool write|read: for check.mjs. Reads the account from standard input, a connection string;
// `write` stores what Microsoft's clients are to read, `read` prints what they wrote as JSON.

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <string>

#include "base/time_text.h"
#include "crypto/hash.h"
#include "json/json.h"
#include "storage/azure/azure.h"
#include "storage/blob_streams.h"

#include <boost/json/object.hpp>

namespace {

using namespace cloudfolio;
using namespace cloudfolio::storage;

constexpr char kContainer[] = "github-cache";
constexpr char kQueue[] = "model-training-queue";
constexpr char kTable[] = "usage";
// 8,888,890 bytes: several blocks, the last one not full.
constexpr int kStreamedLines = 1'250'000;

struct Stores {
  BlobStore& blobs;
  Queue& queue;
  Table& table;
};

// Bytes of which no two places look alike, handed over in pieces that fit no block.
Status write_streamed(const Context& ctx, BlobStreams& streams) {
  PutOptions options;
  options.metadata = {{"kind", "model"}};
  options.content_type = "application/zip";
  CF_TRY(const auto writer, streams.open_writer(ctx, BlobKey("streamed"), options));
  for (int number = 0; number < kStreamedLines;) {
    std::string piece;
    for (const int end = std::min(number + 77'777, kStreamedLines); number < end; ++number)
      piece += std::to_string(number) + "\n";
    CF_CHECK(writer->write(ctx, piece));
  }
  CF_CHECK(writer->commit(ctx));
  return Done{};
}

// What Microsoft's client sent as many blocks.
Result<json::Object> read_streamed(const Context& ctx, BlobStreams& streams) {
  CF_TRY(const auto reader, streams.open_reader(ctx, BlobKey("streamed:js")));
  json::Object out;
  std::string all;
  bool bounded = true;
  for (;;) {
    CF_TRY(const std::string piece, reader->next(ctx));
    if (piece.empty()) break;
    bounded = bounded && piece.size() <= kStreamPieceBytesMax;
    all += piece;
  }
  out["type"] = reader->properties().content_type;
  out["bounded"] = bounded;
  out["size"] = all.size();
  out["sha256"] = crypto::sha256_hex(all);
  return out;
}

Status write(const Context& ctx, const Stores& stores) {
  PutOptions options;
  options.metadata = {{"fingerprint", "4a33519461f1d68f630106eeb114df05"},
                      {"a_b", "1"},
                      {"a1", "2"},
                      {"expires_at", "2025-10-07T11:00:00.123456+00:00"}};
  options.content_type = "application/json";
  options.content_encoding = "utf-8";
  options.condition = Nothing{};
  CF_CHECK(stores.blobs.put(ctx, BlobKey("file_content:octocat:hello:docs/READ ME.md"),
                            "{\"data\":\"déjà vu\"}", options));
  // Above what is sent in one piece.
  CF_CHECK(stores.blobs.put(ctx, BlobKey("large"), std::string(20'000'000, 'x'), {}));
  CF_CHECK(write_streamed(ctx, *streams_of(stores.blobs)));
  CF_CHECK(stores.queue.send(ctx, "{\"job\":\"<&>\"}", {}));
  const Values values = {{"Text", std::string("déjà 😀")},
                         {"Number", std::int64_t(9'007'199'254'740'993)},
                         {"Whole", 2.0},
                         {"Yes", true},
                         {"Time", *time_from("2026-11-22T01:02:03.123456Z")},
                         {"Bytes", Binary{std::string("\0\xff", 2)}}};
  CF_CHECK(stores.table.insert(ctx, {{"it's", "r 1"}, values}));
  CF_CHECK(stores.table.batch(ctx, {InsertAction{{{"batch", "1"}, {{"N", std::int64_t(1)}}}},
                                    InsertAction{{{"batch", "2"}, {{"N", std::int64_t(2)}}}}}));
  return Done{};
}

std::string shown(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* real = std::get_if<double>(&value)) return json::write(json::Value(*real));
  if (const auto* yes = std::get_if<bool>(&value)) return *yes ? "true" : "false";
  if (const auto* time = std::get_if<Clock::WallTime>(&value)) return to_text(*time);
  return std::to_string(std::get<Binary>(value).bytes.size()) + " bytes";
}

Status read(const Context& ctx, const Stores& stores) {
  json::Object out;
  CF_TRY(const Blob blob, stores.blobs.get(ctx, BlobKey("from:js/ä.json")));
  out["body"] = blob.bytes;
  out["type"] = blob.properties.content_type;
  out["encoding"] = blob.properties.content_encoding;
  json::Object metadata;
  for (const auto& [name, value] : blob.properties.metadata) metadata[name] = value;
  out["metadata"] = metadata;
  CF_TRY(const BlobPage page, stores.blobs.list(ctx, {.prefix = "from:"}));
  out["listed"] = page.entries.size();
  CF_TRY(out["streamed"], read_streamed(ctx, *streams_of(stores.blobs)));
  CF_TRY(const auto received, stores.queue.receive(ctx, {}));
  out["message"] = received.empty() ? "" : received[0].message.body;
  CF_TRY(const Entity entity, stores.table.get(ctx, {"from js", "r'1"}));
  json::Object values;
  for (const auto& [name, value] : entity.values) values[name] = shown(value);
  out["values"] = values;
  std::cout << json::write(out) << "\n";
  return Done{};
}

Status run(const std::string& what) {
  std::string connection;
  std::getline(std::cin, connection);
  azure::Options options;
  CF_TRY(options.account, azure::parse_connection_string(connection));
  const SystemClock clock;
  CF_TRY(const auto storage, azure::open(std::move(options), clock));
  CF_TRY(BlobStore* const blobs, storage->blobs(kContainer));
  CF_TRY(Queue* const queue, storage->queue(kQueue));
  CF_TRY(Table* const table, storage->table(kTable));
  const Stores stores{*blobs, *queue, *table};
  return what == "write" ? write(Context(), stores) : read(Context(), stores);
}

}  // namespace

int main(int argc, char** argv) {
  const auto done = run(argc > 1 ? argv[1] : "read");
  if (done) return 0;
  std::fprintf(stderr, "%s\n", done.error().message().c_str());
  return 1;
}

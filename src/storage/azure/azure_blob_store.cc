#include "storage/azure/azure_blob_store.h"

#include "crypto/random_bytes.h"
#include "storage/azure/blob_headers.h"
#include "storage/azure/blob_reading.h"
#include "storage/azure/block_upload.h"
#include "storage/azure/xml.h"
#include "storage/rules.h"

namespace cloudfolio::storage::azure {
namespace {

constexpr std::string_view kNoContainer = "ContainerNotFound";

// Of uploads that other writers of the same blob undo.
constexpr int kUploadsMax = 5;

Status check_call(const Context& ctx, const Service& service, const BlobKey& key) {
  CF_CHECK(check_context(ctx, service.clock().now()));
  return check_blob_key(key);
}

// A put that, once refused, must be told from its own earlier attempt.
bool is_conditional(const PutOptions& options) {
  return !std::holds_alternative<Anything>(options.condition) || options.lease;
}

bool is_refusal(const Reply& reply) {
  return reply.status() == 409 || reply.status() == 412;
}

Error unknown_outcome(const Reply& reply) {
  return Error(Code::unavailable, "an attempt was not answered and the next one was refused (" +
                                      reply.code + "): whether the first took effect is not known");
}

}  // namespace

std::string AzureBlobStore::path_of(const BlobKey& key) const {
  return path_ + "/" + http::percent_encode_path(key.str());
}

Status AzureBlobStore::create_container(const Context& ctx) {
  WireRequest request;
  request.method = http::Method::put;
  request.path = path_;
  request.query = {{"restype", "container"}};
  CF_TRY(const Reply reply, service_.send(ctx, request));
  if (reply.code == "ContainerAlreadyExists") return Done{};
  if (reply.code == "ContainerBeingDeleted")
    return Error(Code::unavailable, "the container is being deleted");
  return check_reply(reply);
}

Result<Blob> AzureBlobStore::get(const Context& ctx, const BlobKey& key) {
  CF_CHECK(check_call(ctx, service_, key));
  CF_TRY(auto blob, read_blob(ctx, service_, path_of(key), nullptr));
  if (!blob) return Error(Code::internal, "not modified, though nothing was known");
  return *std::move(blob);
}

Result<std::optional<Blob>> AzureBlobStore::get_if_changed(const Context& ctx, const BlobKey& key,
                                                           const ETag& known) {
  CF_CHECK(check_call(ctx, service_, key));
  return read_blob(ctx, service_, path_of(key), &known);
}

Result<BlobProperties> AzureBlobStore::head(const Context& ctx, const BlobKey& key) {
  CF_CHECK(check_call(ctx, service_, key));
  CF_TRY(const Reply reply,
         service_.send(ctx, {.method = http::Method::head, .path = path_of(key)}));
  CF_CHECK(check_reply(reply));
  CF_TRY(StoredBlob stored, stored_blob_from(reply.response.headers));
  return std::move(stored.properties);
}

Result<Reply> AzureBlobStore::put_bytes(const Context& ctx, const BlobKey& key,
                                        const std::shared_ptr<const std::string>& bytes,
                                        const http::Headers& headers) {
  if (bytes->size() > service_.options().transfers.single_put_bytes_max)
    return commit_blocks(ctx, key, *bytes, headers);
  WireRequest request;
  request.method = http::Method::put;
  request.path = path_of(key);
  request.headers = headers;
  request.headers.set("x-ms-blob-type", "BlockBlob");
  request.body = bytes;
  CF_TRY(Reply reply, service_.send(ctx, request));
  if (reply.code != kNoContainer) return reply;
  CF_CHECK(create_container(ctx));
  return service_.send(ctx, request);
}

Result<Reply> AzureBlobStore::commit_blocks(const Context& ctx, const BlobKey& key,
                                            const std::string& bytes,
                                            const http::Headers& headers) {
  WireRequest request;
  request.method = http::Method::put;
  request.path = path_of(key);
  request.query = {{"comp", "blocklist"}};
  request.headers = headers;
  http::Headers lease;
  if (const auto id = headers.find(kLeaseHeader)) lease.set(kLeaseHeader, std::string(*id));
  bool in_doubt = false;
  for (int upload = 1;; ++upload) {
    auto list = send_blocks(ctx, service_, request.path, bytes, lease);
    if (!list && list.error().code() == Code::not_found) {
      CF_CHECK(create_container(ctx));
      list = send_blocks(ctx, service_, request.path, bytes, lease);
    }
    if (!list) return std::move(list).error();
    request.body = *std::move(list);
    CF_TRY(Reply reply, service_.send(ctx, request));
    in_doubt = in_doubt || reply.in_doubt;
    reply.in_doubt = in_doubt;
    // Somebody else's write of this blob dropped our blocks, or an attempt of ours took them.
    if (reply.code != "InvalidBlockList") return reply;
    if (upload == kUploadsMax)
      return Error(Code::unavailable, "other writers of the blob dropped its blocks each time");
  }
}

// Whether a put that was refused was refused because it had been done already.
Result<ETag> AzureBlobStore::settle(const Context& ctx, const BlobKey& key, const std::string& mark,
                                    const Reply& reply) {
  if (mark.empty() || !is_refusal(reply)) return error_of(reply);
  CF_TRY(const Reply now, service_.send(ctx, {.method = http::Method::head, .path = path_of(key)}));
  if (now.ok()) {
    CF_TRY(StoredBlob stored, stored_blob_from(now.response.headers));
    if (stored.mark == mark) return std::move(stored.properties.etag);
  } else if (now.status() != 404) {
    return error_of(now);
  }
  if (reply.in_doubt) return unknown_outcome(reply);
  return error_of(reply);
}

Result<ETag> AzureBlobStore::put(const Context& ctx, const BlobKey& key, std::string bytes,
                                 const PutOptions& options) {
  CF_CHECK(check_call(ctx, service_, key));
  CF_CHECK(check_put(bytes, options));
  const std::string mark = is_conditional(options) ? crypto::random_uuid() : std::string();
  http::Headers headers;
  add_properties(options, mark, headers);
  add_condition(options.condition, headers);
  add_lease(options.lease, headers);
  const auto shared = std::make_shared<const std::string>(std::move(bytes));
  CF_TRY(const Reply reply, put_bytes(ctx, key, shared, headers));
  if (!reply.ok()) return settle(ctx, key, mark, reply);
  const std::string etag = reply.header("ETag");
  if (etag.empty()) return Error(Code::corrupt, "the blob service answered a put without ETag");
  return ETag(etag);
}

Status AzureBlobStore::remove(const Context& ctx, const BlobKey& key,
                              const RemoveOptions& options) {
  CF_CHECK(check_call(ctx, service_, key));
  WireRequest request;
  request.method = http::Method::delete_;
  request.path = path_of(key);
  request.headers.set("x-ms-delete-snapshots", "include");
  add_condition(options.condition, request.headers);
  add_lease(options.lease, request.headers);
  CF_TRY(const Reply reply, service_.send(ctx, request));
  if (reply.ok()) return Done{};
  const bool conditional = std::holds_alternative<Matches>(options.condition);
  if (reply.status() == 404 && (!conditional || reply.in_doubt)) return Done{};
  if (reply.status() == 404 && conditional)
    return Error(Code::conflict, "the blob is gone since it was read");
  if (is_refusal(reply) && reply.in_doubt) {
    // With no ETag any more, a condition is refused as well, and not called missing.
    auto now = head(ctx, key);
    if (!now && now.error().code() == Code::not_found) return Done{};
    return unknown_outcome(reply);
  }
  return error_of(reply);
}

Result<BlobPage> AzureBlobStore::list(const Context& ctx, const ListOptions& options) {
  CF_CHECK(check_context(ctx, service_.clock().now()));
  CF_CHECK(check_list(options));
  WireRequest request;
  request.path = path_;
  request.query = {{"restype", "container"},
                   {"comp", "list"},
                   {"include", "metadata"},
                   {"maxresults", std::to_string(options.max_count)}};
  if (!options.prefix.empty()) request.query.emplace_back("prefix", options.prefix);
  if (!options.continuation.empty()) request.query.emplace_back("marker", options.continuation);
  CF_TRY(const Reply reply, service_.send(ctx, request));
  if (reply.code == kNoContainer) return BlobPage{};
  CF_CHECK(check_reply(reply));
  CF_TRY(const XmlDocument document, XmlDocument::parse(reply.response.body.view()));
  BlobPage page;
  for (const XmlElement& blob : document.root().child("Blobs").children()) {
    if (blob.name() != "Blob") continue;
    CF_TRY(BlobEntry entry, entry_from(blob));
    page.entries.push_back(std::move(entry));
  }
  page.continuation = document.root().text_of("NextMarker");
  return page;
}

Result<Reply> AzureBlobStore::lease_call(const Context& ctx, const BlobKey& key, const char* action,
                                         http::Headers headers) {
  CF_CHECK(check_call(ctx, service_, key));
  WireRequest request;
  request.method = http::Method::put;
  request.path = path_of(key);
  request.query = {{"comp", "lease"}};
  request.headers = std::move(headers);
  request.headers.set("x-ms-lease-action", action);
  return service_.send(ctx, request);
}

Result<LeaseId> AzureBlobStore::acquire_lease(const Context& ctx, const BlobKey& key,
                                              std::chrono::seconds length) {
  CF_CHECK(check_lease_length(length));
  // Our own id makes the call repeatable: acquiring again with it succeeds.
  const LeaseId id(crypto::random_uuid());
  CF_TRY(const Reply reply, lease_call(ctx, key, "acquire",
                                       {{"x-ms-lease-duration", std::to_string(length.count())},
                                        {"x-ms-proposed-lease-id", id.str()}}));
  CF_CHECK(check_reply(reply));
  return id;
}

Status AzureBlobStore::renew_lease(const Context& ctx, const BlobKey& key, const LeaseId& lease) {
  CF_TRY(const Reply reply,
         lease_call(ctx, key, "renew", {{std::string(kLeaseHeader), lease.str()}}));
  return check_reply(reply);
}

Status AzureBlobStore::release_lease(const Context& ctx, const BlobKey& key, const LeaseId& lease) {
  CF_TRY(const Reply reply,
         lease_call(ctx, key, "release", {{std::string(kLeaseHeader), lease.str()}}));
  // Released by the attempt that was not answered, or lost since: no longer ours either way.
  if (reply.status() == 409 && reply.in_doubt) return Done{};
  return check_reply(reply);
}

Status AzureBlobStore::break_lease(const Context& ctx, const BlobKey& key) {
  CF_TRY(const Reply reply, lease_call(ctx, key, "break", {{"x-ms-lease-break-period", "0"}}));
  if (reply.code == "LeaseNotPresentWithLeaseOperation") return Done{};
  return check_reply(reply);
}

}  // namespace cloudfolio::storage::azure

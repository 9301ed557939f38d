#include "storage/azure/block_upload.h"

#include <algorithm>
#include <cstdio>

#include "crypto/encoding.h"
#include "crypto/random_bytes.h"

namespace cloudfolio::storage::azure {
// All of one length, as the service asks.
std::string block_id(const std::string& upload, std::size_t number) {
  char digits[8];
  std::snprintf(digits, sizeof digits, "%06zu", number % 1'000'000);
  return crypto::to_base64(upload + digits);
}

std::string new_upload() {
  return crypto::random_hex(12);
}

Status put_block(const Context& ctx, Service& service, const std::string& path,
                 const std::string& id, std::shared_ptr<const std::string> bytes,
                 const http::Headers& lease) {
  WireRequest request;
  request.method = http::Method::put;
  request.path = path;
  request.query = {{"comp", "block"}, {"blockid", id}};
  request.headers = lease;
  request.body = std::move(bytes);
  CF_TRY(const Reply reply, service.send(ctx, request));
  return check_reply(reply);
}

std::string block_list(const std::vector<std::string>& ids) {
  std::string list = "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>";
  for (const std::string& id : ids) list += "<Latest>" + id + "</Latest>";
  return list + "</BlockList>";
}

Result<std::string> send_blocks(const Context& ctx, Service& service, const std::string& path,
                                const std::string& bytes, const http::Headers& lease) {
  const std::size_t block_bytes = service.options().transfers.block_bytes;
  const std::string upload = new_upload();
  std::vector<std::string> ids;
  for (std::size_t from = 0, number = 0; from < bytes.size(); from += block_bytes, ++number) {
    ids.push_back(block_id(upload, number));
    CF_CHECK(put_block(ctx, service, path, ids.back(),
                       std::make_shared<const std::string>(
                           bytes, from, std::min(block_bytes, bytes.size() - from)),
                       lease));
  }
  return block_list(ids);
}

}  // namespace cloudfolio::storage::azure

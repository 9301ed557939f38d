#include "storage/azure/table_batch.h"

#include <charconv>

#include "crypto/random_bytes.h"
#include "storage/azure/error_body.h"

namespace cloudfolio::storage::azure {
namespace {

constexpr std::string_view kStatusLine = "HTTP/1.1 ";

Error unreadable(const char* what) {
  return Error(Code::corrupt, std::string("the table service's answer to a batch ") + what);
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// `text` begins after "HTTP/1.1 ". A JSON body is one line.
std::optional<http::Response> response_from(std::string_view text) {
  http::Response response;
  const std::string_view status = take_line(text);
  const auto [end, error] =
      std::from_chars(status.data(), status.data() + status.size(), response.status);
  if (error != std::errc()) return std::nullopt;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.starts_with("--")) return response;
    if (line.starts_with('{')) {
      response.body = std::string(line);
      return response;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::size_t value = line.find_first_not_of(' ', colon + 1);
    response.headers.add(std::string(line.substr(0, colon)),
                         value == std::string_view::npos ? "" : std::string(line.substr(value)));
  }
  return response;
}

// "2:The specified entity already exists."
std::size_t index_of(const Reply& reply) {
  std::size_t index = 0;
  std::from_chars(reply.detail.data(), reply.detail.data() + reply.detail.size(), index);
  return index;
}

}  // namespace

WireRequest batch_request(const std::string& url, const std::vector<WireRequest>& parts) {
  const std::string batch = "batch_" + crypto::random_uuid();
  const std::string changes = "changeset_" + crypto::random_uuid();
  std::string body =
      "--" + batch + "\r\nContent-Type: multipart/mixed; boundary=" + changes + "\r\n\r\n";
  for (const WireRequest& part : parts) {
    body += "--" + changes +
            "\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n";
    body += std::string(http::to_string(part.method)) + " " + url + part.path + " HTTP/1.1\r\n";
    for (const auto& [name, value] : part.headers) body += name + ": " + value + "\r\n";
    body += "\r\n" + std::string(part.body.view()) + "\r\n";
  }
  body += "--" + changes + "--\r\n--" + batch + "--\r\n";
  WireRequest request;
  request.method = http::Method::post;
  request.path = "/$batch";
  request.headers.set("Accept", "application/json;odata=minimalmetadata");
  request.headers.set("DataServiceVersion", "3.0");
  request.headers.set("MaxDataServiceVersion", "3.0;NetFx");
  request.headers.set("Content-Type", "multipart/mixed; boundary=" + batch);
  request.body = std::move(body);
  return request;
}

Result<BatchReply> batch_reply_from(std::string_view body, std::size_t part_count) {
  std::vector<ETag> etags;
  for (std::size_t at = body.find(kStatusLine); at != std::string_view::npos;
       at = body.find(kStatusLine, at + 1)) {
    // Only at the beginning of a line.
    if (at > 0 && body[at - 1] != '\n') continue;
    auto response = response_from(body.substr(at + kStatusLine.size()));
    if (!response) return unreadable("has a part without status");
    Reply reply = read_reply(*std::move(response));
    if (!reply.ok()) {
      const std::size_t index = index_of(reply);
      if (index >= part_count) return unreadable("names an action that it does not have");
      return BatchReply(RefusedPart{index, std::move(reply)});
    }
    etags.emplace_back(reply.header("ETag"));
  }
  if (etags.size() != part_count) return unreadable("has not one part for each action");
  return BatchReply(std::move(etags));
}

}  // namespace cloudfolio::storage::azure

#include "storage/azure/shared_key.h"

#include <algorithm>
#include <vector>

#include "crypto/encoding.h"
#include "crypto/hash.h"

namespace cloudfolio::storage::azure {
namespace {

std::string header(const WireRequest& request, std::string_view name) {
  return std::string(request.headers.find(name).value_or(std::string_view()));
}

// Of a character in the first comparison; 0 is passed over.
int weight(char c) {
  if (c == '-') return 0;
  if (c == '_') return 1;
  return static_cast<unsigned char>(c) + 1;
}

std::string weights(std::string_view name) {
  std::string seen;
  for (const char c : name)
    if (weight(c) != 0) seen.push_back(static_cast<char>(weight(c)));
  return seen;
}

std::string extension_headers(const WireRequest& request) {
  std::vector<std::pair<std::string, std::string_view>> sorted;
  for (const auto& [name, value] : request.headers)
    if (lower_case(name).starts_with("x-ms-")) sorted.emplace_back(lower_case(name), value);
  std::sort(sorted.begin(), sorted.end(), [](const auto& one, const auto& other) {
    return sorts_before(one.first, other.first);
  });
  std::string text;
  for (const auto& [name, value] : sorted) text += name + ":" + std::string(value) + "\n";
  return text;
}

std::string query_lines(const WireRequest& request) {
  http::QueryParameters sorted = request.query;
  for (auto& [name, value] : sorted) name = lower_case(name);
  std::sort(sorted.begin(), sorted.end());
  std::string text;
  for (const auto& [name, value] : sorted) text += "\n" + name + ":" + value;
  return text;
}

std::string table_string(std::string_view account, std::string_view url_path,
                         const WireRequest& request) {
  std::string resource = "/" + std::string(account) + std::string(url_path);
  for (const auto& [name, value] : request.query)
    if (name == "comp") resource += "?comp=" + value;
  // Unlike the other services', the date is here even though it is x-ms-date.
  return std::string(http::to_string(request.method)) + "\n" + header(request, "Content-MD5") +
         "\n" + header(request, "Content-Type") + "\n" + header(request, "x-ms-date") + "\n" +
         resource;
}

}  // namespace

bool sorts_before(std::string_view one, std::string_view other) {
  const std::string first = weights(one), second = weights(other);
  return first != second ? first < second : one < other;
}

std::string string_to_sign(ServiceKind kind, std::string_view account, std::string_view url_path,
                           const WireRequest& request) {
  if (kind == ServiceKind::table) return table_string(account, url_path, request);
  std::string text(http::to_string(request.method));
  text += "\n";
  text += header(request, "Content-Encoding") + "\n" + header(request, "Content-Language") + "\n";
  // A length of zero is signed as nothing.
  if (!request.body.empty()) text += std::to_string(request.body.size_bytes());
  text += "\n" + header(request, "Content-MD5") + "\n" + header(request, "Content-Type") + "\n";
  text += "\n";  // Date: x-ms-date stands for it.
  for (const char* name :
       {"If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range"})
    text += header(request, name) + "\n";
  text += extension_headers(request);
  text += "/" + std::string(account) + std::string(url_path);
  return text + query_lines(request);
}

Result<std::string> sign(const Secret& key, std::string_view text) {
  const auto bytes = crypto::from_base64(key.reveal());
  if (!bytes) return Error(Code::invalid_argument, "the storage account's key is not base64");
  return crypto::to_base64(crypto::as_view(crypto::hmac_sha256(*bytes, text)));
}

Result<std::string> shared_key_authorization(ServiceKind kind, std::string_view account,
                                             const Secret& key, std::string_view url_path,
                                             const WireRequest& request) {
  CF_TRY(const std::string signature, sign(key, string_to_sign(kind, account, url_path, request)));
  return "SharedKey " + std::string(account) + ":" + signature;
}

}  // namespace cloudfolio::storage::azure

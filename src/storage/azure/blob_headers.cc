#include "storage/azure/blob_headers.h"

#include <charconv>

#include "http/url.h"
#include "storage/azure/wire_time.h"
#include "storage/rules.h"

namespace cloudfolio::storage::azure {
namespace {

Error unreadable(std::string_view what) {
  return Error(Code::corrupt, "the blob service's answer has no readable " + std::string(what));
}

std::string quoted(std::string etag) {
  return etag.starts_with('"') ? etag : '"' + etag + '"';
}

std::optional<std::uint64_t> number_from(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// "bytes 0-9/1234" says the whole's size; without it the length is the whole's.
std::optional<std::uint64_t> size_from(const http::Headers& headers) {
  if (const auto range = headers.find("Content-Range")) {
    const std::size_t slash = range->find('/');
    return slash == std::string_view::npos ? std::nullopt : number_from(range->substr(slash + 1));
  }
  const auto length = headers.find("Content-Length");
  return length ? number_from(*length) : std::nullopt;
}

struct HeaderOfCondition {
  http::Headers& headers;
  void operator()(const Anything&) const {}
  void operator()(const Nothing&) const { headers.set("If-None-Match", "*"); }
  void operator()(const Matches& matches) const {
    headers.set("If-Match", header_etag(matches.etag));
  }
};

}  // namespace

std::string header_etag(const ETag& etag) {
  const std::string& text = etag.str();
  const bool fits = text.size() > 2 && text.front() == '"' && text.back() == '"' &&
                    text.find_first_of(std::string_view("\"\r\n\0", 4), 1) == text.size() - 1;
  return fits ? text : "\"0x0\"";
}

void add_properties(const PutOptions& options, const std::string& mark, http::Headers& headers) {
  headers.set("x-ms-blob-content-type", options.content_type);
  if (!options.content_encoding.empty())
    headers.set("x-ms-blob-content-encoding", options.content_encoding);
  for (const auto& [name, value] : options.metadata)
    headers.set(std::string(kMetadataPrefix) + name, value);
  if (!mark.empty())
    headers.set(std::string(kMetadataPrefix) + std::string(kOperationMarkName), mark);
}

void add_condition(const PutIf& condition, http::Headers& headers) {
  std::visit(HeaderOfCondition{headers}, condition);
}

void add_condition(const RemoveIf& condition, http::Headers& headers) {
  std::visit(HeaderOfCondition{headers}, condition);
}

void add_lease(const std::optional<LeaseId>& lease, http::Headers& headers) {
  if (lease) headers.set(kLeaseHeader, lease->str());
}

Result<StoredBlob> stored_blob_from(const http::Headers& headers) {
  StoredBlob blob;
  BlobProperties& properties = blob.properties;
  const auto etag = headers.find("ETag");
  if (!etag || etag->empty()) return unreadable("ETag");
  properties.etag = ETag(quoted(std::string(*etag)));
  const auto modified = wire_time_from(headers.find("Last-Modified").value_or(""));
  if (!modified) return unreadable("Last-Modified");
  properties.last_modified = *modified;
  const auto size = size_from(headers);
  if (!size) return unreadable("size");
  properties.size_bytes = *size;
  properties.content_type = headers.find("Content-Type").value_or("");
  properties.content_encoding = headers.find("Content-Encoding").value_or("");
  for (const auto& [name, value] : headers) {
    const std::string folded = lower_case(name);
    if (!folded.starts_with(kMetadataPrefix)) continue;
    const std::string own = folded.substr(kMetadataPrefix.size());
    if (own == kOperationMarkName)
      blob.mark = value;
    else
      properties.metadata[own] = value;
  }
  return blob;
}

Result<BlobEntry> entry_from(const XmlElement& blob) {
  BlobEntry entry;
  const XmlElement name = blob.child("Name");
  std::string key = name.text();
  // Names with characters that XML cannot hold arrive percent-encoded.
  if (name.attribute("Encoded") == "true") {
    auto decoded = http::percent_decode(key);
    if (!decoded) return unreadable("blob name");
    key = *std::move(decoded);
  }
  if (key.empty()) return unreadable("blob name");
  entry.key = BlobKey(std::move(key));
  const XmlElement properties = blob.child("Properties");
  entry.properties.etag = ETag(quoted(properties.text_of("Etag")));
  const auto modified = wire_time_from(properties.text_of("Last-Modified"));
  const auto size = number_from(properties.text_of("Content-Length"));
  if (!modified || !size) return unreadable("properties of '" + entry.key.str() + "'");
  entry.properties.last_modified = *modified;
  entry.properties.size_bytes = *size;
  entry.properties.content_type = properties.text_of("Content-Type");
  entry.properties.content_encoding = properties.text_of("Content-Encoding");
  for (const XmlElement& one : blob.child("Metadata").children())
    if (const std::string own = lower_case(one.name()); own != kOperationMarkName)
      entry.properties.metadata[own] = one.text();
  return entry;
}

}  // namespace cloudfolio::storage::azure

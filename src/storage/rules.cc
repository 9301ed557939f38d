#include "storage/rules.h"

#include <algorithm>
#include <set>

#include "storage/text.h"

namespace cloudfolio::storage {

namespace {

Error wrong(std::string message) {
  return Error(Code::invalid_argument, std::move(message));
}

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_letter(char c) {
  return is_lower(c) || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string in_quotes(std::string_view text) {
  return "'" + std::string(text.substr(0, 100)) + (text.size() > 100 ? "…'" : "'");
}

Status check_dashed_name(std::string_view what, std::string_view name) {
  const auto good = [](char c) { return is_lower(c) || is_digit(c); };
  const bool fits =
      name.size() >= 3 && name.size() <= 63 && good(name.front()) && good(name.back()) &&
      name.find("--") == std::string_view::npos &&
      std::all_of(name.begin(), name.end(), [&](char c) { return good(c) || c == '-'; });
  if (fits) return Done{};
  return wrong(std::string(what) + " name " + in_quotes(name) +
               " must be 3 to 63 lower-case letters, digits and single inner dashes");
}

bool is_visible_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

Status check_metadata(const Metadata& metadata) {
  std::size_t total_bytes = 0;
  for (const auto& [name, value] : metadata) {
    const bool named = !name.empty() && name.size() <= 128 && !is_digit(name.front()) &&
                       std::all_of(name.begin(), name.end(),
                                   [](char c) { return is_lower(c) || is_digit(c) || c == '_'; });
    if (!named || name == kOperationMarkName) {
      return wrong("metadata name " + in_quotes(name) +
                   " must be lower-case letters, digits and '_', not starting with a digit, and "
                   "not be " +
                   std::string(kOperationMarkName));
    }
    if (value.empty() || !is_visible_ascii(value) || value.front() == ' ' || value.back() == ' ') {
      return wrong("metadata value of " + in_quotes(name) +
                   " must be visible ASCII, not empty, without outer spaces: encode it with "
                   "to_metadata_value()");
    }
    total_bytes += name.size() + value.size();
  }
  if (total_bytes <= kMetadataBytesMax) return Done{};
  return wrong("metadata of " + std::to_string(total_bytes) + " bytes exceeds " +
               std::to_string(kMetadataBytesMax));
}

Status check_header(std::string_view what, std::string_view value) {
  if (value.size() <= 256 && is_visible_ascii(value)) return Done{};
  return wrong(std::string(what) + " " + in_quotes(value) + " must be at most 256 bytes of ASCII");
}

Status check_range(std::string_view what, std::size_t count, std::size_t max) {
  if (count >= 1 && count <= max) return Done{};
  return wrong(std::string(what) + " " + std::to_string(count) + " must be 1 to " +
               std::to_string(max));
}

Status check_seconds(std::string_view what, std::chrono::seconds value, std::chrono::seconds min,
                     std::chrono::seconds max) {
  if (value >= min && value <= max) return Done{};
  return wrong(std::string(what) + " of " + std::to_string(value.count()) + " s must be " +
               std::to_string(min.count()) + " to " + std::to_string(max.count()) + " s");
}

}  // namespace

Status check_container_name(std::string_view name) {
  return check_dashed_name("container", name);
}

Status check_queue_name(std::string_view name) {
  return check_dashed_name("queue", name);
}

Status check_table_name(std::string_view name) {
  const bool fits =
      name.size() >= 3 && name.size() <= 63 && is_letter(name.front()) &&
      std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c); }) &&
      !(name.size() == 6 && std::equal(name.begin(), name.end(), "tables",
                                       [](char a, char b) { return (a | 32) == b; }));
  if (fits) return Done{};
  return wrong("table name " + in_quotes(name) +
               " must be 3 to 63 letters and digits, a letter first, and not 'tables'");
}

Status check_blob_key(const BlobKey& key) {
  const std::string_view text = key.str();
  const auto units = utf16_units(text);
  if (!units || *units < 1 || *units > 1'024 || has_control_characters(text)) {
    return wrong("blob key " + in_quotes(text) +
                 " must be 1 to 1024 UTF-16 units of UTF-8 without control characters");
  }
  if (text.find('\\') != std::string_view::npos || text.ends_with('.') || text.ends_with('/')) {
    return wrong("blob key " + in_quotes(text) +
                 " must hold no backslash and not end in '.' or '/'");
  }
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    const std::string_view segment = text.substr(begin, end - begin);
    if (segment == "." || segment == "..") {
      return wrong("blob key " + in_quotes(text) + " must not hold the segments '.' and '..'");
    }
    begin = end + 1;
  }
  return Done{};
}

Status check_put(std::string_view bytes, const PutOptions& options) {
  if (bytes.size() > kBlobBytesMax) {
    return wrong("a blob of " + std::to_string(bytes.size()) + " bytes exceeds " +
                 std::to_string(kBlobBytesMax));
  }
  CF_CHECK(check_header("content type", options.content_type));
  CF_CHECK(check_header("content encoding", options.content_encoding));
  return check_metadata(options.metadata);
}

Status check_list(const ListOptions& options) {
  return check_range("page size", options.max_count, kBlobPageCountMax);
}

Status check_lease_length(std::chrono::seconds length) {
  return check_seconds("lease length", length, kLeaseLengthMin, kLeaseLengthMax);
}

Status check_message_body(std::string_view body) {
  if (body.size() > kMessageBytesMax) {
    return wrong("a message of " + std::to_string(body.size()) + " bytes exceeds " +
                 std::to_string(kMessageBytesMax) + ": store the content and send its key");
  }
  const auto allowed = [](char c) { return c == '\t' || c == '\n'; };
  std::string rest(body);
  std::erase_if(rest, allowed);
  if (utf16_units(rest) && !has_control_characters(rest)) return Done{};
  return wrong("a message must be UTF-8 text without control characters");
}

Status check_send(std::string_view body, const SendOptions& options) {
  CF_CHECK(check_message_body(body));
  CF_CHECK(check_seconds("delay", options.delay, std::chrono::seconds(0), kVisibilityMax));
  if (!options.time_to_live) return Done{};
  CF_CHECK(check_seconds("time to live", *options.time_to_live, std::chrono::seconds(1),
                         kTimeToLiveMax));
  if (options.delay < *options.time_to_live) return Done{};
  return wrong("a message's delay must be below its time to live");
}

Status check_receive(const ReceiveOptions& options) {
  CF_CHECK(check_range("message count", options.max_count, kReceiveCountMax));
  return check_seconds("visibility", options.visibility, std::chrono::seconds(1), kVisibilityMax);
}

Status check_peek(std::size_t max_count) {
  return check_range("message count", max_count, kReceiveCountMax);
}

Status check_renew(const RenewOptions& options) {
  CF_CHECK(
      check_seconds("visibility", options.visibility, std::chrono::seconds(0), kVisibilityMax));
  return options.body ? check_message_body(*options.body) : Status(Done{});
}

Status check_context(const Context& ctx, Clock::Instant now) {
  if (ctx.stopped()) return Error(Code::cancelled, "stopped");
  if (now >= ctx.deadline()) return Error(Code::deadline_exceeded, "the deadline has passed");
  return Done{};
}

}  // namespace cloudfolio::storage

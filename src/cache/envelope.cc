#include "cache/envelope.h"

#include <cstdint>
#include <cstdio>

#include "base/time_text.h"

namespace cloudfolio::cache {

namespace {

// An entry of 100 repositories with the longest documents that are mirrored.
constexpr json::ParseLimits kEntryLimits{.bytes_max = 512 * kMiB, .depth_max = 200};

void append_escape(std::string& out, std::uint32_t unit) {
  char text[8];
  std::snprintf(text, sizeof text, "\\u%04x", unit & 0xffffu);
  out += text;
}

// One UTF-8 sequence from `at`; json::write never writes a malformed one.
std::uint32_t code_point(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  std::uint32_t point = first & (0x3fu >> more);
  for (int i = 0; i < more && at + 1 < text.size(); ++i)
    point = (point << 6) | (byte(++at) & 0x3fu);
  ++at;
  return point;
}

// Text beyond ASCII stands only inside JSON strings, so the structure needs no look.
std::string ascii_escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 16);
  std::size_t at = 0;
  while (at < text.size()) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      out += text[at++];
      continue;
    }
    const std::uint32_t point = code_point(text, at);
    if (point < 0x10000) {
      append_escape(out, point);
    } else {
      append_escape(out, 0xd800 + ((point - 0x10000) >> 10));
      append_escape(out, 0xdc00 + ((point - 0x10000) & 0x3ff));
    }
  }
  return out;
}

}  // namespace

std::string write_ascii(const json::Value& value) {
  return ascii_escaped(json::write(value));
}

std::string wrap(std::string_view data, Clock::WallTime cached_at) {
  std::string text = "{\"data\":";
  text += data;
  text += ",\"cached_at\":\"" + to_text(cached_at) + "\"}";
  return text;
}

Result<Unwrapped> unwrap(std::string_view text) {
  auto parsed = json::parse_object(text, kEntryLimits);
  if (!parsed)
    return Error(Code::corrupt, "not an entry of the cache: " + parsed.error().message());
  const auto data = parsed->find("data");
  if (data == parsed->end()) return Error(Code::corrupt, "not an entry of the cache: no 'data'");
  Unwrapped unwrapped;
  if (const auto cached_at = json::find_string(*parsed, "cached_at"))
    unwrapped.cached_at = time_from(*cached_at);
  unwrapped.data = std::move(data->value());
  return unwrapped;
}

}  // namespace cloudfolio::cache

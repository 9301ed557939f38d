#include "storage/embedded/encoding.h"

#include <bit>
#include <charconv>
#include <cstdio>

namespace cloudfolio::storage::embedded {

namespace {

// On disk. Never renumber, never reuse.
enum class Kind : std::uint8_t {
  text = 1,
  integer = 2,
  real = 3,
  no = 4,
  yes = 5,
  time = 6,
  binary = 7
};

void add_number(std::string& out, std::uint64_t number, int byte_count) {
  for (int i = 0; i < byte_count; ++i) out += static_cast<char>(number >> (8 * i) & 0xff);
}

void add_block(std::string& out, std::string_view bytes) {
  add_number(out, bytes.size(), 4);
  out += bytes;
}

struct Write {
  std::string& out;

  void kind(Kind kind) const { out += static_cast<char>(kind); }
  void operator()(const std::string& text) const {
    kind(Kind::text);
    add_block(out, text);
  }
  void operator()(std::int64_t number) const {
    kind(Kind::integer);
    add_number(out, std::uint64_t(number), 8);
  }
  void operator()(double number) const {
    kind(Kind::real);
    add_number(out, std::bit_cast<std::uint64_t>(number), 8);
  }
  void operator()(bool value) const { kind(value ? Kind::yes : Kind::no); }
  void operator()(Clock::WallTime time) const {
    kind(Kind::time);
    add_number(out, std::uint64_t(to_us(time)), 8);
  }
  void operator()(const Binary& binary) const {
    kind(Kind::binary);
    add_block(out, binary.bytes);
  }
};

// Reads from the front; `ok` turns false, for good, where the bytes end too early.
struct Cursor {
  std::string_view rest;
  bool ok = true;

  std::uint64_t number(std::size_t byte_count) {
    const std::string_view bytes = take(byte_count);
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i > 0; --i) {
      value = value << 8 | static_cast<unsigned char>(bytes[i - 1]);
    }
    return value;
  }
  std::string_view take(std::size_t byte_count) {
    if (rest.size() < byte_count) {
      ok = false;
      rest = {};
      return {};
    }
    const std::string_view taken = rest.substr(0, byte_count);
    rest.remove_prefix(byte_count);
    return taken;
  }
  std::string block() { return std::string(take(number(4))); }
};

std::optional<Value> read_value(Cursor& cursor) {
  switch (Kind(cursor.number(1))) {
    case Kind::text:
      return cursor.block();
    case Kind::integer:
      return std::int64_t(cursor.number(8));
    case Kind::real:
      return std::bit_cast<double>(cursor.number(8));
    case Kind::no:
      return false;
    case Kind::yes:
      return true;
    case Kind::time:
      return from_us(std::int64_t(cursor.number(8)));
    case Kind::binary:
      return Binary{cursor.block()};
  }
  return std::nullopt;
}

}  // namespace

std::int64_t to_us(Clock::WallTime time) {
  return time.time_since_epoch().count();
}

Clock::WallTime from_us(std::int64_t us) {
  return Clock::WallTime(std::chrono::microseconds(us));
}

std::string to_tag(std::int64_t number) {
  char text[24];
  const int length =
      std::snprintf(text, sizeof text, "0x%016llX", static_cast<unsigned long long>(number));
  return std::string(text, std::size_t(length));
}

std::optional<std::int64_t> from_tag(std::string_view text) {
  if (text.size() != 18 || !text.starts_with("0x")) return std::nullopt;
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + 2, end, number, 16);
  if (error != std::errc() || stop != end) return std::nullopt;
  return std::int64_t(number);
}

std::string to_text(const Metadata& metadata) {
  std::string text;
  for (const auto& [name, value] : metadata) text += name + "=" + value + "\n";
  return text;
}

Metadata metadata_from(std::string_view text) {
  Metadata metadata;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    const auto equals = line.find('=');
    if (equals != std::string_view::npos) {
      metadata.emplace_hint(metadata.end(), line.substr(0, equals), line.substr(equals + 1));
    }
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return metadata;
}

std::string to_bytes(const Values& values) {
  std::string bytes;
  for (const auto& [name, value] : values) {
    bytes += static_cast<char>(name.size());
    bytes += name;
    std::visit(Write{bytes}, value);
  }
  return bytes;
}

Result<Values> values_from(std::string_view bytes) {
  Values values;
  Cursor cursor{bytes};
  while (!cursor.rest.empty()) {
    std::string name(cursor.take(cursor.number(1)));
    auto value = read_value(cursor);
    if (!value || !cursor.ok) {
      return Error(Code::corrupt,
                   "an entity's stored values are damaged: restore store.db from a backup");
    }
    values.emplace_hint(values.end(), std::move(name), *std::move(value));
  }
  return values;
}

}  // namespace cloudfolio::storage::embedded

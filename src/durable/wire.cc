#include "durable/wire.h"

namespace cloudfolio::durable::wire {
namespace {

constexpr std::uint32_t kVarint = 0;
constexpr std::uint32_t kFixed64 = 1;
constexpr std::uint32_t kDelimited = 2;
constexpr std::uint32_t kFixed32 = 5;

std::uint32_t varint_bytes(std::uint64_t value) {
  std::uint32_t count = 1;
  for (; value >= 0x80; value >>= 7) ++count;
  return count;
}

}  // namespace

void Writer::varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<char>((value & 0x7f) | 0x80));
  out_.push_back(static_cast<char>(value));
}

void Writer::tag(std::uint32_t field, std::uint32_t type) {
  varint(field << 3 | type);
}

void Writer::number(std::uint32_t field, std::int64_t value) {
  if (value == 0) return;
  tag(field, kVarint);
  varint(static_cast<std::uint64_t>(value));
}

void Writer::text(std::uint32_t field, std::string_view value) {
  if (!value.empty()) message(field, value);
}

void Writer::optional_text(std::uint32_t field, std::string_view value) {
  if (value.empty()) return;
  tag(field, kDelimited);
  varint(1 + varint_bytes(value.size()) + value.size());
  message(1, value);
}

void Writer::message(std::uint32_t field, std::string_view bytes) {
  tag(field, kDelimited);
  varint(bytes.size());
  out_.append(bytes);
}

std::string Field::as_optional_text() const {
  std::string text;
  Reader reader(bytes);
  while (auto field = reader.next()) {
    if (field->number == 1) text = field->as_text();
  }
  return text;
}

std::optional<std::uint64_t> Reader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (rest_.empty()) break;
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  ok_ = false;
  return std::nullopt;
}

std::optional<Field> Reader::next() {
  if (rest_.empty() || !ok_) return std::nullopt;
  const auto tag = varint();
  if (!tag) return std::nullopt;
  Field field;
  field.number = static_cast<std::uint32_t>(*tag >> 3);
  const auto type = static_cast<std::uint32_t>(*tag & 7);
  std::uint64_t size = 0;
  if (type == kVarint) {
    const auto value = varint();
    if (!value) return std::nullopt;
    field.value = *value;
    return field;
  }
  if (type == kDelimited) {
    const auto length = varint();
    if (!length) return std::nullopt;
    size = *length;
  } else if (type == kFixed64 || type == kFixed32) {
    size = type == kFixed64 ? 8 : 4;
  } else {
    ok_ = false;
    return std::nullopt;
  }
  if (size > rest_.size()) {
    ok_ = false;
    return std::nullopt;
  }
  field.bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return field;
}

}  // namespace cloudfolio::durable::wire

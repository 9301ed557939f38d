#pragma once
// The Protocol Buffers wire format, as far as histories need it: varints and length-delimited
// fields.
//
// Written by hand because the messages are flat and the generated code of Durable Task's protocol
// is megabytes. A reader skips what it does not know and never reads past its bytes.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cloudfolio::durable::wire {

// Appends fields to a string. Zero numbers and empty strings are not written (proto3's defaults),
// except by the functions that say so.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  // int32, int64, bool, enum: negative numbers take ten bytes, as the format has them.
  void number(std::uint32_t field, std::int64_t value);
  void text(std::uint32_t field, std::string_view value);
  // A google.protobuf.StringValue; an empty text is an absent one.
  void optional_text(std::uint32_t field, std::string_view value);
  // A message whose bytes are already there; also an empty one.
  void message(std::uint32_t field, std::string_view bytes);

 private:
  void varint(std::uint64_t value);
  void tag(std::uint32_t field, std::uint32_t type);
  std::string& out_;
};

// One field at a time. `bytes` is set for length-delimited fields, `value` for numbers.
struct Field {
  std::uint32_t number = 0;
  std::uint64_t value = 0;
  std::string_view bytes;

  std::int32_t as_int32() const { return static_cast<std::int32_t>(value); }
  std::int64_t as_int64() const { return static_cast<std::int64_t>(value); }
  bool as_bool() const { return value != 0; }
  std::string as_text() const { return std::string(bytes); }
  // Of a google.protobuf.StringValue.
  std::string as_optional_text() const;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  // The next field; nullopt at the end or where the bytes are no message (then !ok()).
  std::optional<Field> next();
  bool ok() const { return ok_; }

 private:
  std::optional<std::uint64_t> varint();
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace cloudfolio::durable::wire

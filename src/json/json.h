#pragma once
// JSON: one value type (Boost.JSON's), reading with limits, and three ways of writing.
//
// Numbers: an integer that fits 64 bits stays an integer; anything else is a double. Doubles are
// written with the shortest digits that read back the same, the way Python prints them ("1.0",
// "1e-05"). Strings are UTF-8: reading refuses malformed text, writing replaces it by U+FFFD.
//
// Threads: all functions are pure.

#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "base/result.h"
#include "json/json_fwd.h"

namespace cloudfolio::json {

struct ParseLimits {
  std::size_t bytes_max = 64 * kMiB;
  std::size_t depth_max = 64;
};

// Reads exactly one JSON text. Code::invalid_argument says where: "line 3, column 14: syntax
// error". Of a key that is written twice, the last counts (as in Python).
Result<Value> parse(std::string_view text, ParseLimits limits = {});
// The same, for a text that must be an object.
Result<Object> parse_object(std::string_view text, ParseLimits limits = {});

// Compact, keys in their order: {"a":1,"b":[2,3]}. NaN and infinities become null.
std::string write(const Value& value);
// Two spaces a level, ": " after keys, as Python's json.dumps(indent=2, ensure_ascii=False).
std::string write_pretty(const Value& value);
// Python's json.dumps(value, sort_keys=True): keys sorted by code point, separators ", " and ": ",
// everything beyond ASCII as \uXXXX. The original system's fingerprints are taken over this text.
std::string python_dumps(const Value& value);

// --- Looking into JSON that others wrote: never throws, absent or of another type is "nothing".
// --- Pointers and views live as long as the value that they point into.

const Value* find(const Value& value, std::string_view key);
const Value* find(const Object& object, std::string_view key);
// Follows keys and array positions: find_path(answer, "data.repository.refs.nodes.0.name").
const Value* find_path(const Value& value, std::string_view dotted_path);
const Value* find_path(const Object& object, std::string_view dotted_path);
// A temporary (an Object made a Value on the way) would be gone before the pointer is used.
const Value* find_path(const Value&& value, std::string_view dotted_path) = delete;

std::optional<std::string_view> find_string(const Value& value, std::string_view key);
std::optional<std::string_view> find_string(const Object& object, std::string_view key);
// Integers; also a double that is exactly one (3.0).
std::optional<std::int64_t> find_int(const Value& value, std::string_view key);
std::optional<std::int64_t> find_int(const Object& object, std::string_view key);
std::optional<double> find_number(const Value& value, std::string_view key);
std::optional<double> find_number(const Object& object, std::string_view key);
std::optional<bool> find_bool(const Value& value, std::string_view key);
std::optional<bool> find_bool(const Object& object, std::string_view key);
const Object* find_object(const Value& value, std::string_view key);
const Object* find_object(const Object& object, std::string_view key);
const Array* find_array(const Value& value, std::string_view key);
const Array* find_array(const Object& object, std::string_view key);

// The value itself, if it has that type.
std::optional<std::string_view> as_string(const Value& value);
std::optional<std::int64_t> as_int(const Value& value);
std::optional<double> as_number(const Value& value);

// Boost's string as ours.
inline std::string_view view(const String& text) {
  return {text.data(), text.size()};
}
// "string", "number", "object", "array", "boolean" or "null", for messages.
std::string_view type_name(const Value& value);

}  // namespace cloudfolio::json

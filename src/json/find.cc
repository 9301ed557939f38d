#include <charconv>
#include <cmath>

#include "json/json.h"

namespace cloudfolio::json {

std::string_view type_name(const Value& value) {
  switch (value.kind()) {
    case boost::json::kind::null:
      return "null";
    case boost::json::kind::bool_:
      return "boolean";
    case boost::json::kind::int64:
    case boost::json::kind::uint64:
    case boost::json::kind::double_:
      return "number";
    case boost::json::kind::string:
      return "string";
    case boost::json::kind::array:
      return "array";
    case boost::json::kind::object:
      return "object";
  }
  return "nothing";
}

const Value* find(const Object& object, std::string_view key) {
  return object.if_contains(key);
}

const Value* find(const Value& value, std::string_view key) {
  const Object* object = value.if_object();
  return object ? find(*object, key) : nullptr;
}

const Value* find_path(const Value& value, std::string_view dotted_path) {
  const Value* here = &value;
  while (here && !dotted_path.empty()) {
    const std::size_t dot = dotted_path.find('.');
    const std::string_view step = dotted_path.substr(0, dot);
    dotted_path = dot == std::string_view::npos ? std::string_view() : dotted_path.substr(dot + 1);
    if (const Array* array = here->if_array()) {
      std::size_t index = 0;
      const auto [end, failed] = std::from_chars(step.data(), step.data() + step.size(), index);
      const bool whole = failed == std::errc() && end == step.data() + step.size();
      here = whole ? array->if_contains(index) : nullptr;
    } else {
      here = find(*here, step);
    }
  }
  return here;
}

const Value* find_path(const Object& object, std::string_view dotted_path) {
  const std::size_t dot = dotted_path.find('.');
  const Value* first = find(object, dotted_path.substr(0, dot));
  if (first == nullptr || dot == std::string_view::npos) return first;
  return find_path(*first, dotted_path.substr(dot + 1));
}

std::optional<std::string_view> as_string(const Value& value) {
  const String* text = value.if_string();
  if (!text) return std::nullopt;
  return view(*text);
}

std::optional<std::int64_t> as_int(const Value& value) {
  if (const std::int64_t* number = value.if_int64()) return *number;
  if (const double* number = value.if_double()) {
    // Exactly representable integers only; beyond 2^53 a double no longer names one.
    if (std::abs(*number) <= 9007199254740992.0 && std::trunc(*number) == *number)
      return static_cast<std::int64_t>(*number);
  }
  return std::nullopt;  // An uint64 that is no int64 among them.
}

std::optional<double> as_number(const Value& value) {
  if (const double* number = value.if_double()) return *number;
  if (const std::int64_t* number = value.if_int64()) return static_cast<double>(*number);
  if (const std::uint64_t* number = value.if_uint64()) return static_cast<double>(*number);
  return std::nullopt;
}

namespace {

template <class Container, class Convert>
auto find_as(const Container& container, std::string_view key, Convert convert)
    -> decltype(convert(std::declval<const Value&>())) {
  const Value* value = find(container, key);
  if (!value) return {};
  return convert(*value);
}

std::optional<bool> as_bool(const Value& value) {
  const bool* flag = value.if_bool();
  return flag ? std::optional(*flag) : std::nullopt;
}
const Object* as_object(const Value& value) {
  return value.if_object();
}
const Array* as_array(const Value& value) {
  return value.if_array();
}

}  // namespace

std::optional<std::string_view> find_string(const Value& value, std::string_view key) {
  return find_as(value, key, as_string);
}
std::optional<std::string_view> find_string(const Object& object, std::string_view key) {
  return find_as(object, key, as_string);
}
std::optional<std::int64_t> find_int(const Value& value, std::string_view key) {
  return find_as(value, key, as_int);
}
std::optional<std::int64_t> find_int(const Object& object, std::string_view key) {
  return find_as(object, key, as_int);
}
std::optional<double> find_number(const Value& value, std::string_view key) {
  return find_as(value, key, as_number);
}
std::optional<double> find_number(const Object& object, std::string_view key) {
  return find_as(object, key, as_number);
}
std::optional<bool> find_bool(const Value& value, std::string_view key) {
  return find_as(value, key, as_bool);
}
std::optional<bool> find_bool(const Object& object, std::string_view key) {
  return find_as(object, key, as_bool);
}
const Object* find_object(const Value& value, std::string_view key) {
  return find_as(value, key, as_object);
}
const Object* find_object(const Object& object, std::string_view key) {
  return find_as(object, key, as_object);
}
const Array* find_array(const Value& value, std::string_view key) {
  return find_as(value, key, as_array);
}
const Array* find_array(const Object& object, std::string_view key) {
  return find_as(object, key, as_array);
}

}  // namespace cloudfolio::json

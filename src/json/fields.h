#pragma once
// A wire type lists its fields once; reading, writing and checking walk the same list.
//
//   struct StartRequest {
//     std::string username;
//     bool force_refresh = false;
//     static constexpr auto fields() {
//       return std::tuple{json::Required{"username", &StartRequest::username, "GitHub login."},
//                         json::Field{"force_refresh", &StartRequest::force_refresh, "Refetch."}};
//     }
//   };
//   CF_TRY(auto start, json::parse_as<StartRequest>(body));
//
// Members may be bool, integers, double, std::string, json::Value (anything), std::optional<M>,
// std::vector<M>, std::map<std::string, M>, or another type with fields(). An absent Field keeps
// the member's default; an absent Required is an error. null stands for absent in an optional only;
// an empty optional is not written (a member of type json::Value can be a written null).
//
// Errors: Code::invalid_argument, "field 'repositories[3].name': expected string, found number".
// Recursion is bounded by the parser's depth limit.

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "json/json.h"

namespace cloudfolio::json {

template <class Owner, class Member>
struct Field {
  std::string_view name;
  Member Owner::*member;
  std::string_view help;
  static constexpr bool required = false;
};
template <class O, class M>
Field(std::string_view, M O::*, std::string_view) -> Field<O, M>;

template <class Owner, class Member>
struct Required {
  std::string_view name;
  Member Owner::*member;
  std::string_view help;
  static constexpr bool required = true;
};
template <class O, class M>
Required(std::string_view, M O::*, std::string_view) -> Required<O, M>;

// What to do with a key that no field names. `refused` suggests the nearest name.
enum class UnknownKeys { refused, ignored };

template <class T>
concept HasFields = requires {
  T::fields();
};

// Where reading stands and what went wrong first; for the templates below.
class Reading {
 public:
  explicit Reading(UnknownKeys unknown) : unknown_(unknown) {}
  UnknownKeys unknown() const { return unknown_; }
  bool failed() const { return !message_.empty(); }
  // "field 'a.b[2]': <message>"; the first call counts.
  void fail(std::string message);
  void fail_type(std::string_view expected, const Value& found);
  void enter_key(std::string_view key);
  void enter_index(std::size_t index);
  void leave();
  Error error() const;
  void check_keys(const Object& object, std::span<const std::string_view> known);

 private:
  UnknownKeys unknown_;
  std::vector<std::string> path_;
  std::string message_;
};

void read_member(Reading& reading, const Value& value, bool& out);
void read_member(Reading& reading, const Value& value, double& out);
void read_member(Reading& reading, const Value& value, std::string& out);
void read_member(Reading& reading, const Value& value, Value& out);
// An integer within [low, high].
std::int64_t read_integer(Reading& reading, const Value& value, std::int64_t low,
                          std::uint64_t high);

template <class M>
requires(std::is_integral_v<M> &&
         !std::is_same_v<M, bool>) void read_member(Reading& reading, const Value& value, M& out) {
  out = static_cast<M>(read_integer(reading, value, std::int64_t(std::numeric_limits<M>::min()),
                                    std::uint64_t(std::numeric_limits<M>::max())));
}
template <class M>
void read_member(Reading& reading, const Value& value, std::optional<M>& out);
template <class M>
void read_member(Reading& reading, const Value& value, std::vector<M>& out);
template <class M>
void read_member(Reading& reading, const Value& value, std::map<std::string, M>& out);

template <HasFields T>
void read_member(Reading& reading, const Value& value, T& out) {
  const Object* object = value.if_object();
  if (!object) return reading.fail_type("object", value);
  const auto read_one = [&](const auto& field) {
    if (reading.failed()) return;
    reading.enter_key(field.name);
    if (const Value* found = find(*object, field.name))
      read_member(reading, *found, out.*field.member);
    else if (field.required)
      reading.fail("missing");
    reading.leave();
  };
  std::apply(
      [&](const auto&... field) {
        (read_one(field), ...);
        const std::string_view known[] = {field.name..., std::string_view()};
        if (!reading.failed()) reading.check_keys(*object, std::span(known, sizeof...(field)));
      },
      T::fields());
}

template <class M>
void read_member(Reading& reading, const Value& value, std::optional<M>& out) {
  out.reset();
  if (!value.is_null()) read_member(reading, value, out.emplace());
}

template <class M>
void read_member(Reading& reading, const Value& value, std::vector<M>& out) {
  const Array* array = value.if_array();
  if (!array) return reading.fail_type("array", value);
  out.clear();
  out.reserve(array->size());
  for (const Value& element : *array) {
    reading.enter_index(out.size());
    M member{};
    read_member(reading, element, member);
    out.push_back(std::move(member));
    reading.leave();
    if (reading.failed()) return;
  }
}

template <class M>
void read_member(Reading& reading, const Value& value, std::map<std::string, M>& out) {
  const Object* object = value.if_object();
  if (!object) return reading.fail_type("object", value);
  out.clear();
  for (const auto& entry : *object) {
    const std::string_view key(entry.key().data(), entry.key().size());
    reading.enter_key(key);
    read_member(reading, entry.value(), out[std::string(key)]);
    reading.leave();
    if (reading.failed()) return;
  }
}

template <class M>
Value to_json(const std::optional<M>& member);
template <class M>
Value to_json(const std::vector<M>& members);
template <class M>
Value to_json(const std::map<std::string, M>& members);

template <class M>
Value to_json(const M& member) {
  if constexpr (HasFields<M>) {
    Object object;
    const auto write_one = [&](const auto& field) {
      const auto& value = member.*field.member;
      if constexpr (requires { value.has_value(); }) {
        if (value.has_value()) object[field.name] = to_json(*value);
      } else {
        object[field.name] = to_json(value);
      }
    };
    std::apply([&](const auto&... field) { (write_one(field), ...); }, M::fields());
    return object;
  } else if constexpr (std::is_convertible_v<const M&, std::string_view>) {
    return Value(std::string_view(member));
  } else {
    return Value(member);
  }
}
template <class M>
Value to_json(const std::optional<M>& member) {
  return member ? to_json(*member) : Value(nullptr);
}
template <class M>
Value to_json(const std::vector<M>& members) {
  Array array;
  array.reserve(members.size());
  for (const auto& member : members) array.push_back(to_json(static_cast<const M&>(member)));
  return array;
}
template <class M>
Value to_json(const std::map<std::string, M>& members) {
  Object object;
  for (const auto& [key, member] : members) object[key] = to_json(member);
  return object;
}

template <class T>
Result<T> from_json(const Value& value, UnknownKeys unknown = UnknownKeys::refused) {
  const auto out = std::make_unique<T>();
  Reading reading(unknown);
  read_member(reading, value, *out);
  if (reading.failed()) return reading.error();
  return std::move(*out);
}

// parse() and from_json() in one.
template <class T>
Result<T> parse_as(std::string_view text, UnknownKeys unknown = UnknownKeys::refused,
                   ParseLimits limits = {}) {
  CF_TRY(const Value value, parse(text, limits));
  return from_json<T>(value, unknown);
}

// Calls visit(name, help, required) for each field: for documentation and schemas.
template <HasFields T, class Visit>
void for_each_field(Visit&& visit) {
  std::apply([&](const auto&... field) { (visit(field.name, field.help, field.required), ...); },
             T::fields());
}

// The known name that `name` most likely meant, or nothing if none is near.
std::optional<std::string_view> nearest_name(std::string_view name,
                                             std::span<const std::string_view> known);

}  // namespace cloudfolio::json

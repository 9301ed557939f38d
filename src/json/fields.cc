#include "json/fields.h"

#include <algorithm>
#include <limits>

namespace cloudfolio::json {

void Reading::fail(std::string message) {
  if (failed()) return;
  std::string where;
  for (const std::string& step : path_) {
    if (!where.empty() && !step.starts_with('[')) where += '.';
    where += step;
  }
  message_ = where.empty() ? std::move(message) : "field '" + where + "': " + std::move(message);
}

void Reading::fail_type(std::string_view expected, const Value& found) {
  fail("expected " + std::string(expected) + ", found " + std::string(type_name(found)));
}

void Reading::enter_key(std::string_view key) {
  path_.emplace_back(key);
}
void Reading::enter_index(std::size_t index) {
  path_.push_back('[' + std::to_string(index) + ']');
}
void Reading::leave() {
  path_.pop_back();
}

Error Reading::error() const {
  return Error(Code::invalid_argument, message_);
}

void Reading::check_keys(const Object& object, std::span<const std::string_view> known) {
  if (unknown_ == UnknownKeys::ignored) return;
  for (const auto& entry : object) {
    const std::string_view key(entry.key().data(), entry.key().size());
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    enter_key(key);
    const auto nearest = nearest_name(key, known);
    fail(nearest ? "unknown; did you mean '" + std::string(*nearest) + "'?" : "unknown");
    return leave();
  }
}

void read_member(Reading& reading, const Value& value, bool& out) {
  if (const bool* flag = value.if_bool())
    out = *flag;
  else
    reading.fail_type("boolean", value);
}

void read_member(Reading& reading, const Value& value, double& out) {
  if (const auto number = as_number(value))
    out = *number;
  else
    reading.fail_type("number", value);
}

void read_member(Reading& reading, const Value& value, std::string& out) {
  if (const auto text = as_string(value))
    out = *text;
  else
    reading.fail_type("string", value);
}

void read_member(Reading&, const Value& value, Value& out) {
  out = value;
}

std::int64_t read_integer(Reading& reading, const Value& value, std::int64_t low,
                          std::uint64_t high) {
  if (const std::uint64_t* large = value.if_uint64()) {
    if (*large <= high) return static_cast<std::int64_t>(*large);
  } else if (const auto number = as_int(value)) {
    if (*number >= low && (*number < 0 || static_cast<std::uint64_t>(*number) <= high))
      return *number;
  } else {
    reading.fail(value.is_double() ? "expected integer, found a fraction"
                                   : "expected integer, found " + std::string(type_name(value)));
    return 0;
  }
  reading.fail("out of range: between " + std::to_string(low) + " and " + std::to_string(high) +
               " is allowed");
  return 0;
}

std::optional<std::string_view> nearest_name(std::string_view name,
                                             std::span<const std::string_view> known) {
  // Levenshtein distance, one row at a time; names are short, so is the loop.
  const auto distance = [](std::string_view one, std::string_view other) {
    std::vector<std::size_t> row(other.size() + 1);
    for (std::size_t column = 0; column <= other.size(); ++column) row[column] = column;
    for (std::size_t line = 1; line <= one.size(); ++line) {
      std::size_t diagonal = row[0];
      row[0] = line;
      for (std::size_t column = 1; column <= other.size(); ++column) {
        const std::size_t replaced = diagonal + (one[line - 1] == other[column - 1] ? 0 : 1);
        diagonal = row[column];
        row[column] = std::min({row[column] + 1, row[column - 1] + 1, replaced});
      }
    }
    return row.back();
  };
  constexpr std::size_t kNameBytesMax = 100;
  if (name.size() > kNameBytesMax) return std::nullopt;
  std::optional<std::string_view> nearest;
  std::size_t least = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const std::string_view candidate : known) {
    const std::size_t far = distance(name, candidate);
    if (far < least) {
      least = far;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace cloudfolio::json

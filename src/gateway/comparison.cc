#include "gateway/comparison.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "json/json.h"

namespace cloudfolio::gateway {
namespace {

constexpr double kTolerance = 1e-9;
constexpr std::string_view kTimes[] = {"last_modified", "cached_at", "timestamp", "size_bytes",
                                       "server_time"};
constexpr std::string_view kOurs[] = {"cloudfolio"};

class Walk {
 public:
  bool same(const json::Value& one, const json::Value& other, const std::string& path) {
    const auto first = json::as_number(one);
    const auto second = json::as_number(other);
    if (first && second) {
      const double scale = std::max({1.0, std::abs(*first), std::abs(*second)});
      return std::abs(*first - *second) <= kTolerance * scale || differs(path);
    }
    if (one.is_object() && other.is_object())
      return same_objects(one.get_object(), other.get_object(), path);
    if (one.is_array() && other.is_array())
      return same_lists(one.get_array(), other.get_array(), path);
    return one == other || differs(path);
  }

  Comparison result(bool same) && { return Comparison{same, std::move(where_), std::move(rules_)}; }

 private:
  bool differs(const std::string& path) {
    where_ = path.empty() ? "body" : path.substr(1);
    return false;
  }

  void use(std::string_view rule) {
    if (std::find(rules_.begin(), rules_.end(), rule) == rules_.end()) rules_.push_back(rule);
  }

  // The rule that leaves this field out, if there is one.
  static std::optional<std::string_view> leaves_out(std::string_view key) {
    if (std::find(std::begin(kTimes), std::end(kTimes), key) != std::end(kTimes)) return "times";
    if (std::find(std::begin(kOurs), std::end(kOurs), key) != std::end(kOurs)) return "ours";
    return std::nullopt;
  }

  // Whether one field is the same; null where that side has none.
  bool same_field(std::string_view key, const json::Value* one, const json::Value* other,
                  const std::string& path) {
    const std::string here = path + "." + std::string(key);
    const auto rule = leaves_out(key);
    if (!rule) return one && other ? same(*one, *other, here) : differs(here);
    if (!one || !other || *one != *other) use(*rule);
    return true;
  }

  bool same_objects(const json::Object& one, const json::Object& other, const std::string& path) {
    for (const auto& [key, value] : one)
      if (!same_field({key.data(), key.size()}, &value, other.if_contains(key), path)) return false;
    for (const auto& [key, value] : other) {
      if (one.if_contains(key)) continue;
      if (!same_field({key.data(), key.size()}, nullptr, &value, path)) return false;
    }
    return true;
  }

  static std::vector<const json::Value*> in_order(const json::Array& list, bool& by_name) {
    std::vector<const json::Value*> values;
    for (const json::Value& value : list) {
      by_name = by_name && json::find_string(value, "name").has_value();
      values.push_back(&value);
    }
    return values;
  }

  bool same_lists(const json::Array& one, const json::Array& other, const std::string& path) {
    if (one.size() != other.size()) return differs(path + ".length");
    bool by_name = true;
    auto first = in_order(one, by_name);
    auto second = in_order(other, by_name);
    if (by_name) {
      const auto name_of = [](const json::Value* value) {
        return *json::find_string(*value, "name");
      };
      const auto moved = [&](const json::Value* a, const json::Value* b) {
        return name_of(a) != name_of(b);
      };
      for (std::size_t i = 0; i < first.size(); ++i)
        if (moved(first[i], second[i])) use("order");
      const auto before = [&](const json::Value* a, const json::Value* b) {
        return name_of(a) < name_of(b);
      };
      std::stable_sort(first.begin(), first.end(), before);
      std::stable_sort(second.begin(), second.end(), before);
    }
    for (std::size_t i = 0; i < first.size(); ++i)
      if (!same(*first[i], *second[i], path + "." + std::to_string(i))) return false;
    return true;
  }

  std::string where_;
  std::vector<std::string_view> rules_;
};

}  // namespace

Comparison compare_answers(const http::Response& one, const http::Response& other) {
  if (one.status != other.status) return {.same = false, .where = "status", .rules = {}};
  if (one.body.view() == other.body.view()) return {.same = true, .where = {}, .rules = {}};
  const auto first = json::parse(one.body.view());
  const auto second = json::parse(other.body.view());
  if (!first || !second) return {.same = false, .where = "body", .rules = {}};
  Walk walk;
  const bool same = walk.same(*first, *second, "");
  return std::move(walk).result(same);
}

}  // namespace cloudfolio::gateway

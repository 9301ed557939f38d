#include "storage/azure/entity_json.h"

#include <boost/json/object.hpp>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/time_text.h"
#include "crypto/encoding.h"
#include "json/json.h"
#include "storage/rules.h"

namespace cloudfolio::storage::azure {
namespace {

constexpr std::string_view kTypeSuffix = "@odata.type";

Error unreadable(std::string_view name) {
  return Error(Code::corrupt,
               "the table service's value '" + std::string(name) + "' cannot be read");
}

std::string type_key(std::string_view name) {
  return std::string(name) + std::string(kTypeSuffix);
}

struct AddValue {
  json::Object& object;
  const std::string& name;

  void annotated(const char* type, json::Value value) const {
    object[type_key(name)] = type;
    object[name] = std::move(value);
  }
  void operator()(const std::string& text) const { object[name] = text; }
  void operator()(bool yes) const { object[name] = yes; }
  // As text: a JSON number loses digits on the way.
  void operator()(std::int64_t number) const {
    annotated("Edm.Int64", json::Value(std::to_string(number)));
  }
  void operator()(double number) const {
    if (std::isnan(number)) return annotated("Edm.Double", json::Value("NaN"));
    if (std::isinf(number))
      return annotated("Edm.Double", json::Value(number > 0 ? "Infinity" : "-Infinity"));
    annotated("Edm.Double", json::Value(number));
  }
  void operator()(Clock::WallTime time) const {
    annotated("Edm.DateTime", json::Value(to_text(time)));
  }
  void operator()(const Binary& binary) const {
    annotated("Edm.Binary", json::Value(crypto::to_base64(binary.bytes)));
  }
};

std::optional<Value> whole_from(const json::Value& value) {
  if (const auto number = json::as_int(value)) return Value(*number);
  const auto text = json::as_string(value);
  if (!text) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return Value(number);
}

std::optional<Value> real_from(const json::Value& value) {
  if (const auto number = json::as_number(value)) return Value(*number);
  const auto text = json::as_string(value);
  if (text == "NaN") return Value(std::numeric_limits<double>::quiet_NaN());
  if (text == "Infinity") return Value(std::numeric_limits<double>::infinity());
  if (text == "-Infinity") return Value(-std::numeric_limits<double>::infinity());
  return std::nullopt;
}

// `type` is empty where the JSON says it all.
std::optional<Value> value_from(const json::Value& value, std::string_view type) {
  if (type == "Edm.Int64" || type == "Edm.Int32") return whole_from(value);
  if (type == "Edm.Double") return real_from(value);
  const auto text = json::as_string(value);
  if (type == "Edm.DateTime") {
    const auto time = text ? time_from(*text) : std::nullopt;
    return time ? std::optional<Value>(*time) : std::nullopt;
  }
  if (type == "Edm.Binary") {
    auto bytes = text ? crypto::from_base64(*text) : std::nullopt;
    return bytes ? std::optional<Value>(Binary{*std::move(bytes)}) : std::nullopt;
  }
  if (text) return Value(std::string(*text));
  if (value.is_bool()) return Value(value.get_bool());
  if (value.is_double()) return Value(value.get_double());
  return whole_from(value);
}

bool is_own_name(std::string_view name) {
  return name != "PartitionKey" && name != "RowKey" && name != "Timestamp" &&
         !name.starts_with("odata.") && name.find('@') == std::string_view::npos;
}

}  // namespace

std::string entity_json(const Entity& entity, const std::string& mark) {
  json::Object object;
  object["PartitionKey"] = entity.key.partition;
  object["RowKey"] = entity.key.row;
  for (const auto& [name, value] : entity.values) std::visit(AddValue{object, name}, value);
  if (!mark.empty() && entity.values.size() < kEntityValuesMax)
    object[std::string(kOperationMarkValue)] = mark;
  return json::write(object);
}

Result<StoredEntity> entity_from(const json::Object& object) {
  StoredEntity stored;
  const auto partition = json::find_string(object, "PartitionKey");
  const auto row = json::find_string(object, "RowKey");
  if (!partition || !row) return unreadable("PartitionKey or RowKey");
  stored.entity.key = {std::string(*partition), std::string(*row)};
  stored.entity.etag = ETag(std::string(json::find_string(object, "odata.etag").value_or("")));
  for (const auto& member : object) {
    const std::string_view name(member.key().data(), member.key().size());
    if (!is_own_name(name)) continue;
    const auto type = json::find_string(object, type_key(name)).value_or("");
    auto value = value_from(member.value(), type);
    if (!value) return unreadable(name);
    if (name == kOperationMarkValue) {
      if (const auto* mark = std::get_if<std::string>(&*value)) stored.mark = *mark;
    } else {
      stored.entity.values.emplace(name, *std::move(value));
    }
  }
  return stored;
}

Result<std::vector<StoredEntity>> entities_from(std::string_view text) {
  auto object = json::parse_object(text);
  const json::Array* array = object ? json::find_array(*object, "value") : nullptr;
  if (!array) return Error(Code::corrupt, "the table service's answer is no list of entities");
  std::vector<StoredEntity> entities;
  for (const json::Value& one : *array) {
    const json::Object* entity = one.if_object();
    if (!entity) return Error(Code::corrupt, "the table service's list holds no entity");
    CF_TRY(StoredEntity stored, entity_from(*entity));
    entities.push_back(std::move(stored));
  }
  return entities;
}

}  // namespace cloudfolio::storage::azure

#include "migrate/content_text.h"

#include <bit>
#include <charconv>

#include "crypto/encoding.h"
#include "json/json.h"

namespace cloudfolio::migrate {

namespace {

Error damaged() {
  return Error(Code::corrupt, "a backup of the migration is damaged");
}

Result<std::int64_t> integer_from(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return damaged();
  return number;
}

struct ValueWriter {
  std::string operator()(const std::string& text) const { return "s" + text; }
  std::string operator()(std::int64_t number) const { return "i" + std::to_string(number); }
  // By bits: the same number again, NaN included.
  std::string operator()(double number) const {
    return "d" + std::to_string(std::bit_cast<std::int64_t>(number));
  }
  std::string operator()(bool flag) const { return flag ? "b1" : "b0"; }
  std::string operator()(Clock::WallTime time) const {
    return "t" + std::to_string(time.time_since_epoch().count());
  }
  std::string operator()(const storage::Binary& binary) const {
    return "x" + crypto::to_base64(binary.bytes);
  }
};

Result<Content> blob_from(const json::Object& header, std::string_view bytes) {
  storage::Blob blob;
  blob.bytes = bytes;
  blob.properties.content_type = json::find_string(header, "content_type").value_or("");
  blob.properties.content_encoding = json::find_string(header, "content_encoding").value_or("");
  if (const auto* metadata = json::find_object(header, "metadata"))
    for (const auto& item : *metadata)
      if (const auto value = json::as_string(item.value()))
        blob.properties.metadata[std::string(item.key())] = *value;
  return Content(std::move(blob));
}

Result<Content> entity_from(const json::Object& header) {
  storage::Entity entity;
  entity.key.partition = json::find_string(header, "partition").value_or("");
  entity.key.row = json::find_string(header, "row").value_or("");
  const auto* values = json::find_object(header, "values");
  if (!values) return damaged();
  for (const auto& item : *values) {
    const auto text = json::as_string(item.value());
    if (!text) return damaged();
    CF_TRY(entity.values[std::string(item.key())], value_from_text(*text));
  }
  return Content(std::move(entity));
}

}  // namespace

std::string value_text(const storage::Value& value) {
  return std::visit(ValueWriter{}, value);
}

Result<storage::Value> value_from_text(std::string_view text) {
  if (text.empty()) return damaged();
  const char type = text.front();
  text.remove_prefix(1);
  if (type == 's') return storage::Value(std::string(text));
  if (type == 'b') return storage::Value(text == "1");
  if (type == 'x') {
    auto bytes = crypto::from_base64(text);
    if (!bytes) return damaged();
    return storage::Value(storage::Binary{*std::move(bytes)});
  }
  CF_TRY(const std::int64_t number, integer_from(text));
  if (type == 'i') return storage::Value(number);
  if (type == 'd') return storage::Value(std::bit_cast<double>(number));
  if (type == 't') return storage::Value(Clock::WallTime(std::chrono::microseconds(number)));
  return damaged();
}

std::string content_text(const Content& content) {
  json::Object header;
  if (const auto* blob = std::get_if<storage::Blob>(&content)) {
    header["content_type"] = blob->properties.content_type;
    header["content_encoding"] = blob->properties.content_encoding;
    json::Object metadata;
    for (const auto& [name, value] : blob->properties.metadata) metadata[name] = value;
    header["metadata"] = std::move(metadata);
    return json::write(header) + "\n" + blob->bytes;
  }
  const auto& entity = std::get<storage::Entity>(content);
  header["partition"] = entity.key.partition;
  header["row"] = entity.key.row;
  json::Object values;
  for (const auto& [name, value] : entity.values) values[name] = value_text(value);
  header["values"] = std::move(values);
  return json::write(header) + "\n";
}

Result<Content> content_from_text(std::string_view text) {
  const std::size_t line = text.find('\n');
  if (line == std::string_view::npos) return damaged();
  const auto header = json::parse_object(text.substr(0, line));
  if (!header) return damaged();
  if (header->contains("values")) return entity_from(*header);
  return blob_from(*header, text.substr(line + 1));
}

}  // namespace cloudfolio::migrate

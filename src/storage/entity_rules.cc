#include <algorithm>
#include <set>

#include "storage/rules.h"
#include "storage/text.h"

namespace cloudfolio::storage {

namespace {

constexpr std::string_view kReservedNames[] = {"PartitionKey", "RowKey", "Timestamp",
                                               kOperationMarkValue};
constexpr std::size_t kTextUnitsMax = 32'768;
constexpr std::size_t kBinaryBytesMax = 64 * kKiB;
constexpr std::size_t kKeyUnitsMax = 512;
constexpr std::string_view kNotInKeys = "/\\#?";

Error wrong(std::string message) {
  return Error(Code::invalid_argument, std::move(message));
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

Status check_key_part(std::string_view what, std::string_view text) {
  const auto units = utf16_units(text);
  if (units && *units <= kKeyUnitsMax && !has_control_characters(text) &&
      text.find_first_of(kNotInKeys) == std::string_view::npos) {
    return Done{};
  }
  return wrong(std::string(what) + " key '" + std::string(text.substr(0, 100)) +
               "' must be at most 512 UTF-16 units of UTF-8 without / \\ # ? and control "
               "characters: encode it with to_table_key()");
}

Status check_value_name(std::string_view name) {
  const bool fits =
      !name.empty() && name.size() <= 255 && is_letter(name.front()) &&
      std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c); }) &&
      std::find(std::begin(kReservedNames), std::end(kReservedNames), name) ==
          std::end(kReservedNames);
  if (fits) return Done{};
  return wrong(
      "value name '" + std::string(name.substr(0, 100)) +
      "' must be letters, digits and '_', not start with a digit, and not be PartitionKey, "
      "RowKey, Timestamp or CloudfolioOperation");
}

// The size as Azure counts it: text in UTF-16.
Result<std::size_t> value_bytes(const std::string& name, const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    const auto units = utf16_units(*text);
    if (!units) return wrong("value '" + name + "' is not UTF-8: store it as Binary");
    if (*units > kTextUnitsMax)
      return wrong("value '" + name + "' is longer than 32768 characters");
    return 4 + *units * 2;
  }
  if (const auto* binary = std::get_if<Binary>(&value)) {
    if (binary->bytes.size() > kBinaryBytesMax) {
      return wrong("value '" + name + "' is longer than 64 KiB");
    }
    return 4 + binary->bytes.size();
  }
  if (const auto* time = std::get_if<Clock::WallTime>(&value)) {
    constexpr Clock::WallTime kFirst{std::chrono::sys_days(std::chrono::year(1601) / 1 / 1)};
    constexpr Clock::WallTime kEnd{std::chrono::sys_days(std::chrono::year(10'000) / 1 / 1)};
    if (*time < kFirst || *time >= kEnd)
      return wrong("value '" + name + "' is before 1601 or after 9999");
  }
  return 8;
}

Result<std::size_t> entity_bytes(const Entity& entity) {
  CF_CHECK(check_entity_key(entity.key));
  if (entity.values.size() > kEntityValuesMax) {
    return wrong("an entity of " + std::to_string(entity.values.size()) + " values exceeds 252");
  }
  std::size_t total = 4 + (entity.key.partition.size() + entity.key.row.size()) * 2;
  for (const auto& [name, value] : entity.values) {
    CF_CHECK(check_value_name(name));
    CF_TRY(const std::size_t bytes, value_bytes(name, value));
    total += 8 + name.size() * 2 + bytes;
  }
  if (total <= kEntityBytesMax) return total;
  return wrong("an entity of " + std::to_string(total) + " bytes exceeds 1 MiB");
}

const Entity* entity_of(const TableAction& action) {
  return std::visit(
      [](const auto& one) -> const Entity* {
        if constexpr (requires { one.entity; }) {
          return &one.entity;
        } else {
          return nullptr;
        }
      },
      action);
}

}  // namespace

const EntityKey& key_of(const TableAction& action) {
  if (const auto* removal = std::get_if<RemoveAction>(&action)) return removal->key;
  return entity_of(action)->key;
}

Status check_entity_key(const EntityKey& key) {
  CF_CHECK(check_key_part("partition", key.partition));
  return check_key_part("row", key.row);
}

Status check_entity(const Entity& entity) {
  CF_CHECK(entity_bytes(entity));
  return Done{};
}

Status check_query(const TableQuery& query) {
  if (query.max_count < 1 || query.max_count > kTablePageCountMax) {
    return wrong("page size " + std::to_string(query.max_count) + " must be 1 to 1000");
  }
  if (query.partition) {
    CF_CHECK(check_key_part("partition", *query.partition));
  } else if (!query.row_from.empty() || !query.row_before.empty()) {
    return wrong("a query over all partitions cannot bound the rows");
  }
  CF_CHECK(check_key_part("row", query.row_from));
  return check_key_part("row", query.row_before);
}

Status check_batch(const std::vector<TableAction>& actions) {
  if (actions.empty() || actions.size() > kBatchCountMax) {
    return wrong("a batch of " + std::to_string(actions.size()) + " actions must be 1 to 100");
  }
  std::set<EntityKey> keys;
  std::size_t total = 0;
  for (const TableAction& action : actions) {
    const EntityKey& key = key_of(action);
    if (key.partition != key_of(actions.front()).partition) {
      return wrong("a batch must stay in one partition: '" + key.partition + "' is another");
    }
    if (!keys.insert(key).second) return wrong("a batch names row '" + key.row + "' twice");
    CF_CHECK(check_entity_key(key));
    if (const Entity* entity = entity_of(action)) {
      CF_TRY(const std::size_t bytes, entity_bytes(*entity));
      total += bytes;
    }
  }
  if (total <= kBatchBytesMax) return Done{};
  return wrong("a batch of " + std::to_string(total) + " bytes exceeds 4 MiB");
}

}  // namespace cloudfolio::storage

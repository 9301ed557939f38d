#include "tenancy/usage_sum.h"

#include <charconv>

#include "tenancy/table_rows.h"

namespace cloudfolio::tenancy {

namespace {

// "482113:4 482114:1"
std::string text_of_parts(const std::map<std::int64_t, std::int64_t>& parts) {
  std::string text;
  for (const auto& [part, amount] : parts) {
    if (!text.empty()) text += ' ';
    text += std::to_string(part) + ":" + std::to_string(amount);
  }
  return text;
}

std::map<std::int64_t, std::int64_t> parts_from(const std::string& text) {
  std::map<std::int64_t, std::int64_t> parts;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    std::int64_t part = 0;
    std::int64_t amount = 0;
    const auto first = std::from_chars(at, end, part);
    if (first.ec != std::errc() || first.ptr == end || *first.ptr != ':') break;
    const auto second = std::from_chars(first.ptr + 1, end, amount);
    if (second.ec != std::errc()) break;
    parts[part] += amount;
    at = second.ptr;
    if (at != end && *at == ' ') ++at;
  }
  return parts;
}

std::chrono::microseconds width_of(Meter meter) {
  return std::chrono::microseconds(window_of(meter)) / kWindowParts;
}

}  // namespace

std::int64_t part_of(Meter meter, Clock::WallTime time) {
  return time.time_since_epoch() / width_of(meter);
}

Clock::WallTime part_frees_at(Meter meter, std::int64_t part) {
  return Clock::WallTime(width_of(meter) * (part + 1)) + window_of(meter);
}

void UsageSum::add(Meter meter, Clock::WallTime now, std::int64_t amount) {
  total += amount;
  ++count;
  parts[part_of(meter, now)] += amount;
  std::erase_if(parts, [&](const auto& part) { return part_frees_at(meter, part.first) <= now; });
}

UsageSum UsageSum::from(const storage::Entity& entity) {
  UsageSum sum;
  sum.total = int_of(entity, "total");
  sum.pruned = int_of(entity, "pruned");
  sum.count = int_of(entity, "count");
  sum.parts = parts_from(text_of(entity, "windows"));
  return sum;
}

storage::Values UsageSum::values() const {
  return {
      {"total", total}, {"pruned", pruned}, {"count", count}, {"windows", text_of_parts(parts)}};
}

}  // namespace cloudfolio::tenancy

#include "costs/price_table.h"

#include <algorithm>
#include <optional>

#include "base/ensure.h"
#include "base/time_text.h"
#include "json/fields.h"

namespace cloudfolio::costs {
namespace {

constexpr std::int64_t kFormat = 1;
constexpr std::size_t kLinesMax = 10'000;
constexpr std::size_t kTableBytesMax = 1'000'000;
constexpr std::int64_t kStepMsMax = 3'600'000;
constexpr std::string_view kAnyRegion = "*";

struct PriceLine {
  std::string unit;
  std::string region;
  std::string valid_from;
  std::int64_t picos = 0;
  std::int64_t step_ms = 1;
  static constexpr auto fields() {
    return std::tuple{json::Required{"unit", &PriceLine::unit, "What is counted."},
                      json::Required{"region", &PriceLine::region, "Where; * is anywhere else."},
                      json::Required{"valid_from", &PriceLine::valid_from, "A day, UTC."},
                      json::Required{"picos", &PriceLine::picos, "10^-12 of the currency a unit."},
                      json::Field{"step_ms", &PriceLine::step_ms, "Paid whole once begun."}};
  }
};

struct TableFile {
  std::int64_t format = 0;
  std::string version;
  std::string currency;
  std::string note;
  std::vector<PriceLine> prices;
  static constexpr auto fields() {
    return std::tuple{json::Required{"format", &TableFile::format, "Of this file: 1."},
                      json::Required{"version", &TableFile::version, "Of these prices."},
                      json::Required{"currency", &TableFile::currency, "ISO 4217."},
                      json::Field{"note", &TableFile::note, "For people."},
                      json::Required{"prices", &TableFile::prices, "One line a price."}};
  }
};

// Public list prices in US dollars, without any free grant or reservation: Azure Container
// Instances (Linux, West Europe class; a group's duration is rounded up to the second), Container
// Apps' request price, Block Blob operations of the hot tier. They change; an installation sets its
// own (docs/formats/price-table.md).
constexpr std::string_view kBuiltIn = R"({
  "format": 1,
  "version": "list-2026-11",
  "currency": "USD",
  "note": "List prices; see docs/formats/price-table.md.",
  "prices": [
    {"unit": "cpu_second", "region": "local", "valid_from": "2020-01-01", "picos": 5000000},
    {"unit": "gib_second", "region": "local", "valid_from": "2020-01-01", "picos": 600000},
    {"unit": "cpu_second", "region": "*", "valid_from": "2020-01-01", "picos": 13500000, "step_ms": 1000},
    {"unit": "gib_second", "region": "*", "valid_from": "2020-01-01", "picos": 1500000, "step_ms": 1000},
    {"unit": "request", "region": "*", "valid_from": "2020-01-01", "picos": 400000},
    {"unit": "storage_write", "region": "*", "valid_from": "2020-01-01", "picos": 6500000},
    {"unit": "storage_read", "region": "*", "valid_from": "2020-01-01", "picos": 500000}
  ]
})";

std::optional<Unit> unit_from(std::string_view name) {
  for (const Unit unit : kUnits)
    if (to_string(unit) == name) return unit;
  return std::nullopt;
}

Error wrong(std::size_t line, std::string_view what) {
  return Error(Code::invalid_argument,
               "price table, prices[" + std::to_string(line) + "]: " + std::string(what));
}

}  // namespace

std::string_view to_string(Unit unit) {
  switch (unit) {
    case Unit::cpu_second:
      return "cpu_second";
    case Unit::gib_second:
      return "gib_second";
    case Unit::request:
      return "request";
    case Unit::storage_write:
      return "storage_write";
    case Unit::storage_read:
      return "storage_read";
  }
  return "request";
}

Result<PriceTable> PriceTable::parse(std::string_view text) {
  auto file =
      json::parse_as<TableFile>(text, json::UnknownKeys::refused, {.bytes_max = kTableBytesMax});
  if (!file) return std::move(file).error().while_doing("price table");
  if (file->format != kFormat)
    return Error(Code::invalid_argument,
                 "price table: format " + std::to_string(file->format) + " is not known, only 1");
  if (file->prices.size() > kLinesMax)
    return Error(Code::invalid_argument, "price table: more than 10000 prices");
  PriceTable table;
  table.version_ = file->version;
  table.currency_ = file->currency;
  for (std::size_t i = 0; i < file->prices.size(); ++i) {
    const PriceLine& line = file->prices[i];
    const auto unit = unit_from(line.unit);
    if (!unit) return wrong(i, "'" + line.unit + "' is no unit");
    const auto from =
        line.valid_from.size() == 10 ? time_from(line.valid_from + "T00:00:00Z") : std::nullopt;
    if (!from) return wrong(i, "valid_from must be a day like 2026-01-31");
    if (line.picos < 0) return wrong(i, "a price cannot be negative");
    auto& lines = table.lines_[{*unit, line.region}];
    if (!lines.empty() && lines.back().from >= *from)
      return wrong(i, "prices of one unit and region must be in the order of their days");
    if (line.step_ms < 1 || line.step_ms > kStepMsMax)
      return wrong(i, "step_ms must be between 1 and " + std::to_string(kStepMsMax));
    lines.push_back({*from, line.picos, line.step_ms});
  }
  for (const Unit unit : kUnits)
    if (!table.lines_.contains(std::pair(unit, std::string(kAnyRegion))))
      return Error(Code::invalid_argument, "price table has a hole: no price of " +
                                               std::string(to_string(unit)) + " in region *");
  return table;
}

const PriceTable& PriceTable::built_in() {
  static const PriceTable table = [] {
    auto parsed = parse(kBuiltIn);
    CF_ENSURE(parsed.ok(), "the built-in price table is one");
    return *std::move(parsed);
  }();
  return table;
}

Result<std::int64_t> PriceTable::price(Unit unit, std::string_view region,
                                       Clock::WallTime at) const {
  CF_TRY(const Line found, line(unit, region, at));
  return found.picos;
}

Result<std::int64_t> PriceTable::paid_ms(std::string_view region, Clock::WallTime from,
                                         std::int64_t ms) const {
  CF_TRY(const Line cpu, line(Unit::cpu_second, region, from));
  CF_TRY(const Line gib, line(Unit::gib_second, region, from));
  const std::int64_t step = std::max(cpu.step_ms, gib.step_ms);
  return ms / step * step + (ms % step > 0 ? step : 0);
}

Result<PriceTable::Line> PriceTable::line(Unit unit, std::string_view region,
                                          Clock::WallTime at) const {
  for (const std::string_view where : {region, kAnyRegion}) {
    const auto found = lines_.find(std::pair(unit, std::string(where)));
    if (found == lines_.end()) continue;
    const auto after =
        std::upper_bound(found->second.begin(), found->second.end(), at,
                         [](Clock::WallTime time, const Line& line) { return time < line.from; });
    if (after != found->second.begin()) return *std::prev(after);
  }
  return Error(Code::invalid_argument,
               "price table " + version_ + " has a hole: no price of " +
                   std::string(to_string(unit)) + " in region '" + std::string(region) + "' on " +
                   to_text(at).substr(0, 10) + "; add a line with an earlier valid_from");
}

std::int64_t micros_for(std::int64_t picos_per_unit, std::int64_t quantity_milli) {
  // picos × quantity / 1000 / 10^6
  const auto exact = static_cast<Wide>(picos_per_unit) * quantity_milli;
  constexpr Wide kDivisor = 1'000'000'000;
  return static_cast<std::int64_t>((exact + kDivisor / 2) / kDivisor);
}

}  // namespace cloudfolio::costs

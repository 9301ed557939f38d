#include "costs/cost_rows.h"

#include "json/fields.h"
#include "storage/rules.h"

namespace cloudfolio::costs {
namespace {

struct Shown {
  std::string tenant;
  std::string day;
  std::string kind;
  std::int64_t count = 0;
  double cpu_seconds = 0;
  double gib_seconds = 0;
  double queue_seconds = 0;
  double wall_seconds = 0;
  std::int64_t micros = 0;
  static constexpr auto fields() {
    return std::tuple{json::Field{"tenant", &Shown::tenant, "Login; empty: nobody's."},
                      json::Field{"day", &Shown::day, "UTC."},
                      json::Field{"kind", &Shown::kind, "What for."},
                      json::Field{"count", &Shown::count, "Runs or requests."},
                      json::Field{"cpu_seconds", &Shown::cpu_seconds, "Processor time."},
                      json::Field{"gib_seconds", &Shown::gib_seconds, "Memory time."},
                      json::Field{"queue_seconds", &Shown::queue_seconds, "Waiting time."},
                      json::Field{"wall_seconds", &Shown::wall_seconds, "Time."},
                      json::Field{"micros", &Shown::micros, "10^-6 of the currency."}};
  }
};

double seconds(std::int64_t ms) {
  return static_cast<double>(ms) / 1'000;
}

// The values are told by name; a fold that remembers whether one was missing.
struct Reader {
  const storage::Entity& entity;
  bool failed = false;
  template <class T>
  T get(const char* name) {
    const auto found = entity.values.find(name);
    if (found != entity.values.end())
      if (const T* value = std::get_if<T>(&found->second)) return *value;
    failed = true;
    return {};
  }
};

}  // namespace

std::string partition_of(const TenantId& tenant) {
  return "t" + storage::to_table_key(tenant.str());
}

storage::Values values_of(const CostLine& line, const std::string& price_version) {
  return {{"tenant", line.tenant},     {"day", line.day},         {"kind", line.kind},
          {"count", line.count},       {"cpu_ms", line.cpu_ms},   {"gib_ms", line.gib_ms},
          {"queue_ms", line.queue_ms}, {"wall_ms", line.wall_ms}, {"micros", line.micros},
          {"prices", price_version}};
}

Result<CostLine> cost_line_from(const storage::Entity& entity) {
  Reader reader{entity};
  CostLine line;
  line.tenant = reader.get<std::string>("tenant");
  line.day = reader.get<std::string>("day");
  line.kind = reader.get<std::string>("kind");
  line.count = reader.get<std::int64_t>("count");
  line.cpu_ms = reader.get<std::int64_t>("cpu_ms");
  line.gib_ms = reader.get<std::int64_t>("gib_ms");
  line.queue_ms = reader.get<std::int64_t>("queue_ms");
  line.wall_ms = reader.get<std::int64_t>("wall_ms");
  line.micros = reader.get<std::int64_t>("micros");
  if (reader.failed) return Error(Code::corrupt, "cost line '" + entity.key.row + "' is not whole");
  return line;
}

std::string to_json(const CostSummary& summary) {
  std::vector<Shown> lines;
  for (const CostLine& line : summary.lines)
    lines.push_back({line.tenant, line.day, line.kind, line.count, seconds(line.cpu_ms),
                     seconds(line.gib_ms), seconds(line.queue_ms), seconds(line.wall_ms),
                     line.micros});
  json::Object object;
  object["currency"] = summary.currency;
  object["prices"] = summary.price_version;
  object["lines"] = json::to_json(lines);
  object["total_micros"] = summary.micros;
  object["requests"] = summary.requests;
  object["micros_per_1000_requests"] = micros_per_1000_requests(summary);
  object["unattributed"] = summary.unattributed;
  return json::write(json::Value(std::move(object)));
}

}  // namespace cloudfolio::costs

#include "costs/ledger.h"

#include <algorithm>
#include <cstdio>
#include <tuple>

#include "base/time_text.h"
#include "costs/cost_rows.h"
#include "storage/rules.h"

namespace cloudfolio::costs {
namespace {

using storage::Entity;

// A run of more days has the rest of them on the last.
constexpr std::size_t kDaysMax = 400;

std::string day_of(Clock::WallTime time) {
  return to_text(time).substr(0, 10);
}

std::string row_of(const CostLine& line, const std::string& key) {
  return line.day + "|" + line.kind + "|" + storage::to_table_key(key);
}

std::int64_t milliseconds(Clock::WallTime from, Clock::WallTime to) {
  return std::max<std::int64_t>(0, to_unix_ms(to) - to_unix_ms(from));
}

// Of what was used in `whole` milliseconds, that of the first `part`.
std::int64_t share(std::int64_t used, std::int64_t part, std::int64_t whole) {
  return static_cast<std::int64_t>(static_cast<Wide>(used) * part / whole);
}

// The run, cut at each midnight; what it used is in the parts, all of it.
std::vector<RunLine> by_day(const RunLine& run) {
  std::vector<RunLine> parts;
  const std::int64_t whole = milliseconds(run.from, run.to);
  RunLine rest = run;
  std::int64_t cpu_before = 0;
  std::int64_t gib_before = 0;
  while (parts.size() + 1 < kDaysMax) {
    const Clock::WallTime midnight =
        std::chrono::floor<std::chrono::days>(rest.from) + std::chrono::days(1);
    if (rest.to <= midnight) break;
    RunLine part = rest;
    part.to = midnight;
    const std::int64_t until = milliseconds(run.from, midnight);
    part.cpu_ms = share(run.cpu_ms, until, whole) - cpu_before;
    part.gib_ms = share(run.gib_ms, until, whole) - gib_before;
    cpu_before += part.cpu_ms;
    gib_before += part.gib_ms;
    parts.push_back(part);
    rest.from = midnight;
    rest.queue_ms = 0;
  }
  rest.cpu_ms = run.cpu_ms - cpu_before;
  rest.gib_ms = run.gib_ms - gib_before;
  parts.push_back(std::move(rest));
  return parts;
}

Result<std::int64_t> price_of_day(const PriceTable& prices, const RunLine& run) {
  CF_TRY(const std::int64_t cpu, prices.price(Unit::cpu_second, run.region, run.from));
  CF_TRY(const std::int64_t gib, prices.price(Unit::gib_second, run.region, run.from));
  return micros_for(cpu, run.cpu_ms) + micros_for(gib, run.gib_ms);
}

void add(CostLine& sum, const CostLine& line) {
  sum.count += line.count;
  sum.cpu_ms += line.cpu_ms;
  sum.gib_ms += line.gib_ms;
  sum.queue_ms += line.queue_ms;
  sum.wall_ms += line.wall_ms;
  sum.micros += line.micros;
}

}  // namespace

Result<std::int64_t> Ledger::price_of(const RunLine& run) const {
  std::int64_t micros = 0;
  for (const RunLine& part : by_day(run)) {
    CF_TRY(const std::int64_t one, price_of_day(prices_, part));
    micros += one;
  }
  return micros;
}

Status Ledger::record(const Context& ctx, const RunLine& run) {
  std::vector<Entity> entities;
  for (const RunLine& part : by_day(run)) {
    CostLine line;
    line.tenant = part.tenant.str();
    line.day = day_of(part.from);
    line.kind = part.kind;
    line.count = entities.empty() ? 1 : 0;
    line.cpu_ms = part.cpu_ms;
    line.gib_ms = part.gib_ms;
    line.queue_ms = part.queue_ms;
    line.wall_ms = milliseconds(part.from, part.to);
    CF_TRY(line.micros, price_of_day(prices_, part));
    entities.push_back({{partition_of(part.tenant), row_of(line, part.key)},
                        values_of(line, prices_.version()),
                        {}});
  }
  for (const Entity& entity : entities) {
    const auto written = table_.insert(ctx, entity);
    // There already: the same interval, told twice.
    if (!written && written.error().code() != Code::conflict) return written.error();
  }
  return Done{};
}

Status Ledger::record_requests(const Context& ctx, const RequestCount& requests) {
  const auto at = time_from(requests.day + "T00:00:00Z");
  if (!at) return Error(Code::invalid_argument, "'" + requests.day + "' is no day");
  CF_TRY(const std::int64_t picos, prices_.price(Unit::request, "*", *at));
  CostLine line;
  line.tenant = requests.tenant.str();
  line.day = requests.day;
  line.kind = "request-" + requests.kind;
  line.count = requests.count;
  line.micros = micros_for(picos, requests.count * 1'000);
  const Entity entity{{partition_of(requests.tenant), row_of(line, requests.writer)},
                      values_of(line, prices_.version()),
                      {}};
  CF_TRY(const storage::ETag etag, table_.upsert(ctx, entity, storage::Write::replace));
  (void)etag;
  return Done{};
}

Status Ledger::record_unattributed(const Context& ctx, const std::string& name,
                                   Clock::WallTime at) {
  CostLine line;
  line.day = day_of(at);
  line.kind = "unattributed";
  line.count = 1;
  const Entity entity{
      {partition_of(TenantId()), row_of(line, name)}, values_of(line, prices_.version()), {}};
  const auto written = table_.insert(ctx, entity);
  if (!written && written.error().code() != Code::conflict) return written.error();
  return Done{};
}

Result<CostSummary> Ledger::sum(const Context& ctx, const std::optional<TenantId>& tenant,
                                Clock::WallTime since) const {
  storage::TableQuery query;
  const std::string first_day = day_of(since);
  if (tenant) {
    query.partition = partition_of(*tenant);
    query.row_from = first_day;
  }
  std::map<std::tuple<std::string, std::string, std::string>, CostLine> sums;
  CostSummary summary;
  do {
    CF_TRY(storage::TablePage page, table_.query(ctx, query));
    for (const Entity& entity : page.entities) {
      CF_TRY(const CostLine line, cost_line_from(entity));
      if (line.day < first_day) continue;
      CostLine& sum = sums[{line.tenant, line.day, line.kind}];
      sum.tenant = line.tenant;
      sum.day = line.day;
      sum.kind = line.kind;
      add(sum, line);
      summary.micros += line.micros;
      if (line.kind.starts_with("request-")) summary.requests += line.count;
      if (line.kind == "unattributed") summary.unattributed += line.count;
    }
    query.continuation = page.continuation;
  } while (!query.continuation.empty());
  for (auto& [key, line] : sums) summary.lines.push_back(std::move(line));
  summary.currency = prices_.currency();
  summary.price_version = prices_.version();
  return summary;
}

std::int64_t micros_per_1000_requests(const CostSummary& summary) {
  if (summary.requests == 0) return 0;
  return static_cast<std::int64_t>(
      (static_cast<Wide>(summary.micros) * 1'000 + summary.requests / 2) / summary.requests);
}

std::string money_text(std::int64_t micros) {
  char text[40];
  const std::int64_t positive = micros < 0 ? -micros : micros;
  std::snprintf(text, sizeof text, "%s%lld.%06lld", micros < 0 ? "-" : "",
                static_cast<long long>(positive / 1'000'000),
                static_cast<long long>(positive % 1'000'000));
  return text;
}

}  // namespace cloudfolio::costs

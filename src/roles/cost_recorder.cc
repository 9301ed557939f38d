#include "roles/cost_recorder.h"

#include <unistd.h>

#include <fstream>
#include <set>
#include <sstream>
#include <utility>

#include "base/time_text.h"

namespace cloudfolio::roles {
namespace {

constexpr std::int64_t kBytesPerGib = 1'073'741'824;

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Empty: not counted (health checks, metrics, and what no route takes).
std::string kind_of(std::string_view route) {
  if (has(route, "health") || has(route, "metrics") || route == "none" || has(route, "admin"))
    return "";
  if (has(route, "search") || route == "ai") return "search";
  if (has(route, "refresh") || has(route, "start")) return "refresh";
  if (has(route, "train")) return "train";
  return "read";
}

// Resident memory of this process; the second field of statm, in pages.
std::int64_t resident_bytes() {
  std::ifstream in("/proc/self/statm");
  std::int64_t all = 0;
  std::int64_t resident = 0;
  in >> all >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

Result<bool> is_deleted(const Context& ctx, Platform& platform, const TenantId& tenant) {
  CF_TRY(const auto record, platform.tenancy().directory().find(ctx, tenant));
  return record.state == tenancy::TenantState::deleting ||
         record.state == tenancy::TenantState::deleted;
}

std::string writer_name(SharedRandom& random) {
  char text[24];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(random.next()));
  return text;
}

}  // namespace

Result<costs::PriceTable> read_prices(const Config& config) {
  if (config.costs_prices.empty()) return costs::PriceTable::built_in();
  std::ifstream file(config.costs_prices);
  std::stringstream text;
  text << file.rdbuf();
  if (!file)
    return Error(Code::invalid_argument, "costs.prices: cannot read '" + config.costs_prices + "'");
  auto table = costs::PriceTable::parse(text.str());
  if (!table) return std::move(table).error().while_doing("costs.prices: " + config.costs_prices);
  return table;
}

CostRecorder::CostRecorder(costs::PriceTable prices, storage::Table& table, Platform& platform)
    : prices_(std::move(prices)),
      ledger_(table, prices_),
      platform_(platform),
      writer_(writer_name(platform.random())) {}

Result<std::unique_ptr<CostRecorder>> CostRecorder::open(const Config& config, Platform& platform) {
  CF_TRY(auto prices, read_prices(config));
  CF_TRY(storage::Table* const table, platform.storage().table(costs::kCostsTable));
  std::unique_ptr<CostRecorder> recorder(new CostRecorder(std::move(prices), *table, platform));
  CostRecorder& self = *recorder;
  recorder->flushing_ = std::make_unique<runtime::PeriodicTask>(
      runtime::PeriodicTask::Options{.name = "costs", .every = kFlushEvery}, platform.clock(),
      [&self](std::stop_token) {
        if (const Status done = self.flush(Context()); !done)
          self.platform_.log().warn(Context(), "costs.not_written", {{"error", done.error()}});
      });
  return recorder;
}

CostRecorder::~CostRecorder() {
  flushing_.reset();
  if (const Status done = flush(Context()); !done)
    platform_.log().warn(Context(), "costs.not_written", {{"error", done.error()}});
}

void CostRecorder::count_request(std::string_view route, const TenantId& tenant) {
  const std::string kind = kind_of(route);
  if (kind.empty()) return;
  const std::string day = to_text(platform_.clock().wall_time()).substr(0, 10);
  const std::lock_guard lock(mutex_);
  CounterKey key{tenant.str(), day, kind};
  if (counted_.size() >= kCountersMax && !counted_.contains(key)) std::get<0>(key).clear();
  ++counted_[std::move(key)].count;
}

Status CostRecorder::release_deleted(const Context& ctx) {
  std::set<std::string> tenants;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, counted] : counted_)
      if (!std::get<0>(key).empty() && counted.count != counted.written)
        tenants.insert(std::get<0>(key));
  }
  for (const std::string& tenant : tenants) {
    CF_TRY(const bool deleted, is_deleted(ctx, platform_, TenantId(tenant)));
    if (!deleted) continue;
    const std::lock_guard lock(mutex_);
    for (auto& [key, counted] : counted_) {
      if (std::get<0>(key) != tenant) continue;
      // Its rows are nobody's by now; one who comes anew begins at zero.
      const Counted its = std::exchange(counted, {});
      counted_[{"", std::get<1>(key), std::get<2>(key)}].count += its.count - its.written;
    }
  }
  return Done{};
}

Status CostRecorder::flush(const Context& ctx) {
  CF_CHECK(release_deleted(ctx));
  std::map<CounterKey, Counted> now;
  {
    const std::lock_guard lock(mutex_);
    now = counted_;
  }
  const std::string today = to_text(platform_.clock().wall_time()).substr(0, 10);
  for (const auto& [key, counted] : now) {
    const auto& [tenant, day, kind] = key;
    if (counted.count != counted.written)
      CF_CHECK(ledger_.record_requests(ctx, {TenantId(tenant), kind, day, writer_, counted.count}));
    const std::lock_guard lock(mutex_);
    const auto found = counted_.find(key);
    if (found == counted_.end()) continue;
    found->second.written = counted.count;
    // A day that is over and written needs no counter any more.
    if (day != today && found->second.count == counted.count) counted_.erase(found);
  }
  return Done{};
}

training::TrainingCost CostRecorder::record_training(const Context& ctx,
                                                     const training::TrainingUsage& usage) {
  costs::RunLine line;
  const auto deleted = is_deleted(ctx, platform_, usage.tenant);
  if (!deleted || !*deleted) line.tenant = usage.tenant;
  line.kind = "training";
  line.from = usage.began;
  line.to = usage.began + std::chrono::duration_cast<Clock::WallTime::duration>(usage.wall);
  line.key = usage.fingerprint + "|" + std::to_string(to_unix_ms(line.from)) + "|" + writer_;
  line.cpu_ms = std::chrono::duration_cast<std::chrono::milliseconds>(usage.cpu).count();
  const auto wall = std::chrono::duration_cast<std::chrono::milliseconds>(usage.wall).count();
  line.gib_ms = static_cast<std::int64_t>(static_cast<double>(wall) *
                                          static_cast<double>(resident_bytes()) / kBytesPerGib);
  // What was stopped was used all the same.
  if (const Status done = ledger_.record(Context().for_tenant(ctx.tenant()), line); !done)
    platform_.log().error(ctx, "costs.not_written", {{"key", line.key}, {"error", done.error()}});
  const auto micros = ledger_.price_of(line);
  if (!micros) return {};
  return {*micros, prices_.currency()};
}

Result<std::string> CostRecorder::summary_json(const Context& ctx,
                                               const std::optional<TenantId>& tenant,
                                               Clock::WallTime since) const {
  CF_TRY(const costs::CostSummary summary, ledger_.sum(ctx, tenant, since));
  return costs::to_json(summary);
}

}  // namespace cloudfolio::roles

#include "tenancy/quota_gate.h"

#include <algorithm>
#include <cmath>

#include "base/time_text.h"
#include "tenancy/usage_sum.h"

namespace cloudfolio::tenancy {

namespace {

std::vector<Meter> meters_of(Work work) {
  if (work == Work::training) return {Meter::trainings, Meter::storage_bytes};
  return {Meter::orchestrations, Meter::storage_bytes, Meter::github_calls};
}

// What the work adds at once.
std::int64_t wanted(Meter meter) {
  return meter == Meter::storage_bytes ? 0 : 1;
}

Reading reading_of(Meter meter, const MeterUse& use, const Limits& limits, Clock::WallTime now) {
  Reading reading;
  reading.meter = meter;
  reading.used = use.used;
  reading.limit = limits.of(meter);
  reading.limit_version = limits.version;
  if (reading.limit == 0) return reading;
  const bool full = meter == Meter::storage_bytes ? use.used >= reading.limit
                                                  : use.used + wanted(meter) > reading.limit;
  const auto warn_from =
      static_cast<std::int64_t>(std::ceil(static_cast<double>(reading.limit) * kWarnFrom));
  if (full) {
    reading.level = Reading::Level::full;
    reading.fits_at = use.fits_at(wanted(meter), reading.limit);
  } else if (use.used >= warn_from) {
    reading.level = Reading::Level::warning;
  }
  if (!full && wanted(meter) > 0 && use.used + 1 == reading.limit)
    reading.next_at = reading.limit == 1 ? part_frees_at(meter, part_of(meter, now))
                                         : use.fits_at(2, reading.limit);
  return reading;
}

std::string span_of(Meter meter) {
  const auto window = window_of(meter);
  if (window.count() == 0) return "";
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(window).count();
  return hours % 24 == 0 && hours > 24 ? " in " + std::to_string(hours / 24) + " days"
         : hours == 1                  ? " in an hour"
                                       : " in " + std::to_string(hours) + " hours";
}

Error store_is_away() {
  return Error(Code::unavailable,
               "usage cannot be read now, and a training is not started without; try again later");
}

}  // namespace

std::string describe(const Reading& reading) {
  std::string text = std::string(to_string(reading.meter)) + ": " + std::to_string(reading.used) +
                     " of " + std::to_string(reading.limit) + span_of(reading.meter) +
                     (reading.used == 1 ? " is used" : " are used");
  if (reading.fits_at) return text + "; one more fits from " + to_text(*reading.fits_at) + " on";
  if (reading.level != Reading::Level::full) return text;
  return text + (reading.meter == Meter::storage_bytes ? "; make room, or ask the operator for more"
                                                       : "; ask the operator for more");
}

QuotaGate::QuotaGate(Options options, const UsageLedger& ledger, const QuotaBook& book,
                     const Clock& clock)
    : options_(std::move(options)), ledger_(ledger), book_(book), clock_(clock) {}

Result<std::vector<Reading>> QuotaGate::read(const Context& ctx, const TenantId& tenant,
                                             const std::vector<Meter>& meters) const {
  CF_TRY(const Limits limits, book_.limits(ctx, tenant));
  std::vector<Reading> readings;
  for (const Meter meter : meters) {
    CF_TRY(const MeterUse use, ledger_.used(ctx, tenant, meter));
    readings.push_back(reading_of(meter, use, limits, clock_.wall_time()));
  }
  return readings;
}

Result<std::vector<Reading>> QuotaGate::readings(const Context& ctx, const TenantId& tenant) const {
  return read(ctx, tenant, {kMeters.begin(), kMeters.end()});
}

Result<Admission> QuotaGate::admit(const Context& ctx, const TenantId& tenant, Work work) {
  {
    auto degraded = degraded_.lock();
    if (degraded->until && clock_.now() < *degraded->until)
      return admit_without_store(*degraded, tenant, work);
  }
  auto readings =
      read(ctx.with_deadline(clock_.now() + options_.patience), tenant, meters_of(work));
  if (!readings && readings.error().code() == Code::cancelled) return std::move(readings).error();
  auto degraded = degraded_.lock();
  if (!readings) {
    degraded->until = clock_.now() + options_.pause;
    return admit_without_store(*degraded, tenant, work);
  }
  degraded->until.reset();
  degraded->admitted.clear();
  Admission admission;
  admission.readings = *std::move(readings);
  const bool enforced = options_.enforced(tenant);
  for (const Reading& reading : admission.readings) {
    if (reading.level == Reading::Level::fine) continue;
    if (reading.level == Reading::Level::full && enforced) {
      if (!admission.refusal) admission.refusal = reading;
    } else {
      admission.warnings.push_back(reading);
    }
  }
  return admission;
}

Result<Admission> QuotaGate::admit_without_store(Degraded& degraded, const TenantId& tenant,
                                                 Work work) {
  if (work == Work::training && options_.enforced(tenant)) return store_is_away();
  Admission admission;
  admission.source = Admission::Source::this_process;
  if (!options_.enforced(tenant)) return admission;
  if (degraded.admitted.size() >= kLocalTenantsMax) degraded.admitted.clear();
  std::int64_t& admitted = degraded.admitted[tenant.str()];
  Reading reading;
  reading.meter = Meter::orchestrations;
  reading.used = admitted;
  // What this tenant is granted is in the store, too.
  const std::int64_t limit = book_.defaults()[static_cast<std::size_t>(Meter::orchestrations)];
  reading.limit = limit == 0 ? 0 : std::max<std::int64_t>(1, limit / options_.gateways_count);
  admission.readings.push_back(reading);
  if (reading.limit != 0 && admitted >= reading.limit) {
    reading.level = Reading::Level::full;
    reading.fits_at = clock_.wall_time() + options_.pause;
    admission.refusal = reading;
    return admission;
  }
  ++admitted;
  return admission;
}

Status QuotaGate::check(const Context& ctx, const TenantId& tenant, Work work,
                        const std::function<void(const Reading&)>& on_warning) {
  CF_TRY(const Admission admission, admit(ctx, tenant, work));
  if (on_warning)
    for (const Reading& reading : admission.warnings) on_warning(reading);
  if (admission.admitted()) return Done{};
  return Error(Code::quota_exceeded, describe(*admission.refusal));
}

}  // namespace cloudfolio::tenancy

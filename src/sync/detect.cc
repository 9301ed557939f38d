// detect: what GitHub lists against what is published.

#include <algorithm>

#include "base/time_text.h"
#include "sync/assemble.h"
#include "sync/base_bundle.h"
#include "sync/report.h"
#include "sync/steps.h"
#include "telemetry/log.h"
#include "tenancy/login.h"

namespace cloudfolio::sync {

namespace {

// Where GitHub refused without saying until when.
constexpr std::chrono::seconds kLimitLengthUnknown{60};

Report report_of_nothing(const TenantId& tenant, const cache::PublicationInfo& info) {
  Report report;
  report.login = tenant.str();
  report.generation = info.generation;
  report.mirrored = info.repository_count;
  report.unchanged = info.repository_count;
  report.fingerprint = info.fingerprint;
  report.content_fingerprint = info.content;
  return report;
}

DetectResult unchanged_result(const Report& report, const cache::PublicationInfo& info) {
  DetectResult result;
  result.unchanged = true;
  result.index_missing = info.index.key.empty() && info.repository_count > 0;
  if (auto value = json::parse(to_json(report))) result.report = *std::move(value);
  result.generation = info.generation;
  return result;
}

// Of a list that is sorted by push: whether everything pushed since the last refresh is on its
// first page, because the page ends among pushes that were known then.
bool reaches_known(const std::vector<github::Repository>& page, const cache::Bundle& base) {
  if (page.empty()) return false;
  std::string newest_known;
  for (const cache::RepositoryEntry& entry : base.repositories)
    newest_known = std::max(newest_known, entry.metadata.pushed_at);
  return !newest_known.empty() && page.back().pushed_at <= newest_known;
}

// GitHub lists other times and sizes, and nothing that a reader would see: only the next question
// is new.
Result<Report> remember_unchanged(const Context& ctx, const cache::TenantCache& cache,
                                  const Plan& plan, const Base& base, const SyncState& before) {
  Report report = report_of(plan, {}, base.bundle);
  report.login = cache.tenant().str();
  report.generation = base.info->generation;
  report.fingerprint = base.info->fingerprint;
  report.content_fingerprint = base.info->content;
  const SyncState state{report.generation,
                        plan.probe_etag,
                        plan.swept_at,
                        plan.one_page,
                        is_complete(plan, {}, base.bundle),
                        report.seen,
                        report.skipped};
  if (state != before) {
    CF_CHECK(cache.write_sync_state(ctx, to_json(state)));
  }
  return report;
}

}  // namespace

Result<Base> read_base(const Context& ctx, const cache::TenantCache& cache) {
  auto publication = cache.read_publication(ctx);
  if (publication) return Base{publication->info, *publication->bundle};
  if (publication.error().code() == Code::not_found) return Base();
  if (publication.error().code() != Code::corrupt) return std::move(publication).error();
  CF_TRY(cache::PublicationInfo info, cache.publication_info(ctx));
  return Base{std::move(info), {}};
}

// What the last refresh left.
struct RefreshSteps::Known {
  TenantId tenant;
  std::optional<cache::PublicationInfo> info;
  SyncState state;
  bool may_ask_conditionally = false;
  bool sweep_due = true;
  std::string operation;  // Names this pass to the accounts.
};

RefreshSteps::RefreshSteps(const Services& services)
    : services_(services), metrics_(services.metrics) {}

Limited RefreshSteps::limited(const Error& error) const {
  const Clock::WallTime now = services_.clock.wall_time();
  const Clock::WallTime until = services_.source.resumes_at().value_or(now + kLimitLengthUnknown);
  metrics_.refreshes.with({"limited"}).add();
  return Limited{to_text(std::max(until, now + std::chrono::seconds(1))), error.message()};
}

Result<RefreshSteps::Known> RefreshSteps::read_known(const Context& ctx,
                                                     const cache::TenantCache& cache) const {
  Known known;
  known.tenant = cache.tenant();
  auto info = cache.publication_info(ctx);
  if (info)
    known.info = *std::move(info);
  else if (info.error().code() != Code::not_found)
    return std::move(info).error();
  auto text = cache.find_sync_state(ctx);
  if (!text && text.error().code() != Code::corrupt) return std::move(text).error();
  if (!text || !*text || !known.info || known.info->generation == 0) return known;
  auto state = state_from_json(**text);
  if (!state || state->generation != known.info->generation) return known;
  known.state = *std::move(state);
  const auto swept_at = time_from(known.state.swept_at);
  known.sweep_due = !swept_at || services_.clock.wall_time() - *swept_at >= kSweepInterval;
  known.may_ask_conditionally = known.state.complete && !known.state.probe_etag.empty() &&
                                (known.state.one_page || !known.sweep_due);
  return known;
}

Result<bool> RefreshSteps::is_unchanged(const Context& ctx, const TenantId& tenant) {
  const cache::TenantCache cache = services_.cache.open(tenant);
  CF_TRY(const Known known, read_known(ctx, cache));
  if (!known.may_ask_conditionally) return false;
  CF_TRY(const github::Probe probe,
         services_.source.probe(ctx, tenant.str(), known.state.probe_etag));
  CF_CHECK(count_calls(ctx, tenant, "", probe.usage));
  return probe.unchanged;
}

Result<std::string> RefreshSteps::detect(const Context& ctx, const RefreshInput& input) {
  CF_TRY(const TenantId tenant, tenancy::tenant_from_login(input.login));
  const cache::TenantCache cache = services_.cache.open(tenant);
  CF_TRY(Known known, read_known(ctx, cache));
  known.operation = operation_of(input);
  const bool conditional = !input.force && known.may_ask_conditionally;
  auto probe = services_.source.probe(ctx, tenant.str(), conditional ? known.state.probe_etag : "");
  if (!probe && probe.error().code() == Code::rate_limited) {
    DetectResult result;
    result.limited = limited(probe.error());
    return write(result);
  }
  if (!probe) return std::move(probe).error().while_doing("sync " + tenant.str());
  // What is moved now is read again below; an unchanged list is the same owner's.
  CF_CHECK(settle_owner(ctx, tenant, *probe));
  CF_CHECK(count_start(ctx, tenant, input));
  CF_CHECK(count_calls(ctx, tenant, known.operation, probe->usage));
  if (probe->unchanged && known.info) {
    Report report = report_of_nothing(tenant, *known.info);
    report.seen = known.state.seen;
    report.skipped = known.state.skipped;
    report.skipped_count = known.state.skipped.size();
    report.github_requests = probe->usage.requests_count;
    report.github_points = probe->usage.points;
    metrics_.refreshes.with({"unchanged"}).add();
    return write(unchanged_result(report, *known.info));
  }
  auto result = plan_changes(ctx, cache, known, *std::move(probe), input.force);
  if (!result && result.error().code() == Code::rate_limited) {
    DetectResult wait;
    wait.limited = limited(result.error());
    return write(wait);
  }
  if (!result) return std::move(result).error().while_doing("sync " + tenant.str());
  return write(*result);
}

Result<DetectResult> RefreshSteps::plan_changes(const Context& ctx, const cache::TenantCache& cache,
                                                const Known& known, github::Probe probe,
                                                bool force) {
  const bool one_page = probe.completeness == github::Completeness::whole;
  github::Usage usage = probe.usage;
  CF_TRY(const Base base, read_base(ctx, cache));
  Listed listed{std::move(probe.page), Coverage::whole};
  const bool newest_suffices =
      !force && !known.sweep_due && reaches_known(listed.repositories, base.bundle);
  if (!one_page && newest_suffices) {
    listed.coverage = Coverage::newest;
  } else if (!one_page) {
    CF_TRY(github::Listing listing, services_.source.list(ctx, known.tenant.str()));
    usage += listing.usage;
    CF_CHECK(count_calls(ctx, known.tenant, known.operation + ":list", listing.usage));
    listed.repositories = std::move(listing.repositories);
    if (listing.completeness == github::Completeness::partial) listed.coverage = Coverage::partial;
  }
  Plan plan = make_plan(listed, base.bundle, force);
  plan.probe_etag = std::move(probe.etag);
  plan.one_page = one_page;
  plan.swept_at = listed.coverage == Coverage::whole ? to_text(services_.clock.wall_time())
                                                     : known.state.swept_at;
  plan.requests = usage.requests_count;
  plan.points = usage.points;
  if (base.info && base.info->generation != 0 && !plan.changes()) {
    CF_TRY(const Report report, remember_unchanged(ctx, cache, plan, base, known.state));
    metrics_.refreshes.with({"unchanged"}).add();
    return unchanged_result(report, *base.info);
  }
  if (base.info) {
    plan.base_generation = base.info->generation;
    plan.base_etag = base.info->etag;
  }
  CF_TRY(plan.generation, cache.reserve_generation(ctx));
  CF_CHECK(cache.stage_note(ctx, plan.generation, "plan", to_json(plan)));
  DetectResult result;
  result.generation = plan.generation;
  result.batches = plan.batches.size();
  result.has_base = !base.bundle.repositories.empty();
  for (const auto& batch : plan.batches) result.repositories += batch.size();
  services_.log.info(ctx, "sync.detected",
                     {{"generation", plan.generation},
                      {"seen", plan.seen_count()},
                      {"to_fetch", result.repositories},
                      {"gone", plan.gone.size()},
                      {"coverage", to_string(plan.coverage)},
                      {"github_requests", plan.requests}});
  return result;
}

}  // namespace cloudfolio::sync

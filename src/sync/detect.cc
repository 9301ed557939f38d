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
bool reaches_known(const std::vector<github::Repository>& page,
                   std::initializer_list<const cache::Bundle*> bases) {
  if (page.empty()) return false;
  std::string newest_known;
  for (const cache::Bundle* base : bases)
    for (const cache::RepositoryEntry& entry : base->repositories)
      newest_known = std::max(newest_known, entry.metadata.pushed_at);
  return !newest_known.empty() && page.back().pushed_at <= newest_known;
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
  std::vector<cache::Right> rights;  // every private place that there is
  std::string operation;             // names this pass to the accounts
};

// What all plans of one answer have in common.
struct RefreshSteps::Basis {
  std::string probe_etag;
  std::string swept_at;
  bool one_page = true;
  bool force = false;
  github::Usage usage;
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
  if (services_.rights) {
    CF_TRY(known.rights, services_.rights->list(ctx, known.tenant));
  }
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
  if (state->credential != services_.source.credential().tag) return known;
  known.state = *std::move(state);
  const auto swept_at = time_from(known.state.swept_at);
  known.sweep_due = !swept_at || services_.clock.wall_time() - *swept_at >= kSweepInterval;
  bool agrees = !known.state.had_private;
  const auto place = place_of(known.tenant, known.state.token_owner);
  for (const cache::Right& right : known.rights) {
    if (!place || right.scope != place->scope) continue;
    known.sweep_due = known.sweep_due || services_.rights->is_ageing(right);
    CF_TRY(agrees, private_agrees(ctx, *place, known.state));
  }
  known.may_ask_conditionally = agrees && known.state.complete && !known.state.probe_etag.empty() &&
                                (known.state.one_page || !known.sweep_due);
  return known;
}

Result<github::Probe> RefreshSteps::probe(const Context& ctx, const Known& known,
                                          const std::string& etag) const {
  github::ProbeOptions options;
  options.etag = etag;
  if (!known.state.credential.empty()) options.token_owner = known.state.token_owner;
  auto probe = services_.source.probe(ctx, known.tenant.str(), std::move(options));
  if (!probe && probe.error().code() == Code::unauthenticated)
    CF_CHECK(remove_places(ctx, known.tenant, known.rights, std::nullopt));
  if (!probe) return probe;
  const auto place = probe->all_visible ? place_of(known.tenant, probe->token_owner) : std::nullopt;
  CF_CHECK(remove_places(ctx, known.tenant, known.rights, place));
  // The whole list is as it was, and so is all of the private publication in it.
  const bool whole = probe->unchanged && known.state.one_page;
  for (const cache::Right& right : known.rights)
    if (whole && place && right.scope == place->scope)
      CF_CHECK(services_.rights->confirm(ctx, *place));
  return probe;
}

Result<bool> RefreshSteps::is_unchanged(const Context& ctx, const TenantId& tenant) {
  const cache::TenantCache cache = services_.cache.open(tenant);
  CF_TRY(const Known known, read_known(ctx, cache));
  if (!known.may_ask_conditionally) return false;
  CF_TRY(const github::Probe answer, probe(ctx, known, known.state.probe_etag));
  CF_CHECK(count_calls(ctx, tenant, "", answer.usage));
  return answer.unchanged;
}

Result<std::string> RefreshSteps::detect(const Context& ctx, const RefreshInput& input) {
  CF_TRY(const TenantId tenant, tenancy::tenant_from_login(input.login));
  const cache::TenantCache cache = services_.cache.open(tenant);
  CF_TRY(Known known, read_known(ctx, cache));
  known.operation = operation_of(input);
  const bool conditional = !input.force && known.may_ask_conditionally;
  auto answer = probe(ctx, known, conditional ? known.state.probe_etag : "");
  if (!answer && answer.error().code() == Code::rate_limited) {
    DetectResult result;
    result.limited = limited(answer.error());
    return write(result);
  }
  if (!answer) return std::move(answer).error().while_doing("sync " + tenant.str());
  // What is moved now is read again below; an unchanged list is the same owner's.
  CF_CHECK(settle_owner(ctx, tenant, *answer));
  CF_CHECK(count_start(ctx, tenant, input));
  CF_CHECK(count_calls(ctx, tenant, known.operation, answer->usage));
  if (answer->unchanged && known.info) {
    Report report = report_of_nothing(tenant, *known.info);
    report.seen = known.state.seen;
    report.skipped = known.state.skipped;
    report.skipped_count = known.state.skipped.size();
    report.github_requests = answer->usage.requests_count;
    report.github_points = answer->usage.points;
    metrics_.refreshes.with({"unchanged"}).add();
    return write(unchanged_result(report, *known.info));
  }
  const auto batches = decide_batch_fetch(tenant);
  auto result = plan_changes(ctx, cache, known, *std::move(answer), input.force, batches);
  if (!result && result.error().code() == Code::rate_limited) {
    DetectResult wait;
    wait.limited = limited(result.error());
    return write(wait);
  }
  if (!result) return std::move(result).error().while_doing("sync " + tenant.str());
  result->batch_fetch = batches;
  return write(*result);
}

Result<std::optional<Report>> RefreshSteps::settle(const Context& ctx,
                                                   const cache::TenantCache& cache, Plan& plan,
                                                   const Base& base,
                                                   const SyncState& before) const {
  if (base.info) {
    plan.base_generation = base.info->generation;
    plan.base_etag = base.info->etag;
  }
  if (!base.info || base.info->generation == 0 || plan.changes()) {
    CF_TRY(plan.generation, cache.reserve_generation(ctx));
    CF_CHECK(cache.stage_note(ctx, plan.generation, "plan", to_json(plan)));
    return std::optional<Report>();
  }
  // GitHub lists other times and sizes, and nothing that a reader would see.
  Report report = report_of(plan, {}, base.bundle);
  report.login = cache.tenant().str();
  report.generation = base.info->generation;
  report.fingerprint = base.info->fingerprint;
  report.content_fingerprint = base.info->content;
  SyncState state = state_after(plan, report.generation);
  state.complete = is_complete(plan, {}, base.bundle);
  state.seen = report.seen;
  state.skipped = report.skipped;
  if (state != before) {
    CF_CHECK(cache.write_sync_state(ctx, to_json(state)));
  }
  return std::optional<Report>(std::move(report));
}

Result<DetectResult> RefreshSteps::plan_changes(const Context& ctx, const cache::TenantCache& cache,
                                                const Known& known, github::Probe probe, bool force,
                                                const std::optional<BatchFetch>& batches) {
  const auto place = probe.all_visible ? place_of(known.tenant, probe.token_owner) : std::nullopt;
  CF_TRY(const Base base, read_base(ctx, cache));
  Base private_base;
  if (place) {
    CF_TRY(private_base, read_base(ctx, services_.cache.open(*place)));
  }
  Basis basis{std::move(probe.etag), known.state.swept_at,
              probe.completeness == github::Completeness::whole, force, probe.usage};
  std::vector<github::Repository> listed = std::move(probe.page);
  Coverage coverage = Coverage::whole;
  const bool newest_suffices =
      !force && !known.sweep_due && reaches_known(listed, {&base.bundle, &private_base.bundle});
  if (!basis.one_page && newest_suffices) {
    coverage = Coverage::newest;
  } else if (!basis.one_page) {
    auto answer = source_for(batches).list(
        ctx, known.tenant.str(),
        place ? github::Visibility::all_visible : github::Visibility::public_only);
    record(known.tenant, batches, flags::outcome_of(answer));
    CF_TRY(github::Listing listing, std::move(answer));
    CF_CHECK(count_calls(ctx, known.tenant, known.operation + ":list", listing.usage));
    basis.usage += listing.usage;
    listed = std::move(listing.repositories);
    if (listing.completeness == github::Completeness::partial) coverage = Coverage::partial;
  }
  if (coverage == Coverage::whole) basis.swept_at = to_text(services_.clock.wall_time());
  Sides sides;
  if (place)
    sides = split_by_visibility(std::move(listed), coverage);
  else
    sides.everybody = Listed{std::move(listed), coverage, Side::everybody, {}};

  Plan plan = make_plan(sides.everybody, base.bundle, force);
  plan.probe_etag = basis.probe_etag;
  plan.one_page = basis.one_page;
  plan.swept_at = basis.swept_at;
  plan.credential = services_.source.credential().tag;
  plan.token_owner = probe.token_owner;
  plan.had_private = !sides.owner.repositories.empty();
  plan.requests = basis.usage.requests_count;
  plan.points = basis.usage.points;
  CF_TRY(const auto nothing, settle(ctx, cache, plan, base, known.state));
  DetectResult result;
  if (nothing) {
    metrics_.refreshes.with({"unchanged"}).add();
    result = unchanged_result(*nothing, *base.info);
    result.generation = 0;
  } else {
    result.generation = plan.generation;
    result.batches = plan.batches.size();
    for (const auto& batch : plan.batches) result.repositories += batch.size();
  }
  result.has_base = !base.bundle.repositories.empty();
  if (place) {
    CF_TRY(result.hidden, plan_private(ctx, known, *place, sides.owner, basis, private_base));
  }
  services_.log.info(ctx, "sync.detected",
                     {{"generation", plan.generation},
                      {"seen", plan.seen_count()},
                      {"to_fetch", result.repositories},
                      {"gone", plan.gone.size()},
                      {"coverage", to_string(plan.coverage)},
                      {"github_requests", plan.requests}});
  return result;
}

Result<std::optional<PrivatePart>> RefreshSteps::plan_private(
    const Context& ctx, const Known& known, const cache::Place& place, const Listed& listed,
    const Basis& basis, const Base& base) {
  bool exists = false;
  for (const cache::Right& right : known.rights) exists = exists || right.scope == place.scope;
  const bool whole = listed.coverage == Coverage::whole;
  if (listed.repositories.empty() && (!exists || whole)) {
    if (exists) CF_CHECK(services_.rights->remove(ctx, services_.cache, place));
    return std::optional<PrivatePart>();
  }
  CF_CHECK(services_.rights->announce(ctx, place));
  const cache::TenantCache cache = services_.cache.open(place);
  Plan plan = make_plan(listed, base.bundle, basis.force);
  plan.probe_etag = basis.probe_etag;
  plan.one_page = basis.one_page;
  plan.swept_at = basis.swept_at;
  // What is gone must not be read until the publication without it is there.
  if (!plan.gone.empty()) CF_CHECK(services_.rights->suspend(ctx, place));
  SyncState before;
  if (const auto text = cache.find_sync_state(ctx); text && *text)
    if (auto state = state_from_json(**text)) before = *std::move(state);
  CF_TRY(const auto nothing, settle(ctx, cache, plan, base, before));
  PrivatePart part;
  part.scope = place.scope.text();
  if (nothing) {
    if (whole) CF_CHECK(services_.rights->confirm(ctx, place));
    part.index_missing = base.info->index.key.empty() && base.info->repository_count > 0;
  } else {
    part.generation = plan.generation;
    part.batches = plan.batches.size();
  }
  return std::optional<PrivatePart>(std::move(part));
}

}  // namespace cloudfolio::sync

// publish: the plan and what was staged, made the generation that readers see.

#include <algorithm>

#include "base/time_text.h"
#include "cache/collector.h"
#include "sync/accounts.h"
#include "sync/assemble.h"
#include "sync/base_bundle.h"
#include "sync/report.h"
#include "sync/steps.h"
#include "telemetry/log.h"
#include "tenancy/login.h"

namespace cloudfolio::sync {

namespace {

constexpr std::size_t kCollectSliceCount = 1'000;
constexpr int kCollectSlicesMax = 5;

struct GatheredBatches {
  Gathered gathered;
  std::int64_t requests = 0;
  std::int64_t points = 0;
};

std::string failure_of(const PublishInput& input, std::uint64_t batch) {
  for (const FailedBatch& failed : input.failed)
    if (failed.batch == batch) return failed.reason;
  return "unavailable: it was not read";
}

Result<GatheredBatches> gather(const Context& ctx, const cache::TenantCache& cache,
                               const Plan& plan, const PublishInput& input) {
  GatheredBatches all;
  for (std::uint64_t batch = 0; batch < plan.batches.size(); ++batch) {
    auto note = cache.read_note(ctx, plan.generation, "batch-" + std::to_string(batch));
    if (!note && note.error().code() != Code::not_found) return std::move(note).error();
    if (!note) {
      for (const std::int64_t id : plan.batches[batch])
        all.gathered.missing[id] = {id, failure_of(input, batch), false};
      continue;
    }
    CF_TRY(const BatchOutcome outcome, batch_outcome_from_json(*note));
    for (const std::int64_t id : outcome.staged) {
      CF_TRY(all.gathered.staged[id], cache.read_staged(ctx, plan.generation, id));
    }
    for (const BatchOutcome::Missing& missing : outcome.missing)
      all.gathered.missing[missing.id] = missing;
    all.requests += outcome.requests;
    all.points += outcome.points;
  }
  return all;
}

void tell(const Context& ctx, const cache::Scope& scope, const Report& report, SyncMetrics& metrics,
          telemetry::Log& log) {
  metrics.refreshes.with({report.changed ? "published" : "same"}).add();
  metrics.repositories.with({"fetched"}).add(report.fetched);
  metrics.repositories.with({"unchanged"}).add(report.unchanged);
  metrics.repositories.with({"skipped"}).add(report.skipped_count);
  metrics.repositories.with({"gone"}).add(report.gone.size());
  log.info(ctx, "sync.published",
           {{"scope", cache::identity_scope(scope)},
            {"generation", report.generation},
            {"changed", report.changed},
            {"seen", report.seen},
            {"mirrored", report.mirrored},
            {"fetched", report.fetched},
            {"skipped", report.skipped_count},
            {"problems", report.problems_count},
            {"github_requests", report.github_requests}});
}

// Litter of earlier refreshes. A failure costs space and nothing else.
void collect(const Context& ctx, const cache::TenantCache& cache, telemetry::Log& log) {
  std::string next;
  for (int slice = 0; slice < kCollectSlicesMax; ++slice) {
    const auto collected =
        cache.collect_generations(ctx, cache::kCollectGrace, kCollectSliceCount, next);
    if (!collected) return log.warn(ctx, "sync.collect_failed", {{"error", collected.error()}});
    next = collected->next;
    if (next.empty()) return;
  }
}

}  // namespace

struct RefreshSteps::Published {
  bool superseded = false;
  bool changed = false;
  bool whole = false;  // the plan's list was
  Report report = {};
};

Result<RefreshSteps::Published> RefreshSteps::publish_plan(const Context& ctx,
                                                           const cache::TenantCache& cache,
                                                           std::uint64_t generation,
                                                           const PublishInput& input) {
  CF_TRY(const std::string note, cache.read_note(ctx, generation, "plan"));
  CF_TRY(const Plan plan, plan_from_json(note));
  CF_TRY(const GatheredBatches batches, gather(ctx, cache, plan, input));
  Published result;
  result.whole = plan.coverage == Coverage::whole;
  result.superseded = true;

  CF_TRY(Base base, read_base(ctx, cache));
  std::optional<cache::PublicationInfo> info = base.info;
  cache::Bundle bundle;
  bool published = true;
  if (info && info->generation == plan.generation) {
    bundle = std::move(base.bundle);  // This step ran before, and got as far as publishing.
    CF_CHECK(cache.share_with_old_app(ctx, *info, bundle));
  } else {
    auto assembled = assemble(plan, batches.gathered, base.bundle);
    if (!assembled && assembled.error().code() == Code::conflict) return result;
    CF_TRY(bundle, std::move(assembled));
    published = !info || info->generation == 0 || plan.force || bundle != base.bundle;
    if (!published && info->generation != plan.base_generation) return result;
    if (published) {
      cache::ContentIdentity identity = services_.identity;
      identity.tenant = cache.tenant();
      identity.scope = cache::identity_scope(cache.scope());
      const cache::PublishRequest request{plan.generation, plan.base_generation, plan.base_etag,
                                          cache::content_fingerprint(identity, bundle)};
      auto now = cache.publish(ctx, request, bundle);
      if (!now && now.error().code() == Code::conflict) return result;
      if (!now) return std::move(now).error().while_doing("publish " + cache.tenant().str());
      info = *std::move(now);
    }
  }

  Report report = report_of(plan, batches.gathered, bundle);
  if (report.seen != report.mirrored + report.skipped_count)
    return Error(Code::internal, "the report of '" + cache.tenant().str() + "' does not add up");
  report.login = cache.tenant().str();
  report.generation = info->generation;
  report.changed = published;
  report.github_requests += batches.requests;
  report.github_points += batches.points;
  report.fingerprint = info->fingerprint;
  report.content_fingerprint = info->content;
  report.resumes_at = input.resumes_at;
  if (const auto started = time_from(input.started_at))
    report.seconds = std::chrono::duration<double>(services_.clock.wall_time() - *started).count();
  SyncState state = state_after(plan, info->generation);
  state.complete = is_complete(plan, batches.gathered, bundle);
  state.seen = report.seen;
  state.skipped = report.skipped;
  CF_CHECK(cache.write_sync_state(ctx, to_json(state)));
  CF_CHECK(cache.write_sync_report(ctx, to_json(report)));
  tell(ctx, cache.scope(), report, metrics_, services_.log);
  if (published) collect(ctx, cache, services_.log);
  if (published && services_.accounts) CF_CHECK(services_.accounts->tidy(ctx, cache.tenant()));
  result.superseded = false;
  result.changed = published;
  result.report = std::move(report);
  return result;
}

Result<RefreshSteps::Published> RefreshSteps::publish_private(const Context& ctx,
                                                              const TenantId& tenant,
                                                              const PublishInput& input) {
  CF_TRY(const cache::Place place, place_named(tenant, input.hidden->scope));
  CF_TRY(const auto rights, services_.rights->list(ctx, tenant));
  const bool exists = std::any_of(rights.begin(), rights.end(), [&](const cache::Right& right) {
    return right.scope == place.scope;
  });
  if (!exists) return Published();  // It was removed meanwhile: nothing may come back.
  CF_TRY(Published done,
         publish_plan(ctx, services_.cache.open(place), input.hidden->generation, input));
  if (!done.superseded && done.whole) CF_CHECK(services_.rights->confirm(ctx, place));
  return done;
}

Result<std::string> RefreshSteps::publish(const Context& ctx, const PublishInput& input) {
  CF_TRY(const TenantId tenant, tenancy::tenant_from_login(input.login));
  PublishResult result;
  if (input.generation != 0) {
    CF_TRY(const Published done,
           publish_plan(ctx, services_.cache.open(tenant), input.generation, input));
    result.superseded = done.superseded;
    result.published = done.changed;
    CF_TRY(result.report, json::parse(to_json(done.report)));
  }
  // What became private left the public bundle just now, before it is found in the other.
  if (input.hidden && services_.rights && !result.superseded) {
    CF_TRY(const Published done, publish_private(ctx, tenant, input));
    result.superseded = done.superseded;
    result.private_published = done.changed;
  }
  if (result.superseded) {
    metrics_.refreshes.with({"superseded"}).add();
    PublishResult again;
    again.superseded = true;
    return write(again);
  }
  return write(result);
}

}  // namespace cloudfolio::sync

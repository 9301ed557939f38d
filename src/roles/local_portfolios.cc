#include "roles/local_portfolios.h"

#include "capacity/worker_book.h"
#include "flags/definition.h"
#include "json/json.h"
#include "roles/capacity_settings.h"
#include "roles/models_report.h"
#include "roles/remote_work.h"
#include "roles/status_report.h"
#include "sync/refresh.h"
#include "training/train_model.h"

namespace cloudfolio::roles {
namespace {

constexpr std::size_t kHeardMax = 10'000;

gateway::PublishedBundle head_of(const cache::PublicationInfo& info) {
  gateway::PublishedBundle head;
  head.etag = info.etag;
  head.generation = info.generation;
  head.fingerprint = info.fingerprint;
  head.last_modified = info.last_modified;
  head.size_bytes = info.size_bytes;
  head.repository_count = info.repository_count;
  return head;
}

Result<gateway::PublishedBundle> whole(const Context& ctx, const cache::TenantCache& cache) {
  CF_TRY(const auto publication, cache.read_publication(ctx));
  gateway::PublishedBundle bundle = head_of(publication.info);
  bundle.data = std::make_shared<const std::string>(cache::to_json(*publication.bundle));
  return bundle;
}
}  // namespace

LocalPortfolios::LocalPortfolios(Parts parts) : parts_(parts) {}

Result<durable::Client*> LocalPortfolios::orchestrator() const {
  if (parts_.client != nullptr) return parts_.client;
  return Error(Code::unavailable, "this process only reads; `cloudfolio serve` starts work");
}

void LocalPortfolios::called_as(const Context& ctx, const TenantId& tenant,
                                std::string_view spelling, Wants wants) {
  if (spelling == tenant.str()) return;
  const std::string known = std::string(spelling) + (wants == Wants::refresh ? "!" : "");
  {
    auto heard = heard_.lock();
    if (heard->size() >= kHeardMax) heard->clear();
    if (!heard->insert(known).second) return;
  }
  const cache::TenantCache cache = parts_.platform.cache().open(tenant);
  const auto adopted = cache.adopt_spelling(ctx, spelling);
  const Status kept = wants == Wants::refresh ? cache.keep_spelling(ctx, spelling) : Done{};
  if (adopted && kept) return;
  // Asked again by the next caller.
  heard_.lock()->erase(known);
  parts_.platform.log().warn(ctx, "cache.spelling_failed",
                             {{"error", adopted ? kept.error() : adopted.error()}});
}

Status LocalPortfolios::check_quota(const Context& ctx, const TenantId& tenant,
                                    tenancy::Work work) {
  return parts_.platform.tenancy().gate().check(
      ctx, tenant, work, [&](const tenancy::Reading& reading) {
        parts_.platform.log().warn(ctx.for_tenant(tenant), "quota.warning",
                                   {{"meter", tenancy::to_string(reading.meter)},
                                    {"used", reading.used},
                                    {"limit", reading.limit},
                                    {"warning", tenancy::describe(reading)}});
      });
}

Status LocalPortfolios::begin_again(const Context& ctx, const TenantId& tenant) {
  tenancy::TenantDirectory& directory = parts_.platform.tenancy().directory();
  CF_TRY(tenancy::TenantRecord record, directory.find(ctx, tenant));
  if (record.state == tenancy::TenantState::deleting)
    return Error(Code::conflict, "'" + tenant.str() +
                                     "' is being deleted; `cloudfolio tenant delete " +
                                     tenant.str() + "` ends that");
  if (record.state != tenancy::TenantState::deleted) return Done{};
  record.state = tenancy::TenantState::live;
  record.receipt.clear();
  ++record.epoch;
  return directory.write(ctx, tenant, record);
}

Result<gateway::RefreshStart> LocalPortfolios::start_refresh(const Context& ctx,
                                                             const TenantId& tenant,
                                                             gateway::Force force,
                                                             const gateway::StartMark& mark) {
  CF_TRY(durable::Client* const client, orchestrator());
  const sync::Force wanted = force == gateway::Force::yes ? sync::Force::yes : sync::Force::no;
  const sync::StartRequest request{mark.request, mark.began_after};
  // What was started before is not asked for again, quota or not.
  CF_TRY(const bool before, sync::was_started(ctx, *client, tenant, wanted, request));
  if (before)
    return gateway::RefreshStart{sync::refresh_instance(tenant),
                                 gateway::RefreshStart::Outcome::joined};
  CF_CHECK(begin_again(ctx, tenant));
  CF_TRY(const auto running,
         client->get(ctx, sync::refresh_instance(tenant), durable::Include::summary));
  // To join the one that runs costs nothing.
  const bool joins = running && !durable::is_terminal(running->status);
  if (!joins || force == gateway::Force::yes)
    CF_CHECK(check_quota(ctx, tenant, tenancy::Work::refresh));
  CF_TRY(const auto started, sync::start_refresh(ctx, *client, tenant, wanted, request));
  gateway::RefreshStart answer;
  answer.instance = started.instance;
  switch (started.outcome) {
    case sync::StartedRefresh::Outcome::started:
      answer.outcome = gateway::RefreshStart::Outcome::started;
      break;
    case sync::StartedRefresh::Outcome::joined:
      answer.outcome = gateway::RefreshStart::Outcome::joined;
      break;
    case sync::StartedRefresh::Outcome::successor_queued:
      answer.outcome = gateway::RefreshStart::Outcome::successor_queued;
      break;
  }
  return answer;
}

Result<std::optional<gateway::PublishedBundle>> LocalPortfolios::find_unchanged(
    const Context& ctx, const TenantId& tenant) {
  const cache::TenantCache cache = parts_.platform.cache().open(tenant);
  CF_TRY(const bool unchanged, parts_.sync.steps().is_unchanged(ctx, tenant));
  if (!unchanged) return std::optional<gateway::PublishedBundle>();
  CF_TRY(auto bundle, whole(ctx, cache));
  return std::optional(std::move(bundle));
}

Result<bool> LocalPortfolios::was_started(const Context& ctx, const InstanceId& instance,
                                          const gateway::StartMark& mark) const {
  if (!mark.began_after) return false;
  CF_TRY(const auto state, parts_.client->get(ctx, instance, durable::Include::summary));
  if (!state) return false;
  const auto tag = state->tags.find(gateway::kRequestTag);
  return tag != state->tags.end() && tag->second == mark.request;
}

Result<InstanceId> LocalPortfolios::start_training(const Context& ctx, const TenantId& tenant,
                                                   const gateway::TrainRequest& request) {
  CF_TRY(durable::Client* const client, orchestrator());
  CF_TRY(const auto info, parts_.platform.cache().open(tenant).publication_info(ctx));
  const InstanceId instance(training::train_instance(tenant, info.content));
  CF_TRY(const bool before, was_started(ctx, instance, request.mark));
  if (before) return instance;
  CF_CHECK(check_quota(ctx, tenant, tenancy::Work::training));
  training::TrainLimits limits;
  if (request.steps_max) limits.step_count_max = static_cast<std::size_t>(*request.steps_max);
  if (request.tokens_max) limits.token_count_max = static_cast<std::size_t>(*request.tokens_max);
  durable::StartOptions options;
  options.name = training::kTrainModel;
  options.instance = instance;
  if (!request.mark.request.empty()) options.tags[gateway::kRequestTag] = request.mark.request;
  options.input =
      training::with_decision(training::train_input(tenant, info.content, limits),
                              parts_.platform.flags().decide(flags::kAsyncModelTraining, tenant));
  // How far an earlier run of the same content came says nothing of this one.
  parts_.progress.clear(ctx, tenant, instance);
  const auto started = client->start(ctx.for_tenant(tenant), std::move(options));
  // Running already: that one is watched, and says anew within a second how far it is.
  if (!started && started.error().code() != Code::conflict) return started.error();
  return instance;
}

Result<gateway::PublishedBundle> LocalPortfolios::bundle(const Context& ctx,
                                                         const TenantId& tenant) {
  return whole(ctx, parts_.platform.cache().open_for_queries(tenant));
}

Result<gateway::PublishedBundle> LocalPortfolios::bundle_head(const Context& ctx,
                                                              const TenantId& tenant) {
  CF_TRY(const auto info, parts_.platform.cache().open_for_queries(tenant).publication_info(ctx));
  return head_of(info);
}

Result<std::string> LocalPortfolios::repository(const Context& ctx, const TenantId& tenant,
                                                const std::string& name, gateway::Sight sight) {
  const auto entry = parts_.platform.cache().open_for_queries(tenant).read_repository(ctx, name);
  if (entry) return cache::to_json(*entry);
  if (entry.error().code() != Code::not_found) return entry.error();
  CF_TRY(const auto own, open_private(ctx, tenant, sight));
  if (!own) return entry.error();
  CF_TRY(const auto hidden, own->read_repository(ctx, name));
  return cache::to_json(hidden);
}

Result<std::optional<cache::TenantCache>> LocalPortfolios::open_private(
    const Context& ctx, const TenantId& tenant, gateway::Sight sight) const {
  if (sight == gateway::Sight::public_only) return std::optional<cache::TenantCache>();
  return cache::open_private(ctx, parts_.platform.cache(), &parts_.platform.rights(), tenant);
}

Result<std::string> LocalPortfolios::search(const Context& ctx, const TenantId& tenant,
                                            const gateway::SearchRequest& request) {
  const search::Query query{
      .text = request.query,
      .limit = static_cast<std::size_t>(request.limit),
      .hits_per_repository = static_cast<std::size_t>(request.hits_per_repository),
      .explain = request.explain == gateway::SearchRequest::Explain::yes ? search::Explain::yes
                                                                         : search::Explain::no};
  CF_TRY(const auto own, open_private(ctx, tenant, request.sight));
  CF_TRY(const auto answer,
         parts_.search.search(ctx, parts_.platform.cache().open_for_queries(tenant), query,
                              own ? &*own : nullptr));
  return search::to_json(answer);
}

Result<std::string> LocalPortfolios::answer(const Context& ctx, const TenantId& tenant,
                                            const std::string& question, gateway::Sight sight) {
  CF_TRY(const auto own, open_private(ctx, tenant, sight));
  CF_TRY(const auto answer,
         parts_.search.answer(ctx, parts_.platform.cache().open_for_queries(tenant), question,
                              own ? &*own : nullptr));
  return search::to_json(answer);
}

Result<std::string> LocalPortfolios::status(const Context& ctx, const TenantId& tenant,
                                            gateway::Sight sight) {
  StatusParts parts{parts_.client, parts_.progress, sight, std::nullopt, ""};
  CF_TRY(parts.own, open_private(ctx, tenant, sight));
  if (parts_.presence) {
    CF_TRY(const auto seen, parts_.presence->look(ctx));
    CF_TRY(parts.problem, problem_of(ctx, seen));
  }
  return status_report(ctx, parts_.platform.cache().open(tenant), parts);
}

Result<std::string> LocalPortfolios::models(const Context& ctx, const TenantId& tenant,
                                            gateway::Sight sight) {
  return models_report(ctx, parts_.platform.cache().open(tenant), sight);
}

Result<std::string> LocalPortfolios::capacity_problem(const Context& ctx,
                                                      const Presence::Seen& seen) const {
  if (seen.capacity.empty() || seen.capacity == to_string(CapacityKind::external))
    return std::string();
  CF_TRY(storage::Table* const table, parts_.platform.storage().table(capacity::kWorkersTable));
  return capacity::WorkerBook(*table, kTrainingQueue)
      .trouble(ctx, capacity::Policy(), parts_.platform.clock().wall_time());
}

// Why work waits: a role without a process, or workers that fail. Empty: it does not.
Result<std::string> LocalPortfolios::problem_of(const Context& ctx,
                                                const Presence::Seen& seen) const {
  CF_TRY(std::string problem, capacity_problem(ctx, seen));
  for (const auto& [role, count] : seen.counts) {
    // Trainers that are brought when there is work are not missing while there is none.
    if (count > 0 || (role == Role::trainer && !seen.capacity.empty())) continue;
    if (problem.empty()) problem = missing_text(role);
  }
  return problem;
}

Status LocalPortfolios::tell_roles(const Context& ctx, json::Object& report) {
  CF_TRY(const auto seen, parts_.presence->look(ctx));
  json::Object roles;
  for (const auto& [role, count] : seen.counts) roles[std::string(to_string(role))] = count;
  report["roles"] = std::move(roles);
  if (!seen.capacity.empty()) report["capacity"] = seen.capacity;
  CF_TRY(const std::string problem, problem_of(ctx, seen));
  if (problem.empty()) return Done{};
  report["status"] = "degraded";
  report["problem"] = problem;
  return Done{};
}

Result<std::string> LocalPortfolios::health(const Context& ctx) {
  const Status store = parts_.platform.storage().check(ctx);
  json::Object report;
  report["status"] = store.ok() ? "ok" : "degraded";
  report["queue_mode"] = parts_.platform.flags().is_on(flags::kAsyncModelTraining, TenantId());
  const flags::Flags::View flags = parts_.platform.flags().view();
  report["flags_version"] = flags.version;
  if (flags.age) report["flags_age_seconds"] = flags.age->count();
  report["cache"] = store.ok();
  report["version"] = CLOUDFOLIO_VERSION;
  if (!store) report["problem"] = store.error().message();
  if (parts_.presence) CF_CHECK(tell_roles(ctx, report));
  const auto budget = parts_.sync.github().budget();
  if (budget.graphql_resumes_at || budget.core_resumes_at) report["github"] = "limited";
  return json::write(report);
}

}  // namespace cloudfolio::roles

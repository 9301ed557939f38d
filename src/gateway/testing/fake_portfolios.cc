#include "gateway/testing/fake_portfolios.h"

#include "base/time_text.h"
#include "json/json.h"

namespace cloudfolio::gateway {
namespace {

Error no_portfolio(const TenantId& tenant) {
  return Error(Code::not_found, "no portfolio of " + tenant.str() + " is published here");
}

std::string shown(Sight sight) {
  return sight == Sight::with_private ? " with private" : "";
}

}  // namespace

void FakePortfolios::publish(const std::string& login, std::string data) {
  const std::lock_guard lock(mutex_);
  Published& published = published_[login];
  published.generation += published.data.empty() ? 0 : 1;
  published.data = std::move(data);
  changed_[login] = false;
}

std::vector<std::string> FakePortfolios::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

StartMark FakePortfolios::last_mark() const {
  const std::lock_guard lock(mutex_);
  return mark_;
}

void FakePortfolios::note_mark(const StartMark& mark) {
  const std::lock_guard lock(mutex_);
  mark_ = mark;
}

Status FakePortfolios::note(std::string call) {
  const std::lock_guard lock(mutex_);
  calls_.push_back(std::move(call));
  if (failure_) return *failure_;
  return Done{};
}

Result<RefreshStart> FakePortfolios::start_refresh(const Context&, const TenantId& tenant,
                                                   Force force, const StartMark& mark) {
  note_mark(mark);
  CF_CHECK(note("start_refresh " + tenant.str() + (force == Force::yes ? " force" : "")));
  return RefreshStart{InstanceId("refresh:" + tenant.str()), RefreshStart::Outcome::started};
}

Result<std::optional<PublishedBundle>> FakePortfolios::find_unchanged(const Context& ctx,
                                                                      const TenantId& tenant) {
  CF_CHECK(note("find_unchanged " + tenant.str()));
  auto head = bundle_head(ctx, tenant);
  if (!head || changed_[tenant.str()]) return std::optional<PublishedBundle>();
  return std::optional(*head);
}

Result<InstanceId> FakePortfolios::start_training(const Context&, const TenantId& tenant,
                                                  const TrainRequest& request) {
  note_mark(request.mark);
  CF_CHECK(note("start_training " + tenant.str() + " " +
                std::to_string(request.steps_max.value_or(0)) + " " +
                std::to_string(request.tokens_max.value_or(0))));
  return InstanceId("train:" + tenant.str() + ":fp");
}

Result<PublishedBundle> FakePortfolios::bundle(const Context& ctx, const TenantId& tenant) {
  CF_TRY(PublishedBundle bundle, bundle_head(ctx, tenant));
  const std::lock_guard lock(mutex_);
  ++bundles_read_;
  bundle.data = std::make_shared<const std::string>(published_.at(tenant.str()).data);
  return bundle;
}

Result<PublishedBundle> FakePortfolios::bundle_head(const Context&, const TenantId& tenant) {
  const std::lock_guard lock(mutex_);
  if (failure_) return *failure_;
  const auto found = published_.find(tenant.str());
  if (found == published_.end()) return no_portfolio(tenant);
  PublishedBundle head;
  head.generation = found->second.generation;
  head.etag = std::to_string(head.generation);
  head.fingerprint = "fp" + head.etag;
  head.last_modified = *time_from("2026-01-02T03:04:05Z");
  head.size_bytes = found->second.data.size();
  head.repository_count = json::parse(found->second.data)->as_array().size();
  return head;
}

Result<std::string> FakePortfolios::repository(const Context& ctx, const TenantId& tenant,
                                               const std::string& name, Sight) {
  CF_TRY(const PublishedBundle all, bundle(ctx, tenant));
  const json::Value data = *json::parse(*all.data);
  for (const json::Value& repository : data.as_array())
    if (json::find_string(repository, "name") == name) return json::write(repository);
  return Error(Code::not_found, "no repository '" + name + "'");
}

Result<std::string> FakePortfolios::search(const Context&, const TenantId& tenant,
                                           const SearchRequest& request) {
  CF_CHECK(note("search " + tenant.str() + " " + std::to_string(request.limit) + " " +
                std::to_string(request.hits_per_repository) +
                (request.explain == SearchRequest::Explain::yes ? " explain" : "") +
                shown(request.sight)));
  return json::write(json::Object{{"query", request.query}, {"results", json::Array()}});
}

Result<std::string> FakePortfolios::answer(const Context& ctx, const TenantId& tenant,
                                           const std::string& question, Sight sight) {
  CF_CHECK(note("answer " + tenant.str() + shown(sight)));
  CF_TRY(const PublishedBundle head, bundle_head(ctx, tenant));
  return json::write(json::Object{{"response", "**yes**"},
                                  {"repositories_used", json::Array()},
                                  {"total_repositories", head.repository_count},
                                  {"query", question}});
}

Result<std::string> FakePortfolios::status(const Context&, const TenantId& tenant, Sight sight) {
  CF_CHECK(note("status " + tenant.str() + shown(sight)));
  return json::write(json::Object{{"login", tenant.str()}});
}

Result<std::string> FakePortfolios::models(const Context&, const TenantId& tenant, Sight sight) {
  CF_CHECK(note("models " + tenant.str() + shown(sight)));
  return json::write(json::Object{{"login", tenant.str()}, {"models", json::Array()}});
}

Result<std::string> FakePortfolios::health(const Context&) {
  CF_CHECK(note("health"));
  return std::string(R"({"status":"healthy"})");
}

void FakeInstances::put(durable::OrchestrationState state) {
  instances_[state.instance.str()] = std::move(state);
}

Result<InstanceId> FakeInstances::start(const Context&, durable::StartOptions options) {
  calls.push_back("start " + options.name + " " + options.instance.str() + " " + options.input);
  const auto live = instances_.find(options.instance.str());
  if (live != instances_.end() && !durable::is_terminal(live->second.status))
    return Error(Code::conflict, "it runs");
  return options.instance.empty() ? InstanceId("fresh") : options.instance;
}

Result<std::optional<durable::OrchestrationState>> FakeInstances::get(const Context&,
                                                                      const InstanceId& id,
                                                                      durable::Include include) {
  const auto found = instances_.find(id.str());
  if (found == instances_.end()) return std::optional<durable::OrchestrationState>();
  durable::OrchestrationState state = found->second;
  if (include == durable::Include::summary) state.input = state.output = state.custom_status = "";
  return std::optional(std::move(state));
}

Result<durable::OrchestrationState> FakeInstances::wait(const Context&, const InstanceId&,
                                                        durable::Until) {
  return Error(Code::deadline_exceeded, "nothing runs here");
}

Status FakeInstances::raise_event(const Context&, const InstanceId& id, std::string name,
                                  std::string payload) {
  calls.push_back("raise_event " + id.str() + " " + name + " " + payload);
  return Done{};
}
Status FakeInstances::terminate(const Context&, const InstanceId& id, std::string output,
                                durable::Recurse) {
  calls.push_back("terminate " + id.str() + " " + output);
  return Done{};
}
Status FakeInstances::suspend(const Context&, const InstanceId& id, std::string reason) {
  calls.push_back("suspend " + id.str() + " " + reason);
  return Done{};
}
Status FakeInstances::resume(const Context&, const InstanceId& id, std::string reason) {
  calls.push_back("resume " + id.str() + " " + reason);
  return Done{};
}
Status FakeInstances::rewind(const Context&, const InstanceId& id, std::string reason) {
  calls.push_back("rewind " + id.str() + " " + reason);
  return Done{};
}
Result<bool> FakeInstances::purge(const Context&, const InstanceId& id) {
  const auto found = instances_.find(id.str());
  if (found == instances_.end()) return false;
  if (!durable::is_terminal(found->second.status))
    return Error(Code::conflict, "purge " + id.str() + ": it has not ended");
  instances_.erase(found);
  return true;
}
Result<std::size_t> FakeInstances::purge_finished(const Context&, Clock::WallTime, std::size_t) {
  return std::size_t{0};
}

Result<durable::QueryPage> FakeInstances::query(const Context&, const durable::QueryFilter& filter,
                                                std::size_t count_max, std::string from) {
  durable::QueryPage page;
  for (const auto& [id, state] : instances_) {
    if (id <= from || !id.starts_with(filter.id_prefix)) continue;
    bool wanted = filter.statuses.empty();
    for (const auto status : filter.statuses) wanted = wanted || status == state.status;
    if (!wanted) continue;
    if (page.instances.size() == count_max) {
      page.next = page.instances.back().instance.str();
      break;
    }
    page.instances.push_back(state);
  }
  return page;
}

Result<durable::History> FakeInstances::history(const Context&, const InstanceId&) {
  return history_of_all;
}

}  // namespace cloudfolio::gateway

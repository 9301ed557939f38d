#include "roles/training_desk.h"

#include <algorithm>

#include "base/time_text.h"
#include "capacity/worker_book.h"
#include "durable/queued/activity_message.h"
#include "flags/definition.h"
#include "flags/report.h"
#include "json/json.h"
#include "roles/orchestrator_role.h"
#include "roles/remote_work.h"
#include "roles/run_log.h"
#include "training/train_model.h"

namespace cloudfolio::roles {
namespace {

constexpr const char* kPoisonQueue = "model-training-queue-poison";

json::Value parsed_or_null(const std::string& text) {
  auto value = json::parse(text);
  return value ? *std::move(value) : json::Value();
}

TenantId tenant_of(const durable::OrchestrationState& state) {
  const auto tag = state.tags.find("tenant");
  return tag == state.tags.end() ? TenantId() : TenantId(tag->second);
}

json::Object shown(const Context& ctx, const durable::OrchestrationState& state,
                   ProgressBoard& board) {
  json::Object one;
  one["instance"] = state.instance.str();
  one["login"] = tenant_of(state).str();
  one["status"] = durable::to_string(state.status);
  one["started"] = to_text(state.created);
  one["updated"] = to_text(state.updated);
  json::Value progress = parsed_or_null(state.custom_status);
  if (!durable::is_terminal(state.status)) {
    if (const auto report = board.find(ctx, tenant_of(state), state.instance))
      progress = parsed_or_null(*report);
  }
  if (const auto* fields = progress.if_object()) {
    for (const auto& [name, value] : *fields) one[name] = value;
  }
  if (state.failure)
    one["error"] = {{"code", state.failure->type}, {"message", state.failure->message}};
  return one;
}

// What a message that was put aside says, and whose it was where that can still be read.
struct Poisoned {
  json::Object shown;
  std::string instance;
  std::string tenant;
};

Poisoned poisoned_from(const storage::Message& message) {
  Poisoned one;
  const auto note = json::parse_object(message.body);
  if (!note) {
    one.shown = {{"id", message.id.str()}, {"reason", "the note itself cannot be read"}};
    return one;
  }
  for (const char* name : {"id", "reason", "received_count"})
    if (const json::Value* value = json::find(*note, name)) one.shown[name] = *value;
  const std::string body(json::find_string(*note, "body").value_or(""));
  if (const auto task = durable::read_activity_message(body)) {
    one.instance = task->info.instance_id;
    if (const auto tag = task->info.tags.find("tenant"); tag != task->info.tags.end())
      one.tenant = tag->second;
    one.shown["instance"] = one.instance;
    one.shown["login"] = one.tenant;
  }
  return one;
}

Result<std::vector<Poisoned>> read_poisoned(const Context& ctx, storage::Storage& store) {
  CF_TRY(storage::Queue* const queue, store.queue(kPoisonQueue));
  CF_TRY(const auto messages, queue->peek(ctx, storage::kReceiveCountMax));
  std::vector<Poisoned> all;
  for (const storage::Message& message : messages) all.push_back(poisoned_from(message));
  return all;
}

Result<std::string> run_logs(const Context& ctx, storage::Storage& store, const TenantId& tenant,
                             const std::string& instance) {
  CF_TRY(storage::BlobStore* const blobs, store.blobs(kTrainingLogContainer));
  return read_run_logs(ctx, *blobs, tenant, instance);
}

// Whole lines, as many as fit.
std::string tail_of(const std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  const std::size_t from = text.find('\n', text.size() - bytes_max);
  return from == std::string::npos ? text.substr(text.size() - bytes_max) : text.substr(from + 1);
}

Result<json::Array> poisoned_json(const Context& ctx, storage::Storage& store,
                                  const std::optional<TenantId>& tenant,
                                  const std::string& instance) {
  CF_TRY(auto poisoned, read_poisoned(ctx, store));
  json::Array all;
  for (Poisoned& one : poisoned) {
    if (tenant && one.tenant != tenant->str()) continue;
    if (!instance.empty() && one.instance != instance) continue;
    if (!one.instance.empty()) {
      CF_TRY(const auto log, run_logs(ctx, store, TenantId(one.tenant), one.instance));
      one.shown["log_tail"] = tail_of(log, TrainingDesk::kLogTailBytes);
    }
    all.push_back(std::move(one.shown));
  }
  return all;
}

Status tell_workers(const Context& ctx, Platform& platform, json::Object& answer) {
  CF_TRY(storage::Table* const table, platform.storage().table(capacity::kWorkersTable));
  CF_TRY(const capacity::Book book, capacity::WorkerBook(*table, kTrainingQueue).load(ctx));
  json::Array workers;
  for (const auto& [generation, worker] : book.workers) {
    workers.push_back({{"name", worker.name},
                       {"state", capacity::to_string(worker.state)},
                       {"instance", worker.held_job.empty() ? worker.job : worker.held_job},
                       {"region", worker.region},
                       {"reason", worker.reason}});
  }
  answer["workers"] = std::move(workers);
  const std::string trouble =
      book.memory.gate.trouble(capacity::Policy(), platform.clock().wall_time());
  if (!trouble.empty()) answer["problem"] = trouble;
  return Done{};
}

}  // namespace

Result<std::string> TrainingDesk::list(const Context& ctx, const std::optional<TenantId>& tenant) {
  std::vector<durable::OrchestrationState> found;
  for (const char* prefix : {"train:", "private:train:"}) {
    durable::QueryFilter filter;
    filter.id_prefix = prefix + (tenant ? tenant->str() + ":" : "");
    filter.include = durable::Include::payloads;
    std::string from;
    do {
      if (instances_ == nullptr) break;
      CF_TRY(auto page, instances_->query(ctx, filter, durable::kQueryPageCountMax, from));
      for (auto& state : page.instances) found.push_back(std::move(state));
      from = page.next;
    } while (!from.empty());
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.created > b.created; });
  json::Array trainings;
  for (const auto& state : found) {
    if (trainings.size() == kListedMax) break;
    trainings.push_back(shown(ctx, state, progress_));
  }
  json::Object answer;
  answer["count"] = found.size();
  answer["trainings"] = std::move(trainings);
  CF_CHECK(tell_workers(ctx, platform_, answer));
  CF_TRY(answer["poisoned"], poisoned_json(ctx, platform_.storage(), tenant, ""));
  return json::write(answer);
}

Result<durable::OrchestrationState> TrainingDesk::state_of(const Context& ctx,
                                                           const InstanceId& instance) {
  if (instances_ == nullptr)
    return Error(Code::unavailable, "this process has no orchestrations; start `cloudfolio serve`");
  CF_TRY(auto state, instances_->get(ctx, instance));
  if (!state || state->name != training::kTrainModel)
    return Error(Code::not_found, "there is no training '" + instance.str() + "'");
  return *std::move(state);
}

Result<std::string> TrainingDesk::show(const Context& ctx, const InstanceId& instance) {
  CF_TRY(const auto state, state_of(ctx, instance));
  json::Object one = shown(ctx, state, progress_);
  one["output"] = parsed_or_null(state.output);
  CF_TRY(one["poisoned"], poisoned_json(ctx, platform_.storage(), std::nullopt, instance.str()));
  CF_TRY(const auto log, run_logs(ctx, platform_.storage(), tenant_of(state), instance.str()));
  one["log_tail"] = tail_of(log, kLogTailBytes);
  return json::write(one);
}

Status TrainingDesk::cancel(const Context& ctx, const InstanceId& instance) {
  CF_TRY(const auto state, state_of(ctx, instance));
  platform_.log().info(ctx.for_tenant(tenant_of(state)), "training.cancelled",
                       {{"instance", instance.str()}});
  return instances_->terminate(ctx, instance, R"({"cancelled":true})");
}

Status TrainingDesk::retry(const Context& ctx, const InstanceId& instance) {
  CF_TRY(const auto state, state_of(ctx, instance));
  if (!durable::is_terminal(state.status))
    return Error(Code::conflict, "'" + instance.str() + "' has not ended; cancel it first");
  CF_TRY(storage::Queue* const queue, platform_.storage().queue(kPoisonQueue));
  CF_TRY(const auto received, queue->receive(ctx, {.max_count = storage::kReceiveCountMax,
                                                   .visibility = std::chrono::seconds(1)}));
  for (const storage::ReceivedMessage& one : received) {
    if (poisoned_from(one.message).instance == instance.str())
      CF_CHECK(queue->remove(ctx, one.message.id, one.receipt));
  }
  progress_.clear(ctx, tenant_of(state), instance);
  durable::StartOptions options;
  options.name = state.name;
  options.instance = instance;
  // A run of its own: what the flag says is decided anew.
  const auto decision = platform_.flags().decide(flags::kAsyncModelTraining, tenant_of(state));
  options.input = training::with_decision(training::without_decision(state.input), decision);
  options.tags = state.tags;
  options.tags[kAsyncTrainingTag] = json::write(flags::to_json(decision));
  return instances_->start(ctx, std::move(options)).ok()
             ? Status(Done{})
             : Status(Error(Code::conflict, "'" + instance.str() + "' was begun meanwhile"));
}

Result<std::string> TrainingDesk::logs(const Context& ctx, const InstanceId& instance) {
  // "train:octocat:9f…" or "private:train:octocat:9f…": what a process without orchestrations
  // knows.
  std::string id = instance.str();
  const std::size_t kind = id.find("train:");
  const std::size_t from = kind == std::string::npos ? 0 : kind + 6;
  const std::size_t to = id.find(':', from);
  if (kind == std::string::npos || to == std::string::npos)
    return Error(Code::not_found, "'" + id + "' is no training");
  CF_TRY(std::string text,
         run_logs(ctx, platform_.storage(), TenantId(id.substr(from, to - from)), id));
  if (text.empty()) return Error(Code::not_found, "nothing was written by '" + id + "'");
  return text;
}

}  // namespace cloudfolio::roles

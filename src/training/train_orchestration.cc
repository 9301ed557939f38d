// The orchestration `train_model` and how its activities read their inputs.

#include <chrono>
#include <memory>
#include <mutex>
#include <utility>

#include "cache/cache.h"
#include "durable/orchestration.h"
#include "durable/registry.h"
#include "flags/flags.h"
#include "flags/report.h"
#include "json/json.h"
#include "training/one_core.h"
#include "training/train_model.h"

namespace cloudfolio::training {
namespace {

constexpr std::chrono::hours kTrainingTimeout(2);
constexpr std::size_t kInstanceDigits = 40;
constexpr char kDecisionKey[] = "async_training";

struct Request {
  cache::Place place;
  std::string fingerprint;
  Recipe recipe;
};

Result<Request> parse_request(std::string_view input, Recipe recipe) {
  CF_TRY(const json::Object object, json::parse_object(input));
  const auto login = json::find_string(object, "login");
  const auto fingerprint = json::find_string(object, "fingerprint");
  if (!login || login->empty() || !fingerprint) {
    return Error(Code::invalid_argument, "input: 'login' and 'fingerprint' are needed");
  }
  if (const auto steps = json::find_int(object, "max_steps"); steps && *steps > 0) {
    recipe.step_count_max = static_cast<std::size_t>(*steps);
  }
  if (const auto tokens = json::find_int(object, "max_tokens"); tokens && *tokens > 0) {
    recipe.token_count_max = static_cast<std::size_t>(*tokens);
  }
  cache::Place place(TenantId{std::string(*login)});
  if (const auto scope = json::find_string(object, "scope")) {
    const auto known = cache::Scope::from(*scope);
    if (!known) return Error(Code::invalid_argument, "input: 'scope' is none");
    place.scope = *known;
  }
  return Request{std::move(place), std::string(*fingerprint), recipe};
}

// {"name","instance","input"} for the activity `start_orchestration`.
std::string start_indexing_request(const std::string& login, const std::string& scope,
                                   const std::string& model) {
  json::Object input;
  input["login"] = login;
  if (!scope.empty()) input["scope"] = scope;
  input["model"] = model;
  json::Object start;
  start["name"] = "index_portfolio";
  start["instance"] = (scope.empty() ? "index:" : "private:index:") + login;
  start["input"] = std::move(input);
  return json::write(start);
}

durable::Orchestration<> train_model(durable::OrchestrationContext& ctx, std::string input) {
  auto retry = durable::RetryPolicy().attempts(3).first_delay(std::chrono::seconds(5));
  ctx.set_custom_status(R"({"phase":"preparing"})");
  // "" means: train. Anything else is the report of why not.
  CF_CO_TRY(std::string report, co_await ctx.call(kPrepareTraining, input, retry));
  if (report.empty()) {
    ctx.set_custom_status(R"({"phase":"training"})");
    CF_CO_TRY(report, co_await ctx.call(kRunTraining, input, retry));
  }
  ctx.set_custom_status(R"({"phase":"publishing"})");
  CF_CO_CHECK(co_await ctx.call(kPublishModel, report, retry));
  CF_CO_TRY(auto outcome, training_report_from_json(report));
  if (outcome.published) {
    std::string request = start_indexing_request(outcome.login, outcome.scope, outcome.fingerprint);
    CF_CO_CHECK(co_await ctx.call("start_orchestration", std::move(request), retry));
  }
  ctx.set_custom_status(R"({"phase":"done"})");
  co_return report;
}

}  // namespace

std::string train_instance(const TenantId& tenant, std::string_view fingerprint) {
  return "train:" + tenant.str() + ":" + std::string(fingerprint.substr(0, kInstanceDigits));
}

std::string train_input(const TenantId& tenant, std::string_view fingerprint, TrainLimits limits) {
  json::Object input;
  input["login"] = tenant.str();
  input["fingerprint"] = fingerprint;
  if (limits.step_count_max) input["max_steps"] = *limits.step_count_max;
  if (limits.token_count_max) input["max_tokens"] = *limits.token_count_max;
  return json::write(input);
}

std::string with_decision(const std::string& input, const flags::Decision& decision) {
  auto object = json::parse_object(input);
  if (!object || object->contains(kDecisionKey)) return input;
  (*object)[kDecisionKey] = flags::to_json(decision);
  return json::write(json::Value(*std::move(object)));
}

std::string without_decision(const std::string& input) {
  auto object = json::parse_object(input);
  if (!object || !object->contains(kDecisionKey)) return input;
  object->erase(kDecisionKey);
  return json::write(json::Value(*std::move(object)));
}

std::optional<flags::Decision> recorded_decision(std::string_view input) {
  const auto object = json::parse_object(input);
  const json::Value* const found = object ? json::find(*object, kDecisionKey) : nullptr;
  return found ? flags::decision_from(*found) : std::nullopt;
}

void register_training(durable::Registry& registry, cache::Cache& cache, TrainingServices services,
                       Recipe recipe) {
  registry.pool(kTrainingPool, 1);
  // What is bounded to one core also takes turns, whoever asked for it.
  const auto turn = std::make_shared<std::mutex>();
  registry.orchestration(kTrainModel, train_model);
  registry.activity(kPrepareTraining,
                    [&cache, recipe](const Context& ctx, const durable::ActivityInfo&,
                                     std::string input) -> Result<std::string> {
                      CF_TRY(const Request request, parse_request(input, recipe));
                      CF_TRY(const auto report,
                             prepare_training(ctx, cache.open(request.place), request.fingerprint,
                                              request.recipe));
                      return report ? to_json(*report) : std::string();
                    });
  registry.activity(
      kRunTraining,
      [&cache, recipe, services, turn](const Context& ctx, const durable::ActivityInfo&,
                                       std::string input) -> Result<std::string> {
        CF_TRY(const Request request, parse_request(input, recipe));
        std::unique_lock alone(*turn, std::defer_lock);
        if (services.cores == Cores::one) alone.lock();
        if (services.before_training)
          CF_CHECK(services.before_training(ctx, request.place, request.fingerprint));
        const auto bound = services.cores == Cores::one ? std::make_unique<OneCore>() : nullptr;
        const auto report = run_training(ctx, cache.open(request.place), request.fingerprint,
                                         request.recipe, services);
        if (const auto decision = recorded_decision(input); decision && services.flags)
          services.flags->record(*decision, request.place.tenant, flags::outcome_of(report));
        if (!report) return report.error();
        return to_json(*report);
      },
      durable::ActivityOptions().pool(kTrainingPool).timeout(kTrainingTimeout));
  registry.activity(kPublishModel,
                    [&cache, services](const Context& ctx, const durable::ActivityInfo&,
                                       std::string input) -> Result<std::string> {
                      CF_TRY(const TrainingReport report, training_report_from_json(input));
                      cache::Place place(TenantId(report.login));
                      if (const auto scope = cache::Scope::from(report.scope)) place.scope = *scope;
                      CF_CHECK(publish_model(ctx, cache.open(place), report, services));
                      return std::string();
                    });
}

}  // namespace cloudfolio::training

#include "training/training_report.h"

#include <tuple>

#include "json/fields.h"

namespace cloudfolio::training {
namespace {

constexpr auto fields() {
  using R = TrainingReport;
  return std::tuple{
      json::Field{"login", &R::login, "Whose portfolio."},
      json::Field{"scope", &R::scope, "Of private text; absent: of what is public."},
      json::Field{"fingerprint", &R::fingerprint, "Of the content that was trained on."},
      json::Field{"repositories", &R::repositories, "Documented repositories."},
      json::Field{"pairs", &R::pairs, "Training pairs."},
      json::Field{"queries", &R::queries, "Held-out questions."},
      json::Field{"steps", &R::steps, "Steps of the optimiser."},
      json::Field{"tokens", &R::tokens, "Tokens of all steps."},
      json::Field{"seconds", &R::seconds, "Time of the run, judging included."},
      json::Field{"base_score", &R::base_score, "Held-out nDCG@10 of the base model alone."},
      json::Field{"tuned_score", &R::tuned_score, "Held-out nDCG@10 of the tuned model alone."},
      json::Field{"base_search", &R::base_search,
                  "Held-out nDCG@10 of search with the base model."},
      json::Field{"tuned_search", &R::tuned_search, "And with the tuned model."},
      json::Field{"gain_lower_bound", &R::gain_lower_bound,
                  "One-sided 80 % bound of the gain, the mean of both."},
      json::Field{"base_low", &R::base_low, "95 % interval of base_score."},
      json::Field{"base_high", &R::base_high, ""},
      json::Field{"tuned_low", &R::tuned_low, "95 % interval of tuned_score."},
      json::Field{"tuned_high", &R::tuned_high, ""},
      json::Field{"gain_low", &R::gain_low, "95 % interval of the gain."},
      json::Field{"gain_high", &R::gain_high, ""},
      json::Field{"base_guard", &R::base_guard, "nDCG@10 of the base model on the guard set."},
      json::Field{"tuned_guard", &R::tuned_guard, "nDCG@10 of the tuned model on the guard set."},
      json::Field{"published", &R::published, "Whether the tuned model answers."},
      json::Field{"reason", &R::reason, "Why not; empty where it does."},
      json::Field{"cut", &R::cut, "What shortened the run, if anything."},
      json::Field{"recipe", &R::recipe, "How it was trained."},
      json::Field{"epochs", &R::epochs, "Times that each pair was learnt, at most."},
      json::Field{"batch_pairs", &R::batch_pairs, "Pairs of a step."},
      json::Field{"learning_rate", &R::learning_rate, "At its highest."},
      json::Field{"warmup_share", &R::warmup_share, "Of the steps."},
      json::Field{"seed", &R::seed, "Of everything that is drawn."},
      json::Field{"weights", &R::weights, "Checksum of the tuned weights."},
      json::Field{"lexical_weight", &R::lexical_weight, "Of words beside meaning in search."},
      json::Field{"cpu_seconds", &R::cpu_seconds, "Of the process while it ran."},
      json::Field{"cost_micros", &R::cost_micros, "Millionths of the currency."},
      json::Field{"currency", &R::currency, "Empty where no price was known."},
      json::Field{"losses", &R::losses, "Loss over the steps."},
      json::Field{"repository_names", &R::names, "Documented repositories."}};
}

}  // namespace

std::string to_json(const TrainingReport& report) {
  json::Object object;
  std::apply(
      [&](const auto&... field) {
        ((object[field.name] = json::to_json(report.*field.member)), ...);
      },
      fields());
  if (report.scope.empty()) object.erase("scope");
  return json::write(object);
}

Result<TrainingReport> training_report_from_json(std::string_view text) {
  CF_TRY(const json::Object object, json::parse_object(text));
  TrainingReport report;
  json::Reading reading(json::UnknownKeys::ignored);
  const auto read_one = [&](const auto& field) {
    const json::Value* value = json::find(object, field.name);
    if (value == nullptr || reading.failed()) return;
    reading.enter_key(field.name);
    json::read_member(reading, *value, report.*field.member);
    reading.leave();
  };
  std::apply([&](const auto&... field) { (read_one(field), ...); }, fields());
  if (reading.failed()) return reading.error();
  return report;
}

}  // namespace cloudfolio::training

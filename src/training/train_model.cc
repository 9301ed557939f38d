#include "training/train_model.h"

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <ctime>
#include <utility>

#include "base/time_text.h"
#include "encoder/checkpoint.h"
#include "encoder/encoder.h"
#include "telemetry/log.h"
#include "training/checkpoints.h"
#include "training/fusion_choice.h"
#include "training/gate.h"
#include "training/metrics.h"

namespace cloudfolio::training {
namespace {

constexpr std::size_t kCurvePointsMax = 500;
constexpr std::string_view kSuperseded = "superseded";

PairOptions pair_options(const Recipe& recipe) {
  PairOptions options;
  options.seed = recipe.seed;
  return options;
}

// The publication, if it still has the content that is asked for.
Result<std::optional<cache::Publication>> read_content(const Context& ctx,
                                                       const cache::TenantCache& tenant,
                                                       const std::string& fingerprint) {
  CF_TRY(cache::Publication publication, tenant.read_publication(ctx));
  if (publication.info.content != fingerprint) return std::optional<cache::Publication>();
  return std::optional<cache::Publication>(std::move(publication));
}

TrainingReport report_of(const cache::TenantCache& tenant, const std::string& fingerprint,
                         const TrainingSet& set) {
  TrainingReport report;
  report.login = tenant.tenant().str();
  report.scope = tenant.scope().text();
  report.fingerprint = fingerprint;
  report.repositories = set.documented.size();
  report.names = set.documented;
  report.pairs = set.pairs.size();
  report.queries = set.queries.size();
  return report;
}

TrainingReport superseded(const cache::TenantCache& tenant, const std::string& fingerprint) {
  TrainingReport report = report_of(tenant, fingerprint, {});
  report.reason = kSuperseded;
  return report;
}

// At most kCurvePointsMax of the losses, evenly.
std::vector<double> thinned(const std::vector<double>& losses) {
  const std::size_t stride = losses.size() / kCurvePointsMax + 1;
  std::vector<double> out;
  for (std::size_t i = 0; i < losses.size(); i += stride) out.push_back(losses[i]);
  return out;
}

std::string checksum(const encoder::Model& model) {
  encoder::Checksum sum;
  sum.add(model.weights().data(), model.weights().size_bytes());
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016" PRIx64, sum.value());
  return digits;
}

void take_verdict(const Verdict& verdict, TrainingReport& report) {
  report.base_score = verdict.base_score;
  report.tuned_score = verdict.tuned_score;
  report.base_search = verdict.base_search;
  report.tuned_search = verdict.tuned_search;
  report.gain_lower_bound = verdict.gain_lower_bound;
  report.base_guard = verdict.base_guard;
  report.tuned_guard = verdict.tuned_guard;
  report.base_low = verdict.base_interval.low;
  report.base_high = verdict.base_interval.high;
  report.tuned_low = verdict.tuned_interval.low;
  report.tuned_high = verdict.tuned_interval.high;
  report.gain_low = verdict.gain_interval.low;
  report.gain_high = verdict.gain_interval.high;
  report.published = verdict.published;
  report.reason = verdict.reason;
}

void take_recipe(const Recipe& recipe, TrainingReport& report) {
  report.recipe = kRecipeVersion;
  report.epochs = recipe.epoch_count;
  report.batch_pairs = recipe.batch_pair_count;
  report.learning_rate = recipe.learning_rate;
  report.warmup_share = recipe.warmup_share;
  report.seed = static_cast<std::size_t>(recipe.seed);
}

// Fine-tunes, judges, and keeps a winner; the outcome goes into `report`.
Status tune_and_judge(const Context& ctx, const cache::TenantCache& tenant, const TrainingSet& set,
                      const Recipe& recipe, const TrainingServices& services,
                      TrainingReport& report) {
  CF_TRY(const encoder::Model base, services.load_base());
  Checkpoints checkpoints(tenant, report.fingerprint);
  auto tuned =
      fine_tune(ctx, base, set, recipe, services.clock, services.on_progress, &checkpoints);
  if (tuned && tuned->resumed_step_count > 0) {
    services.log.info(ctx, "training.resumed",
                      {{"fingerprint", report.fingerprint}, {"step", tuned->resumed_step_count}});
  }
  if (tuned && !tuned->checkpoint_problem.empty()) {
    services.log.warn(
        ctx, "training.checkpoint_problem",
        {{"fingerprint", report.fingerprint}, {"message", tuned->checkpoint_problem}});
  }
  if (!tuned && tuned.error().code() == Code::invalid_argument) {
    // A loss or gradient that is not finite: this content trains to nothing, however often.
    services.log.error(ctx, "training.not_finite", {{"error", tuned.error()}});
    report.base_score = 0;
    report.reason = "not_finite";
    return Done();
  }
  if (!tuned) return std::move(tuned).error();
  report.steps = tuned->step_count;
  report.tokens = tuned->token_count;
  report.cut = tuned->cut;
  report.losses = thinned(tuned->losses);
  report.weights = checksum(tuned->model);
  const CandidateWords words(set);
  Scores base_scores;
  std::vector<encoder::TokenIds> judged;
  {
    CF_TRY(const encoder::Encoder encoder, encoder::Encoder::open(base));
    judged = judged_tokens(encoder, set);
    CF_TRY(base_scores, score(encoder, set, judged));
    CF_TRY(const FusionChoice fusion, words.choose(encoder, base_scores.candidate_vectors));
    report.lexical_weight = fusion.lexical;
    base_scores.search = words.search_scores(base_scores, retrieval::FusionWeights());
  }
  CF_TRY(const encoder::Encoder encoder, encoder::Encoder::open(tuned->model));
  auto tuned_scores = score(encoder, set, judged);
  if (!tuned_scores && tuned_scores.error().code() == Code::corrupt) {
    report.reason = "not_finite";
    return Done();
  }
  if (!tuned_scores) return std::move(tuned_scores).error();
  tuned_scores->search = words.search_scores(
      *tuned_scores, {.lexical = report.lexical_weight, .dense = 1.0 - report.lexical_weight});
  take_verdict(judge(base_scores, *tuned_scores, recipe.seed), report);
  // A worker that froze may come here after another has done the same and its model answers.
  CF_TRY(const auto overtaken_by, tenant.find_model_record(ctx, report.fingerprint));
  if (overtaken_by)
    return Error(Code::conflict, "another run of this training was published meanwhile");
  if (ctx.stopped()) return Error(Code::cancelled, "the training was stopped before its end");
  if (!report.published) return Done();
  CF_TRY(std::string zip, tuned->model.to_zip());
  return tenant.write_model(ctx, report.fingerprint, std::move(zip));
}

// Of all threads of this process.
std::chrono::nanoseconds cpu_since(std::clock_t started) {
  const auto ticks = static_cast<std::int64_t>(std::clock() - started);
  return std::chrono::nanoseconds(ticks * (1'000'000'000 / CLOCKS_PER_SEC));
}

}  // namespace

Result<std::optional<TrainingReport>> prepare_training(const Context& ctx,
                                                       const cache::TenantCache& tenant,
                                                       const std::string& fingerprint,
                                                       const Recipe& recipe) {
  CF_TRY(const auto record, tenant.find_model_record(ctx, fingerprint));
  if (record) {
    auto known = training_report_from_json(record->report);
    // A record that another system wrote has no report of ours; it still says what became of it.
    TrainingReport report = known ? *std::move(known) : superseded(tenant, fingerprint);
    report.published = record->published;
    report.reason = record->reason;
    return std::optional(std::move(report));
  }
  CF_TRY(const auto publication, read_content(ctx, tenant, fingerprint));
  if (!publication) return std::optional(superseded(tenant, fingerprint));
  const TrainingSet set = make_training_set(*publication->bundle, pair_options(recipe));
  const std::string_view reason = reason_against(set);
  if (reason.empty()) return std::optional<TrainingReport>();
  TrainingReport report = report_of(tenant, fingerprint, set);
  report.reason = reason;
  return std::optional(std::move(report));
}

Result<TrainingReport> run_training(const Context& ctx, const cache::TenantCache& tenant,
                                    const std::string& fingerprint, const Recipe& recipe,
                                    const TrainingServices& services) {
  const auto started = services.clock.now();
  TrainingMetrics metrics(services.metrics);
  CF_TRY(const auto publication, read_content(ctx, tenant, fingerprint));
  if (!publication) return superseded(tenant, fingerprint);
  const TrainingSet set = make_training_set(*publication->bundle, pair_options(recipe));
  TrainingReport report = report_of(tenant, fingerprint, set);
  if (const std::string_view reason = reason_against(set); !reason.empty()) {
    report.reason = reason;
    return report;
  }
  services.log.info(ctx, "training.started",
                    {{"fingerprint", fingerprint},
                     {"pairs_count", set.pairs.size()},
                     {"queries_count", set.queries.size()}});
  take_recipe(recipe, report);
  TrainingUsage usage{tenant.tenant(), fingerprint, services.clock.wall_time()};
  const std::clock_t cpu_started = std::clock();
  const Status done = tune_and_judge(ctx, tenant, set, recipe, services, report);
  usage.fingerprint = report.fingerprint;
  usage.wall = services.clock.now() - started;
  usage.cpu = cpu_since(cpu_started);
  report.cpu_seconds = std::chrono::duration<double>(usage.cpu).count();
  if (services.on_used) {
    const TrainingCost cost = services.on_used(ctx, usage);
    report.cost_micros = static_cast<std::size_t>(std::max<std::int64_t>(0, cost.micros));
    report.currency = cost.currency;
  }
  if (!done) {
    metrics.runs.with({"failed"}).add();
    return done.error();
  }
  report.seconds = std::chrono::duration<double>(services.clock.now() - started).count();
  metrics.seconds.observe(report.seconds);
  metrics.tokens.add(report.tokens);
  return report;
}

Status publish_model(const Context& ctx, const cache::TenantCache& tenant,
                     const TrainingReport& report, const TrainingServices& services) {
  if (report.reason == kSuperseded) return Done();
  CF_TRY(const auto known, tenant.find_model_record(ctx, report.fingerprint));
  if (known) return Done();
  cache::ModelRecord record;
  record.fingerprint = report.fingerprint;
  record.training_timestamp = to_text(services.clock.wall_time());
  record.repo_names = report.names;
  record.published = report.published;
  record.reason = report.reason;
  record.report = to_json(report);
  CF_CHECK(tenant.write_model_record(ctx, record));
  if (const Status cleared = Checkpoints(tenant, report.fingerprint).clear(ctx); !cleared) {
    services.log.warn(ctx, "training.checkpoint_problem",
                      {{"fingerprint", report.fingerprint}, {"message", cleared.error()}});
  }
  TrainingMetrics(services.metrics)
      .runs.with({report.published ? "published" : std::string_view(report.reason)})
      .add();
  services.log.info(ctx, "training.finished",
                    {{"fingerprint", report.fingerprint},
                     {"published", report.published},
                     {"reason", report.reason},
                     {"steps_count", report.steps},
                     {"tokens_count", report.tokens},
                     {"seconds", report.seconds},
                     {"base_score", report.base_score},
                     {"tuned_score", report.tuned_score}});
  return Done();
}

}  // namespace cloudfolio::training

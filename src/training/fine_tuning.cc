#include "training/fine_tuning.h"

#include <chrono>
#include <utility>

#include "encoder/trainer.h"

namespace cloudfolio::training {
namespace {

// The texts of the pairs as the model reads them.
struct TokenizedPairs {
  std::vector<encoder::TokenIds> anchors;
  std::vector<encoder::TokenIds> positives;
  std::vector<std::size_t> token_counts;
  std::vector<std::uint64_t> query_groups;
  std::vector<std::uint64_t> positive_groups;
};

TokenizedPairs tokenized(const encoder::Model& model, const TrainingSet& set) {
  const std::size_t token_count_max = model.architecture().token_count_max;
  TokenizedPairs out;
  for (const TextPair& pair : set.pairs) {
    out.anchors.push_back(model.tokenizer().encode(pair.query, token_count_max));
    out.positives.push_back(model.tokenizer().encode(pair.positive, token_count_max));
    out.token_counts.push_back(out.anchors.back().size() + out.positives.back().size());
    out.query_groups.push_back(pair.query_group);
    out.positive_groups.push_back(pair.positive_group);
  }
  return out;
}

// Says how far the run is, at most once a second.
class ProgressTeller {
 public:
  ProgressTeller(const Clock& clock, const OnTrainingProgress& tell, std::size_t step_count)
      : clock_(clock),
        tell_(tell),
        step_count_(step_count),
        started_(clock.now()),
        told_(started_) {}

  void done(const Context& ctx, std::size_t step, double loss) {
    if (!tell_) return;
    const auto now = clock_.now();
    if (step < step_count_ && now - told_ < std::chrono::seconds(1)) return;
    told_ = now;
    const std::chrono::duration<double> passed = now - started_;
    const double each = passed.count() / static_cast<double>(step);
    tell_(ctx, {step, step_count_, loss, each * static_cast<double>(step_count_ - step)});
  }

 private:
  const Clock& clock_;
  const OnTrainingProgress& tell_;
  std::size_t step_count_;
  Clock::Instant started_;
  Clock::Instant told_;
};

}  // namespace

Result<TunedModel> fine_tune(const Context& ctx, const encoder::Model& base, const TrainingSet& set,
                             const Recipe& recipe, const Clock& clock,
                             const OnTrainingProgress& on_progress) {
  const TokenizedPairs texts = tokenized(base, set);
  const Schedule schedule =
      make_schedule(texts.token_counts, texts.query_groups, texts.positive_groups, recipe);
  if (schedule.steps.empty()) return TunedModel{base, 0, 0, std::string(schedule.cut), {}};

  encoder::Trainer::Options options;
  options.learning_rate = recipe.learning_rate;
  options.warmup_step_count = schedule.warmup_step_count;
  options.total_step_count = schedule.steps.size();
  options.seed = recipe.seed;
  CF_TRY(const auto trainer, encoder::Trainer::open(base, options));
  ProgressTeller teller(clock, on_progress, schedule.steps.size());
  std::vector<double> losses;
  std::vector<encoder::TrainingPair> pairs;
  for (const std::vector<std::size_t>& step : schedule.steps) {
    if (ctx.stopped()) return Error(Code::cancelled, "the training was stopped");
    pairs.clear();
    for (const std::size_t i : step) {
      encoder::TrainingPair pair;
      pair.anchor = texts.anchors[i];
      pair.positive = texts.positives[i];
      pair.anchor_group = texts.query_groups[i];
      pair.positive_group = texts.positive_groups[i];
      pairs.push_back(pair);
    }
    auto report = trainer->step(pairs, encoder::Loss::multiple_negatives_ranking);
    if (!report) {
      return std::move(report).error().while_doing("step " + std::to_string(losses.size() + 1));
    }
    losses.push_back(report->loss);
    teller.done(ctx, losses.size(), report->loss);
  }
  return TunedModel{trainer->model(), schedule.steps.size(), schedule.token_count,
                    std::string(schedule.cut), std::move(losses)};
}

}  // namespace cloudfolio::training

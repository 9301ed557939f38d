#include "training/fine_tuning.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "encoder/trainer.h"
#include "training/checkpoints.h"

namespace cloudfolio::training {
namespace {

// The texts of the pairs as the model reads them.
struct TokenizedPairs {
  std::vector<std::vector<encoder::TokenIds>> anchors;  // Of each pair, one a phrasing.
  std::vector<encoder::TokenIds> positives;
  std::vector<std::size_t> token_counts;
  std::vector<std::uint64_t> query_groups;
  std::vector<std::uint64_t> positive_groups;
  std::size_t text_count = 0;  // Different ones.
};

TokenizedPairs tokenized(const encoder::Model& model, const TrainingSet& set) {
  const std::size_t token_count_max = model.architecture().token_count_max;
  TokenizedPairs out;
  std::unordered_map<std::string_view, encoder::TokenIds> known;
  const auto tokens_of = [&](const std::string& text) -> const encoder::TokenIds& {
    const auto [at, fresh] = known.try_emplace(text);
    if (fresh) at->second = model.tokenizer().encode(text, token_count_max);
    return at->second;
  };
  for (const TextPair& pair : set.pairs) {
    auto& anchors = out.anchors.emplace_back();
    anchors.push_back(tokens_of(pair.query));
    std::size_t longest = anchors.back().size();
    for (const std::string& phrasing : pair.phrasings) {
      anchors.push_back(tokens_of(phrasing));
      longest = std::max(longest, anchors.back().size());
    }
    out.positives.push_back(tokens_of(pair.positive));
    out.token_counts.push_back(longest + out.positives.back().size());
    out.query_groups.push_back(pair.query_group);
    out.positive_groups.push_back(pair.positive_group);
  }
  out.text_count = known.size();
  return out;
}

const encoder::TokenIds& anchor_of(const TokenizedPairs& texts, const Schedule& schedule,
                                   std::size_t step, std::size_t place) {
  const auto& phrasings = texts.anchors[schedule.steps[step][place]];
  return phrasings[schedule.turns[step][place] % phrasings.size()];
}

// Says how far the run is: after the first and the last step, and at most once a second.
class ProgressTeller {
 public:
  ProgressTeller(const Clock& clock, const OnTrainingProgress& tell, std::size_t step_count,
                 std::size_t done_count)
      : clock_(clock),
        tell_(tell),
        step_count_(step_count),
        done_count_(done_count),
        started_(clock.now()),
        told_(started_) {}

  void done(const Context& ctx, std::size_t step, double loss) {
    if (!tell_) return;
    const auto now = clock_.now();
    const bool in_between = step > 1 && step < step_count_;
    if (in_between && now - told_ < std::chrono::seconds(1)) return;
    told_ = now;
    const std::chrono::duration<double> passed = now - started_;
    const double each = passed.count() / static_cast<double>(step - done_count_);
    tell_(ctx, {step, step_count_, loss, each * static_cast<double>(step_count_ - step)});
  }

 private:
  const Clock& clock_;
  const OnTrainingProgress& tell_;
  std::size_t step_count_;
  std::size_t done_count_;  // By the run that this one goes on with.
  Clock::Instant started_;
  Clock::Instant told_;
};

// Which texts each step takes: of two equal ones and equal options, the weights are equal.
std::uint64_t identity_of(const TokenizedPairs& texts, const Schedule& schedule) {
  encoder::Checksum sum;
  for (std::size_t step = 0; step < schedule.steps.size(); ++step) {
    for (std::size_t place = 0; place < schedule.steps[step].size(); ++place) {
      const std::size_t i = schedule.steps[step][place];
      for (const auto* ids : {&anchor_of(texts, schedule, step, place), &texts.positives[i]}) {
        const std::size_t count = ids->size();
        sum.add(&count, sizeof count);
        sum.add(ids->data(), count * sizeof(encoder::TokenId));
      }
      sum.add(&texts.query_groups[i], sizeof(std::uint64_t));
      sum.add(&texts.positive_groups[i], sizeof(std::uint64_t));
    }
  }
  return sum.value();
}

// A checkpoint's note: the run's identity and the losses so far.
std::string note_of(std::uint64_t identity, const std::vector<double>& losses) {
  std::string note(sizeof identity + losses.size() * sizeof(double), '\0');
  std::memcpy(note.data(), &identity, sizeof identity);
  if (!losses.empty()) {
    std::memcpy(note.data() + sizeof identity, losses.data(), losses.size() * sizeof(double));
  }
  return note;
}

// The losses, where the note is of this run and of so many steps.
std::optional<std::vector<double>> losses_of(const std::string& note, std::uint64_t identity,
                                             std::size_t step_count) {
  std::vector<double> losses(step_count);
  if (note.size() != sizeof identity + step_count * sizeof(double)) return std::nullopt;
  if (note.compare(0, sizeof identity, note_of(identity, {})) != 0) return std::nullopt;
  std::memcpy(losses.data(), note.data() + sizeof identity, step_count * sizeof(double));
  return losses;
}

// One run: the trainer, what it did so far, and where it is kept meanwhile.
class Run {
 public:
  Run(const encoder::Model& base, encoder::Trainer::Options options, std::uint64_t identity,
      Checkpoints* checkpoints)
      : base_(base), options_(options), identity_(identity), checkpoints_(checkpoints) {}

  // At the last checkpoint, or at the beginning.
  Status open(const Context& ctx) {
    CF_TRY(trainer_, encoder::Trainer::open(base_, options_));
    if (checkpoints_ == nullptr) return Done{};
    const auto note = checkpoints_->load(
        ctx, [&](const encoder::CheckpointSource& source) { return trainer_->resume(source); });
    if (!note && note.error().code() == Code::not_found) return Done{};
    if (note) {
      if (auto losses = losses_of(*note, identity_, trainer_->step_count())) {
        losses_ = *std::move(losses);
        resumed_step_count_ = losses_.size();
        return Done{};
      }
    }
    problem_ = note ? "it is of another schedule" : note.error().message();
    if (const Status cleared = checkpoints_->clear(ctx); !cleared) {
      problem_ += "; " + cleared.error().message();
    }
    CF_TRY(trainer_, encoder::Trainer::open(base_, options_));
    return Done{};
  }

  Status step(const std::vector<encoder::TrainingPair>& pairs) {
    auto report = trainer_->step(pairs, encoder::Loss::multiple_negatives_ranking);
    if (!report) {
      return std::move(report).error().while_doing("step " + std::to_string(losses_.size() + 1));
    }
    losses_.push_back(report->loss);
    return Done{};
  }

  // A store that refuses costs a killed run its time, and nothing else.
  void save(const Context& ctx) {
    const std::string note = note_of(identity_, losses_);
    const Status saved = checkpoints_->save(
        ctx, losses_.size(),
        [&](const encoder::CheckpointSink& sink) { return trainer_->save_checkpoint(sink, note); });
    if (!saved) problem_ = saved.error().message();
  }

  std::size_t done_count() const { return losses_.size(); }
  double last_loss() const { return losses_.empty() ? 0 : losses_.back(); }

  TunedModel result(const Schedule& schedule) && {
    TunedModel tuned{trainer_->model(), schedule.steps.size(), schedule.token_count,
                     std::string(schedule.cut), std::move(losses_)};
    tuned.resumed_step_count = resumed_step_count_;
    tuned.checkpoint_problem = std::move(problem_);
    return tuned;
  }

 private:
  const encoder::Model& base_;
  const encoder::Trainer::Options options_;
  const std::uint64_t identity_;
  Checkpoints* const checkpoints_;
  std::unique_ptr<encoder::Trainer> trainer_;
  std::vector<double> losses_;
  std::size_t resumed_step_count_ = 0;
  std::string problem_;
};

}  // namespace

Result<TunedModel> fine_tune(const Context& ctx, const encoder::Model& base, const TrainingSet& set,
                             const Recipe& recipe, const Clock& clock,
                             const OnTrainingProgress& on_progress, Checkpoints* checkpoints) {
  const TokenizedPairs texts = tokenized(base, set);
  const Schedule schedule =
      make_schedule(texts.token_counts, texts.query_groups, texts.positive_groups, recipe);
  const std::size_t step_count = schedule.steps.size();
  if (step_count == 0) return TunedModel{base, 0, 0, std::string(schedule.cut), {}};

  encoder::Trainer::Options options;
  options.learning_rate = recipe.learning_rate;
  options.warmup_step_count = schedule.warmup_step_count;
  options.total_step_count = step_count;
  options.seed = recipe.seed;
  options.precision = recipe.precision;
  const std::size_t between = recipe.checkpoint_step_count;
  Run run(base, options, identity_of(texts, schedule), between > 0 ? checkpoints : nullptr);
  CF_CHECK(run.open(ctx));
  ProgressTeller teller(clock, on_progress, step_count, run.done_count());
  std::vector<encoder::TrainingPair> pairs;
  while (run.done_count() < step_count) {
    if (ctx.stopped()) return Error(Code::cancelled, "the training was stopped");
    pairs.clear();
    const auto& step = schedule.steps[run.done_count()];
    for (std::size_t place = 0; place < step.size(); ++place) {
      const std::size_t i = step[place];
      encoder::TrainingPair pair;
      pair.anchor = anchor_of(texts, schedule, run.done_count(), place);
      pair.positive = texts.positives[i];
      pair.anchor_group = texts.query_groups[i];
      pair.positive_group = texts.positive_groups[i];
      pairs.push_back(pair);
    }
    CF_CHECK(run.step(pairs));
    teller.done(ctx, run.done_count(), run.last_loss());
    const bool due = checkpoints != nullptr && between > 0 && run.done_count() % between == 0;
    if (due && run.done_count() < step_count) run.save(ctx);
  }
  TunedModel tuned = std::move(run).result(schedule);
  tuned.tokenized_text_count = texts.text_count;
  return tuned;
}

}  // namespace cloudfolio::training

#include "encoder/trainer.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <utility>

#include "base/limits.h"
#include "encoder/checkpoint.h"
#include "encoder/loss.h"
#include "encoder/loss_scaling.h"
#include "encoder/optimizer.h"
#include "encoder/parameter_layout.h"
#include "encoder/step_plan.h"
#include "encoder/transformer.h"
#include "encoder/workers.h"

namespace cloudfolio::encoder {
namespace {

// What keeps a training process of MiniLM under 700 MB.
constexpr std::size_t kActivationBytes = 280 * kMiB;

// Forward and backward passes of a step, whatever the numbers.
class Passes {
 public:
  virtual ~Passes() = default;
  // Unit vectors of all sequences, then the loss's gradient of them back through the network;
  // `loss` is called between the two. False: `loss` said to stop.
  using LossGradient = std::function<bool(const float* units, std::span<float> gradient)>;
  virtual bool run(const StepPlan& plan, std::size_t sequence_count, const Dropout& dropout,
                   const LossGradient& loss) = 0;
  virtual StepGradient gradient(const StepPlan& plan) = 0;
  virtual void pack() = 0;
  virtual std::chrono::nanoseconds spent(Phase phase) const = 0;
};

template <class T>
class TypedPasses final : public Passes {
 public:
  TypedPasses(const Model& model, const float* weights, Workers& workers, const Clock* clock)
      : hidden_(model.architecture().hidden),
        dense_count_(model.layout().trained_count() - model.layout().position_embeddings()),
        workers_(workers),
        transformer_(model.architecture(), model.layout(), weights, Directions::both),
        conversions_(workers.thread_count()) {
    for (std::size_t s = 0; s < kShardCount; ++s) {
      shards_.emplace_back(model.architecture(), clock);
    }
    pack();
  }

  void pack() override {
    workers_.run(transformer_.matrix_count(), [&](std::size_t i) {
      transformer_.pack(i, conversions_[i % workers_.thread_count()]);
    });
  }

  bool run(const StepPlan& plan, std::size_t sequence_count, const Dropout& dropout,
           const LossGradient& loss) override {
    units_.resize(sequence_count * hidden_);
    d_units_.resize(sequence_count * hidden_);
    workers_.run(kShardCount, [&](std::size_t s) { first_pass(plan.shard(s), s, dropout); });
    if (!loss(units_.data(), d_units_)) return false;
    const std::size_t slot_count = plan.slot_ids().size();
    workers_.run(kShardCount,
                 [&](std::size_t s) { second_pass(plan.shard(s), s, dropout, slot_count); });
    return true;
  }

  std::chrono::nanoseconds spent(Phase phase) const override {
    std::chrono::nanoseconds total{};
    for (const Shard& shard : shards_) total += shard.workspace.times().spent(phase);
    return total;
  }

  StepGradient gradient(const StepPlan& plan) override {
    targets_.clear();
    for (std::size_t s = 0; s < kShardCount; ++s) {
      if (plan.shard(s).empty()) continue;
      targets_.push_back({shards_[s].dense.data(), shards_[s].words.data()});
    }
    return {targets_, plan.slot_ids()};
  }

 private:
  struct Shard {
    Shard(const Architecture& architecture, const Clock* clock) : workspace(architecture, clock) {}
    Workspace<T> workspace;
    Array<float> dense;
    Array<float> words;
    std::vector<float> units;  // Of one batch.
    std::vector<float> d_units;
    std::vector<float> lengths;
  };

  void forward(const PlannedBatch& batch, Shard& shard, Keep keep, const Dropout& dropout) {
    const std::size_t count = batch.packed.sequences.size();
    shard.units.resize(count * hidden_);
    shard.d_units.resize(count * hidden_);
    shard.lengths.resize(count);
    transformer_.forward(shard.workspace, batch.packed, keep, dropout, shard.units.data(),
                         shard.lengths.data());
  }

  // Only the first batch, the fullest, keeps its activations: it is computed last, and the second
  // pass begins with it.
  void first_pass(std::span<const PlannedBatch> batches, std::size_t s, const Dropout& dropout) {
    Shard& shard = shards_[s];
    for (std::size_t b = batches.size(); b-- > 0;) {
      forward(batches[b], shard, b == 0 ? Keep::for_backward : Keep::nothing, dropout);
      for (std::size_t i = 0; i < batches[b].packed.numbers.size(); ++i) {
        std::memcpy(units_.data() + batches[b].packed.numbers[i] * hidden_,
                    shard.units.data() + i * hidden_, hidden_ * sizeof(float));
      }
    }
  }

  void second_pass(std::span<const PlannedBatch> batches, std::size_t s, const Dropout& dropout,
                   std::size_t slot_count) {
    if (batches.empty()) return;
    Shard& shard = shards_[s];
    shard.dense.reserve(dense_count_);
    shard.words.reserve(slot_count * hidden_);
    std::memset(shard.words.data(), 0, slot_count * hidden_ * sizeof(float));
    GradientTarget target{shard.dense.data(), shard.words.data(), true};
    for (std::size_t b = 0; b < batches.size(); ++b) {
      if (!target.fresh) forward(batches[b], shard, Keep::for_backward, dropout);
      for (std::size_t i = 0; i < batches[b].packed.numbers.size(); ++i) {
        std::memcpy(shard.d_units.data() + i * hidden_,
                    d_units_.data() + batches[b].packed.numbers[i] * hidden_,
                    hidden_ * sizeof(float));
      }
      transformer_.backward(shard.workspace, batches[b].packed, dropout, shard.units.data(),
                            shard.lengths.data(), shard.d_units.data(), batches[b].slots, target);
      target.fresh = false;
    }
  }

  const std::size_t hidden_;
  const std::size_t dense_count_;
  Workers& workers_;
  Transformer<T> transformer_;
  std::vector<Array<T>> conversions_;  // One a thread.
  std::vector<Shard> shards_;
  std::vector<StepGradient::Shard> targets_;
  std::vector<float> units_;
  std::vector<float> d_units_;
};

Error wrong(const std::string& what) {
  return Error(Code::invalid_argument, what);
}

Status check_options(const Trainer::Options& options) {
  const auto good = [](double value, double least) {
    return std::isfinite(value) && value >= least;
  };
  if (!good(options.learning_rate, 0) || !good(options.weight_decay, 0) ||
      !good(options.gradient_norm_max, 0) || !good(options.scale, 0) ||
      options.learning_rate * options.weight_decay >= 1) {
    return wrong("training options must be finite and not negative");
  }
  return Done{};
}

Status check_pairs(std::span<const TrainingPair> pairs, const Architecture& architecture) {
  if (pairs.empty()) return wrong("a training step needs at least one pair");
  for (const TrainingPair& pair : pairs) {
    if (!std::isfinite(pair.label)) return wrong("a label is not finite");
    for (const auto sequence : {pair.anchor, pair.positive}) {
      if (sequence.empty() || sequence.size() > architecture.position_count) {
        return wrong("a text has " + std::to_string(sequence.size()) +
                     " tokens, not within 1 and " + std::to_string(architecture.position_count));
      }
      for (const TokenId id : sequence) {
        if (id < 0 || static_cast<std::size_t>(id) >= architecture.vocabulary_count) {
          return wrong("token " + std::to_string(id) + " is not of the vocabulary");
        }
      }
    }
  }
  return Done{};
}

double learning_rate(const Trainer::Options& options, std::size_t step) {
  const auto at = static_cast<double>(step);
  const auto warmup = static_cast<double>(options.warmup_step_count);
  const auto total = static_cast<double>(options.total_step_count);
  if (at < warmup) return options.learning_rate * at / std::max(1.0, warmup);
  return options.learning_rate * std::max(0.0, (total - at) / std::max(1.0, total - warmup));
}

}  // namespace

struct Trainer::State {
  State(const Model& m, const Options& o, Precision resolved_precision)
      : model(m),
        options(o),
        precision(resolved_precision),
        workers(thread_count_for(o.thread_count, kShardCount)),
        optimizer(m.layout(), m.architecture().hidden, m.weights()),
        plan(m.architecture().vocabulary_count,
             precision == Precision::fp16 ? RowCounts::exact : RowCounts::few),
        times(o.clock) {
    if (precision == Precision::bf16) {
      tokens_at_once = kActivationBytes / Workspace<Bf16>::bytes_a_token(m.architecture());
      passes = std::make_unique<TypedPasses<Bf16>>(m, optimizer.weights(), workers, o.clock);
    } else if (precision == Precision::fp16) {
      tokens_at_once = kActivationBytes / Workspace<Half>::bytes_a_token(m.architecture());
      passes = std::make_unique<TypedPasses<Half>>(m, optimizer.weights(), workers, o.clock);
    } else {
      tokens_at_once = kActivationBytes / Workspace<float>::bytes_a_token(m.architecture());
      passes = std::make_unique<TypedPasses<float>>(m, optimizer.weights(), workers, o.clock);
    }
    if (o.activation_token_count_max > 0) tokens_at_once = o.activation_token_count_max;
  }

  Dropout dropout() const {
    if (!options.dropout) return {};
    const Architecture& a = model.architecture();
    return {options.seed, step_count, a.hidden_dropout, a.attention_dropout};
  }

  // Forward, loss and backward; the norm of the gradient.
  Result<StepReport> differentiate(std::span<const TrainingPair> pairs, Loss loss) {
    CF_CHECK(check_pairs(pairs, model.architecture()));
    times.begin();
    plan.make(pairs, std::max<std::size_t>(tokens_at_once / kShardCount, 1));
    optimizer.use(plan.slot_ids());
    facts.clear();
    for (const TrainingPair& pair : pairs) {
      facts.push_back({pair.label, pair.anchor_group, pair.positive_group});
    }
    scores.resize(pairs.size());
    times.end(Phase::plan);
    for (const int exponent : kScaleExponents) {
      CF_TRY(const auto report, attempt(pairs, loss, exponent));
      if (std::isfinite(report.gradient_norm)) return report;
      if (precision != Precision::fp16) break;
    }
    return not_finite("gradient");
  }

  Error not_finite(const std::string& what) const {
    return wrong("the " + what + " is not finite: a smaller learning rate may help" +
                 (precision == Precision::fp16 ? ", or training in fp32" : ""));
  }

  // With the gradient scaled to 2^exponent in fp16.
  Result<StepReport> attempt(std::span<const TrainingPair> pairs, Loss loss, int exponent) {
    StepReport report;
    report.token_count = plan.token_count();
    const auto loss_gradient = [&](const float* units, std::span<float> gradient) {
      times.end(Phase::waiting);  // The passes themselves are timed by their threads.
      const UnitVectors vectors{units, model.architecture().hidden};
      report.loss = loss == Loss::multiple_negatives_ranking
                        ? ranking_loss(vectors, facts, options.scale, scores, gradient)
                        : cosine_loss(vectors, facts, gradient);
      if (precision == Precision::fp16) gradient_scale = scale_to(exponent, gradient);
      times.end(Phase::loss);
      return std::isfinite(report.loss);
    };
    if (!passes->run(plan, 2 * pairs.size(), dropout(), std::cref(loss_gradient))) {
      return not_finite("loss");
    }
    times.end(Phase::waiting);
    report.gradient_norm = optimizer.sum(gradient(), workers);
    times.end(Phase::gradient_sum);
    return report;
  }

  StepGradient gradient() {
    StepGradient sums = passes->gradient(plan);
    sums.scale = gradient_scale;
    return sums;
  }

  // Equal for runs whose steps give equal weights: the model's weights, and what steps depend on.
  std::string run_identity() const {
    Checksum weights;
    weights.add(model.weights().data(), model.weights().size_bytes());
    const Options& o = options;
    std::string text;
    for (const double value :
         {o.learning_rate, o.weight_decay, o.gradient_norm_max, o.scale,
          static_cast<double>(o.warmup_step_count), static_cast<double>(o.total_step_count),
          static_cast<double>(tokens_at_once)}) {
      text += std::to_string(std::bit_cast<std::uint64_t>(value)) + " ";
    }
    return text + std::to_string(o.seed) + (o.dropout ? " dropout " : " ") +
           std::string(to_string(precision)) + " " + std::to_string(weights.value());
  }

  Model model;
  Options options;
  Precision precision;
  Workers workers;
  AdamW optimizer;
  StepPlan plan;
  std::unique_ptr<Passes> passes;
  std::size_t tokens_at_once = 0;
  double gradient_scale = 1.0;
  std::vector<PairFacts> facts;
  std::vector<double> scores;
  PhaseTimes times;  // Of the calling thread.
  std::size_t step_count = 0;
};

Trainer::Trainer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Trainer::~Trainer() = default;

Result<std::unique_ptr<Trainer>> Trainer::open(const Model& model, Options options) {
  CF_CHECK(check_options(options));
  if (options.precision == Precision::int8) return wrong("int8 is not for training");
  if (options.precision == Precision::fp16 && !runs_fp16()) {
    return wrong("this processor cannot train in fp16");
  }
  try {
    auto state = std::make_unique<State>(model, options, resolved(options.precision));
    return std::unique_ptr<Trainer>(new Trainer(std::move(state)));
  } catch (const dnnl::error& error) {
    return wrong(std::string("this processor cannot train in ") +
                 std::string(to_string(options.precision)) + ": " + error.what());
  }
}

Result<StepReport> Trainer::step(std::span<const TrainingPair> pairs, Loss loss) {
  State& s = *state_;
  try {
    auto report = s.differentiate(pairs, loss);
    if (!report) return report;
    report->learning_rate = learning_rate(s.options, s.step_count);
    s.optimizer.update(s.gradient(), report->gradient_norm,
                       {report->learning_rate, s.options.weight_decay, s.options.gradient_norm_max},
                       s.workers);
    s.times.end(Phase::optimizer);
    s.passes->pack();
    s.times.end(Phase::packing);
    ++s.step_count;
    return report;
  } catch (const dnnl::error& error) {
    return Error(Code::internal, std::string("oneDNN: ") + error.what());
  }
}

std::chrono::nanoseconds Trainer::spent(Phase phase) const {
  const auto own = state_->times.spent(phase);
  const auto threads = static_cast<std::int64_t>(state_->workers.thread_count());
  switch (phase) {
    case Phase::waiting: {
      // The calling thread's time of the passes, less what the threads did in it.
      std::chrono::nanoseconds busy{};
      for (std::size_t i = 0; i < kPhaseCount; ++i) {
        busy += state_->passes->spent(static_cast<Phase>(i));
      }
      return own * threads - busy;
    }
    case Phase::gradient_sum:
    case Phase::optimizer:
    case Phase::packing:
    case Phase::plan:
    case Phase::loss:
      return own * threads;  // Shared by the threads, or kept from all of them.
    default:
      return state_->passes->spent(phase);
  }
}

std::size_t Trainer::step_count() const {
  return state_->step_count;
}

Model Trainer::model() const {
  return state_->model.with_weights(state_->optimizer.weights_up_to_date());
}

Status Trainer::save_checkpoint(const CheckpointSink& sink, std::string_view note) const {
  CheckpointWriter writer(sink);
  const std::string run = state_->run_identity();
  writer.section(run.data(), run.size());
  writer.section(note.data(), note.size());
  writer.section(&state_->step_count, sizeof state_->step_count);
  state_->optimizer.save(writer);
  return writer.finish();
}

Result<std::string> Trainer::resume(const CheckpointSource& source) {
  CheckpointReader reader(source);
  CF_CHECK(reader.begin());
  CF_TRY(const std::string run, reader.text(kMiB));
  if (run != state_->run_identity()) {
    return Error(Code::conflict,
                 "the checkpoint belongs to another run: another model, other options or another "
                 "precision");
  }
  CF_TRY(std::string note, reader.text(16 * kMiB));
  CF_CHECK(reader.section(&state_->step_count, sizeof state_->step_count));
  CF_CHECK(state_->optimizer.load(reader));
  CF_CHECK(reader.finish());
  state_->passes->pack();
  return note;
}

Result<Trainer::Gradient> Trainer::gradient(std::span<const TrainingPair> pairs, Loss loss) {
  State& s = *state_;
  try {
    CF_TRY(const auto report, s.differentiate(pairs, loss));
    const StepGradient gradient = s.gradient();
    const ParameterLayout& layout = s.model.layout();
    const std::size_t hidden = s.model.architecture().hidden;
    Gradient out{report.loss, std::vector<float>(layout.count())};
    for (std::size_t i = 0; i < gradient.slot_ids.size(); ++i) {
      const auto word = static_cast<std::size_t>(gradient.slot_ids[i]);
      std::copy_n(gradient.shards[0].words + i * hidden, hidden, out.values.data() + word * hidden);
    }
    const std::size_t dense = layout.position_embeddings();
    std::copy_n(gradient.shards[0].dense, layout.trained_count() - dense,
                out.values.data() + dense);
    const auto factor = static_cast<float>(1.0 / gradient.scale);
    for (float& value : out.values) value *= factor;
    return out;
  } catch (const dnnl::error& error) {
    return Error(Code::internal, std::string("oneDNN: ") + error.what());
  }
}

}  // namespace cloudfolio::encoder

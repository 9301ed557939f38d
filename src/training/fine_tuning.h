#pragma once
// One run of the trainer over a training set: which pairs in which steps, from the base model to a
// tuned one.
//
// Promises: the same model, set and recipe give the same weights on processors of the same type.
// Errors: cancelled where ctx was stopped between two steps; invalid_argument where a loss is not
// finite.

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/context.h"
#include "base/result.h"
#include "encoder/model.h"
#include "training/pairs.h"
#include "training/recipe.h"

namespace cloudfolio::training {

class Checkpoints;

struct TrainingProgress {
  std::size_t step = 0;
  std::size_t step_count = 0;
  double loss = 0;
  double seconds_left = 0;
};
// Called from the training thread, at most once a second and after the last step.
using OnTrainingProgress = std::function<void(const Context&, const TrainingProgress&)>;

struct TunedModel {
  encoder::Model model;
  std::size_t step_count = 0;
  std::size_t token_count = 0;
  std::string cut;             // As Schedule::cut.
  std::vector<double> losses;  // One a step.
  // Of an interrupted run that this one went on with; 0: it began at the beginning.
  std::size_t resumed_step_count = 0;
  // What kept it from going on with one, or from keeping its own; empty: nothing.
  std::string checkpoint_problem = {};
  // Texts that were tokenized: each that differs from the others once.
  std::size_t tokenized_text_count = 0;
};

// A set and recipe that make no step give the base model back. `checkpoints` (may be null) are
// where an interrupted run of the same content goes on from; what is wrong with them never ends a
// run.
Result<TunedModel> fine_tune(const Context& ctx, const encoder::Model& base, const TrainingSet& set,
                             const Recipe& recipe, const Clock& clock,
                             const OnTrainingProgress& on_progress,
                             Checkpoints* checkpoints = nullptr);

}  // namespace cloudfolio::training

#pragma once
// What became of one training: what `train --json` prints, and what is kept beside the model.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cloudfolio::training {

struct TrainingReport {
  std::string login;
  std::string scope;  // Of a private place (cache/place.h), whose text it is; "" of the public one.
  std::string fingerprint;
  std::size_t repositories = 0;  // Documented ones.
  std::size_t pairs = 0;
  std::size_t queries = 0;  // Held out.
  std::size_t steps = 0;
  std::size_t tokens = 0;
  double seconds = 0;
  double base_score = 0;  // Held-out nDCG@10 by meaning alone.
  double tuned_score = 0;
  double base_search = 0;  // Held-out nDCG@10 of search with it.
  double tuned_search = 0;
  double gain_lower_bound = 0;
  double base_low = 0;  // 95 % intervals.
  double base_high = 0;
  double tuned_low = 0;
  double tuned_high = 0;
  double gain_low = 0;
  double gain_high = 0;
  double base_guard = 0;  // nDCG@10 on the guard set.
  double tuned_guard = 0;
  bool published = false;
  std::string reason;  // "" where published.
  std::string cut;     // "max_tokens" or "max_steps" where that shortened the run.
  // The parameters.
  std::string recipe;
  std::size_t epochs = 0;
  std::size_t batch_pairs = 0;
  double learning_rate = 0;
  double warmup_share = 0;
  std::size_t seed = 0;
  // Checksum of the tuned weights, 16 hexadecimal digits: equal where these are, bit for bit.
  std::string weights;
  // Of words beside meaning in the searches that this model answers; chosen on the questions that
  // were learnt. 0: not chosen.
  double lexical_weight = 0;
  double cpu_seconds = 0;  // Of the whole process while it ran.
  // By the price table that held; "" where no price was known.
  std::size_t cost_micros = 0;
  std::string currency;
  std::vector<double> losses;      // The curve: at most 500 points, evenly over the steps.
  std::vector<std::string> names;  // Of the documented repositories.

  // Whether the scores say something: a run without steps, or to weights that are not finite, has
  // none.
  bool measured() const { return steps > 0 && reason != "not_finite"; }
};

std::string to_json(const TrainingReport& report);
// Code::invalid_argument where it is none.
Result<TrainingReport> training_report_from_json(std::string_view text);

}  // namespace cloudfolio::training

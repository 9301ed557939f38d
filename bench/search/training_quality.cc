// training_quality MODEL CORPUS [OWNER…] [--max-tokens N] [--epochs N] [--rate X] [--batch N]
// [--seed N]
//
// Trains each owner's portfolio as the program does, and prints what the quality gate says, beside
// BM25 and the fused ranking on the same held-out questions.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cache/testing/corpus_bundle.h"
#include "encoder/encoder.h"
#include "passage_ranking.h"
#include "training/fine_tuning.h"
#include "training/fusion_choice.h"
#include "training/gate.h"
#include "training/pairs.h"

namespace cloudfolio::bench {
namespace {

struct Arguments {
  std::string model;
  std::string corpus;
  std::vector<std::string> owners;
  training::Recipe recipe;
};

Arguments parse(int count, char** values) {
  Arguments arguments;
  std::vector<std::string> plain;
  for (int i = 1; i < count; ++i) {
    const std::string word = values[i];
    const char* next = i + 1 < count ? values[i + 1] : "0";
    if (!word.starts_with("--")) {
      plain.push_back(word);
      continue;
    }
    ++i;
    if (word == "--max-tokens") arguments.recipe.token_count_max = std::strtoul(next, nullptr, 10);
    if (word == "--epochs") arguments.recipe.epoch_count = std::strtoul(next, nullptr, 10);
    if (word == "--batch") arguments.recipe.batch_pair_count = std::strtoul(next, nullptr, 10);
    if (word == "--seed") arguments.recipe.seed = std::strtoul(next, nullptr, 10);
    if (word == "--rate") arguments.recipe.learning_rate = std::strtod(next, nullptr);
  }
  if (plain.size() < 2) {
    std::fprintf(stderr, "usage: training_quality MODEL CORPUS [OWNER...] [--max-tokens N]\n");
    std::exit(2);
  }
  arguments.model = plain[0];
  arguments.corpus = plain[1];
  arguments.owners.assign(plain.begin() + 2, plain.end());
  if (arguments.owners.empty()) arguments.owners = cache::testing::corpus_owners(arguments.corpus);
  return arguments;
}

Status run_owner(const encoder::Model& base, const Arguments& arguments, const std::string& owner) {
  const SystemClock clock;
  CF_TRY(const cache::Bundle bundle, cache::testing::read_corpus_bundle(arguments.corpus, owner));
  training::PairOptions options;
  options.seed = arguments.recipe.seed;
  const training::TrainingSet set = training::make_training_set(bundle, options);
  std::printf("%-14s repositories %zu pairs %zu sections %zu candidates %zu queries %zu %s\n",
              owner.c_str(), set.documented.size(), set.pairs.size(), set.section_count,
              set.candidates.size(), set.queries.size(),
              std::string(training::reason_against(set)).c_str());
  if (!training::reason_against(set).empty()) return Done();
  CF_TRY(const encoder::Encoder base_encoder, encoder::Encoder::open(base));
  CF_TRY(training::Scores base_scores, training::score(base_encoder, set));
  const training::CandidateWords words(set);
  CF_TRY(const training::FusionChoice fusion,
         words.choose(base_encoder, base_scores.candidate_vectors));
  base_scores.search = words.search_scores(base_scores, {});
  const auto started = clock.now();
  CF_TRY(const training::TunedModel tuned,
         training::fine_tune({}, base, set, arguments.recipe, clock, {}));
  const std::chrono::duration<double> took = clock.now() - started;
  CF_TRY(const encoder::Encoder tuned_encoder, encoder::Encoder::open(tuned.model));
  CF_TRY(training::Scores tuned_scores, training::score(tuned_encoder, set));
  tuned_scores.search =
      words.search_scores(tuned_scores, {.lexical = fusion.lexical, .dense = 1.0 - fusion.lexical});
  const training::Verdict verdict =
      training::judge(base_scores, tuned_scores, arguments.recipe.seed);
  std::printf(
      "  steps %zu tokens %zu seconds %.1f cut '%s' | base %.4f tuned %.4f (x%.3f) bound %+.4f | "
      "guard %.4f -> %.4f | %s %s\n",
      tuned.step_count, tuned.token_count, took.count(), tuned.cut.c_str(), verdict.base_score,
      verdict.tuned_score, verdict.tuned_score / verdict.base_score, verdict.gain_lower_bound,
      verdict.base_guard, verdict.tuned_guard, verdict.published ? "PUBLISHED" : "not published",
      verdict.reason.c_str());
  CF_CHECK(print_fusion(bundle, set, base_encoder, "base"));
  CF_CHECK(print_fusion(bundle, set, tuned_encoder, "tuned"));
  std::fflush(stdout);
  return Done();
}

int run(int count, char** values) {
  const Arguments arguments = parse(count, values);
  const auto base = encoder::Model::load(arguments.model);
  if (!base) {
    std::fprintf(stderr, "%s\n", base.error().message().c_str());
    return 1;
  }
  for (const std::string& owner : arguments.owners) {
    const Status done = run_owner(*base, arguments, owner);
    if (!done) {
      std::fprintf(stderr, "%s: %s\n", owner.c_str(), done.error().message().c_str());
      return 1;
    }
  }
  return 0;
}

}  // namespace
}  // namespace cloudfolio::bench

int main(int count, char** values) {
  return cloudfolio::bench::run(count, values);
}

// retrieval_quality MODEL CORPUS SETS OUT [--splits N] [--minutes N] [--seed N] [--owner NAME]…
//
// Trains and measures each owner of a corpus on several splits (2 for the largest owner), split by
// split over all owners, and writes one JSON object a split, one a line, into OUT. SETS holds
// OWNER-repositories.json (tools/make_query_sets.py). A split that would not end within --minutes
// is not begun, and is printed.
//
// With --training fp32 models are trained in fp32, also where the processor trains in fewer bits.
// With --precisions N nothing is trained: the base model answers the questions of N seeds in each
// precision of the encoder.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cache/testing/corpus_bundle.h"
#include "json/json.h"
#include "portfolio_run.h"
#include "precision_run.h"

namespace cloudfolio::bench {
namespace {

constexpr std::size_t kSplitsOfLargest = 2;

struct Arguments {
  std::string model;
  std::string corpus;
  std::string sets;
  std::string out;
  std::vector<std::string> owners;
  std::size_t splits = 5;
  std::uint64_t seed = 1;
  double minutes = 25;
  std::size_t precision_seeds = 0;  // Not 0: precisions are measured instead, without training.
  training::Recipe recipe;
};

Arguments parse(int count, char** values) {
  Arguments arguments;
  std::vector<std::string> plain;
  for (int i = 1; i < count; ++i) {
    const std::string word = values[i];
    if (!word.starts_with("--")) {
      plain.push_back(word);
      continue;
    }
    const char* next = ++i < count ? values[i] : "";
    if (word == "--splits") arguments.splits = std::strtoul(next, nullptr, 10);
    if (word == "--seed") arguments.seed = std::strtoul(next, nullptr, 10);
    if (word == "--minutes") arguments.minutes = std::strtod(next, nullptr);
    if (word == "--precisions") arguments.precision_seeds = std::strtoul(next, nullptr, 10);
    if (word == "--training" && std::string_view(next) == "fp32") {
      arguments.recipe.precision = encoder::Precision::fp32;
    }
    if (word == "--owner") arguments.owners.emplace_back(next);
    if (word == "--epochs") arguments.recipe.epoch_count = std::strtoul(next, nullptr, 10);
    if (word == "--max-tokens") {
      arguments.recipe.token_count_max = std::strtoul(next, nullptr, 10);
    }
  }
  if (plain.size() != 4) {
    std::fprintf(stderr, "usage: retrieval_quality MODEL CORPUS SETS OUT [--splits N] …\n");
    std::exit(2);
  }
  arguments.model = plain[0];
  arguments.corpus = plain[1];
  arguments.sets = plain[2];
  arguments.out = plain[3];
  if (arguments.owners.empty()) arguments.owners = cache::testing::corpus_owners(arguments.corpus);
  return arguments;
}

struct Owner {
  std::string name;
  cache::Bundle bundle;
  evaluation::QuerySet descriptions;
  std::size_t text_bytes = 0;
  double last_seconds = 0;
};

Result<evaluation::QuerySet> descriptions_of(const std::string& sets, const std::string& owner) {
  std::ifstream file(sets + "/" + owner + "-repositories.json");
  if (!file) return evaluation::QuerySet();
  std::ostringstream text;
  text << file.rdbuf();
  return evaluation::query_set_from_json(text.str());
}

Result<std::vector<Owner>> read_owners(const Arguments& arguments) {
  std::vector<Owner> owners;
  for (const std::string& name : arguments.owners) {
    Owner owner;
    owner.name = name;
    CF_TRY(owner.bundle, cache::testing::read_corpus_bundle(arguments.corpus, name));
    CF_TRY(owner.descriptions, descriptions_of(arguments.sets, name));
    for (const auto& entry : owner.bundle.repositories) {
      owner.text_bytes +=
          entry.readme.size() + entry.skills_index.size() + entry.architecture.size();
    }
    owners.push_back(std::move(owner));
  }
  return owners;
}

void put(json::Object& object, const char* name, const std::optional<double>& value) {
  if (value) object[name] = *value;
}

std::string line_of(const std::string& owner, std::uint64_t seed, const SplitFigures& figures) {
  json::Object object;
  object["owner"] = owner;
  object["seed"] = seed;
  object["trained"] = figures.trained;
  object["questions"] = figures.questions;
  object["bm25"] = figures.bm25;
  object["base"] = figures.base;
  object["tuned"] = figures.tuned;
  object["hybrid_base"] = figures.hybrid_base;
  object["hybrid_tuned"] = figures.hybrid_tuned;
  object["search"] = figures.published_search();
  object["published"] = figures.published;
  object["reason"] = figures.reason;
  object["lexical_weight"] = figures.lexical_weight;
  object["guard_ratio"] = figures.guard_ratio;
  object["tokens"] = figures.tokens;
  object["train_seconds"] = figures.train_seconds;
  put(object, "repository_bm25", figures.repository_bm25);
  put(object, "repository_base", figures.repository_base);
  put(object, "repository_hybrid_base", figures.repository_hybrid_base);
  put(object, "repository_hybrid_tuned", figures.repository_hybrid_tuned);
  put(object, "base_int8", figures.base_int8);
  put(object, "tuned_int8", figures.tuned_int8);
  return json::write(object);
}

class Benchmark {
 public:
  Benchmark(const Arguments& arguments, const encoder::Model& model, const CachedEmbedder& base)
      : arguments_(arguments), model_(model), base_(base), started_(clock_.now()) {}

  Status run(std::vector<Owner>& owners) {
    std::ofstream out(arguments_.out, std::ios::trunc);
    std::size_t largest = 0;
    for (const Owner& owner : owners) largest = std::max(largest, owner.text_bytes);
    for (std::size_t split = 0; split < arguments_.splits; ++split) {
      for (Owner& owner : owners) {
        if (owner.text_bytes == largest && owners.size() > 1 && split >= kSplitsOfLargest) continue;
        CF_CHECK(run_one(owner, split, out));
      }
    }
    if (!out) return Error(Code::unavailable, "cannot write " + arguments_.out);
    return Done();
  }

 private:
  double seconds() const { return std::chrono::duration<double>(clock_.now() - started_).count(); }

  Status run_one(Owner& owner, std::size_t split, std::ofstream& out) {
    const std::uint64_t seed = arguments_.seed + split;
    const double before = seconds();
    if (before + owner.last_seconds > arguments_.minutes * 60) {
      std::printf("%-14s split %llu left out: %.0f minutes are over\n", owner.name.c_str(),
                  static_cast<unsigned long long>(seed), arguments_.minutes);
      return Done();
    }
    SplitRequest request{owner.bundle, owner.descriptions, arguments_.recipe,
                         split == 0 ? Int8::measure : Int8::leave_out};
    request.recipe.seed = seed;
    CF_TRY(const SplitFigures figures, run_split(model_, base_, request, clock_));
    owner.last_seconds = seconds() - before;
    std::printf(
        "%-14s split %llu: %3zu questions, words %.3f, base %.3f, tuned %.3f, search %.3f (base "
        "%.3f, tuned %.3f), %s%s, %.0f s\n",
        owner.name.c_str(), static_cast<unsigned long long>(seed), figures.questions, figures.bm25,
        figures.base, figures.tuned, figures.published_search(), figures.hybrid_base,
        figures.hybrid_tuned,
        figures.published ? "published" : "not published: ", figures.reason.c_str(),
        owner.last_seconds);
    std::fflush(stdout);
    out << line_of(owner.name, seed, figures) << "\n" << std::flush;
    return Done();
  }

  const Arguments& arguments_;
  const encoder::Model& model_;
  const CachedEmbedder& base_;
  const SystemClock clock_;
  const Clock::Instant started_;
};

Status run_precisions(const Arguments& arguments, const encoder::Model& model,
                      const std::vector<Owner>& owners) {
  std::ofstream out(arguments.out, std::ios::trunc);
  for (const Owner& owner : owners) {
    CF_TRY(const auto all,
           measure_precisions(model, owner.bundle, arguments.seed, arguments.precision_seeds));
    for (const PrecisionFigures& figures : all) {
      json::Object object{{"owner", owner.name},
                          {"precision", encoder::to_string(figures.precision)},
                          {"questions", figures.questions},
                          {"dense", figures.dense},
                          {"hybrid", figures.hybrid}};
      std::printf("%s\n", json::write(object).c_str());
      std::fflush(stdout);
      out << json::write(object) << "\n" << std::flush;
    }
  }
  if (!out) return Error(Code::unavailable, "cannot write " + arguments.out);
  return Done();
}

Status run(const Arguments& arguments) {
  CF_TRY(const encoder::Model model, encoder::Model::load(arguments.model));
  if (arguments.precision_seeds > 0) {
    CF_TRY(const std::vector<Owner> owners, read_owners(arguments));
    return run_precisions(arguments, model, owners);
  }
  CF_TRY(const auto base, CachedEmbedder::open(model, encoder::Precision::automatic, "base"));
  CF_TRY(std::vector<Owner> owners, read_owners(arguments));
  Benchmark benchmark(arguments, model, *base);
  return benchmark.run(owners);
}

}  // namespace
}  // namespace cloudfolio::bench

int main(int count, char** values) {
  const auto arguments = cloudfolio::bench::parse(count, values);
  const cloudfolio::Status done = cloudfolio::bench::run(arguments);
  if (!done) std::fprintf(stderr, "%s\n", done.error().message().c_str());
  return done ? 0 : 1;
}

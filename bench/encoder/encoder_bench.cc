// Measures the encoder over a file of texts, one mode a process so that memory and start are its
// own:
//   encoder_bench MODEL_FOLDER TEXTS MODE…   MODE: training BATCH | training-fp32 BATCH |
//                                            training-fp16 BATCH | training-bf16 BATCH | indexing |
//                                            indexing-fp32 | query | start | peak
// Prints one JSON object of figures. Texts: a line each; consecutive lines are pairs.

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "encoder/encoder.h"
#include "encoder/trainer.h"
#include "json/json.h"

namespace cloudfolio::encoder {
namespace {

using Timer = std::chrono::steady_clock;

double seconds_since(Timer::time_point start) {
  return std::chrono::duration<double>(Timer::now() - start).count();
}

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "encoder_bench: %s\n", result.error().message().c_str());
    std::exit(1);
  }
  return *std::move(result);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::vector<std::string> read_texts(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> texts;
  for (std::string line; std::getline(file, line);) texts.push_back(line);
  if (texts.size() < 64) {
    std::fprintf(stderr, "encoder_bench: %s holds fewer than 64 texts\n", path.c_str());
    std::exit(1);
  }
  return texts;
}

std::vector<TokenIds> tokenize(const Model& model, const std::vector<std::string>& texts) {
  std::vector<TokenIds> sequences;
  for (const std::string& text : texts) {
    sequences.push_back(model.tokenizer().encode(text, model.architecture().token_count_max));
  }
  return sequences;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double peak_memory_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

json::Object train(const Model& model, const std::vector<TokenIds>& sequences,
                   std::size_t batch_size, Precision precision) {
  const auto trainer = must(Trainer::open(
      model, {.learning_rate = 2e-5, .total_step_count = 1000, .precision = precision}));
  std::vector<TrainingPair> pairs;
  std::vector<double> rates;
  double tokens = 0;
  double spent = 0;
  double cpu = 0;
  const auto begin = Timer::now();
  for (std::size_t step = 0, at = 0; step < 300 && (rates.size() < 5 || seconds_since(begin) < 12);
       ++step) {
    pairs.clear();
    for (std::size_t i = 0; i < batch_size; ++i, at += 2) {
      pairs.push_back({sequences[at % sequences.size()], sequences[(at + 1) % sequences.size()]});
    }
    const double cpu_before = cpu_seconds();
    const auto start = Timer::now();
    const auto report = must(trainer->step(pairs, Loss::multiple_negatives_ranking));
    const double seconds = seconds_since(start);
    if (step < 2) continue;  // Memory and primitives are made in the first steps.
    tokens += static_cast<double>(report.token_count);
    spent += seconds;
    cpu += cpu_seconds() - cpu_before;
    rates.push_back(static_cast<double>(report.token_count) / seconds);
  }
  return {{"training_tokens_per_second", tokens / spent},
          {"training_tokens_per_cpu_second", tokens / cpu},
          {"training_tokens_per_second_best_step", *std::max_element(rates.begin(), rates.end())},
          {"training_tokens_per_second_median_step", median(rates)},
          {"training_tokens_per_step", tokens / static_cast<double>(rates.size())},
          {"peak_memory_mb", peak_memory_mb()}};
}

// oneDNN's own speed on square matrices: what a step is held against.
double peak_gflops(dnnl::memory::data_type type) {
  using dnnl::memory;
  constexpr memory::dim n = 2048;
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  const memory::desc plain({n, n}, type, memory::format_tag::ab);
  const memory::desc any({n, n}, type, memory::format_tag::any);
  const dnnl::matmul::primitive_desc desc(dnnl::matmul::desc(plain, any, plain), engine);
  memory a(plain, engine);
  memory b(desc.weights_desc(), engine);
  memory c(plain, engine);
  const dnnl::matmul product(desc);
  double best = 0;
  for (int round = 0; round < 20; ++round) {
    const auto begin = Timer::now();
    product.execute(stream, {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}});
    stream.wait();
    best = std::max(best, 2.0 * n * n * n / seconds_since(begin) / 1e9);
  }
  return best;
}

// Multiply-adds times two of the matrix products of a step over sequences of these lengths.
struct Work {
  double projection = 0;  // A square product, forward.
  double products = 0;    // All of a layer, forward.
  double attention = 0;   // Scores and context of all layers, forward.
};

Work work_of(const Architecture& a, const std::vector<TrainingPair>& pairs) {
  Work work;
  const auto hidden = static_cast<double>(a.hidden);
  const auto inner = static_cast<double>(a.intermediate);
  const auto layers = static_cast<double>(a.layer_count);
  for (const TrainingPair& pair : pairs) {
    for (const auto sequence : {pair.anchor, pair.positive}) {
      const auto n = static_cast<double>(sequence.size());
      work.projection += 2.0 * n * hidden * hidden * layers;
      work.products += 2.0 * n * hidden * (4.0 * hidden + 2.0 * inner) * layers;
      work.attention += 4.0 * n * n * hidden * layers;
    }
  }
  return work;
}

// Useful operations of a phase; what is computed twice counts once.
double flop_of(Phase phase, const Work& work) {
  const double square = work.projection;
  switch (phase) {
    case Phase::qkv:
      return 3.0 * square;
    case Phase::projection:
      return square;
    case Phase::ffn1:
    case Phase::ffn2:
      return (work.products - 4.0 * square) / 2.0;
    case Phase::attention:
      return work.attention;
    case Phase::attention_backward:
      return 2.0 * work.attention;
    case Phase::data_gradients:
    case Phase::weight_gradients:
      return work.products;
    default:
      return 0.0;
  }
}

// Texts of 128 tokens, as many as there are, cut from the given ones one after the other.
std::vector<TokenIds> cut_evenly(const std::vector<TokenIds>& sequences) {
  constexpr std::size_t kLength = 128;
  const TokenId first = sequences[0].front();
  const TokenId last = sequences[0].back();
  std::vector<TokenIds> even;
  TokenIds next{first};
  for (const TokenIds& sequence : sequences) {
    for (std::size_t i = 1; i + 1 < sequence.size(); ++i) {
      next.push_back(sequence[i]);
      if (next.size() + 1 < kLength) continue;
      next.push_back(last);
      even.push_back(std::exchange(next, {first}));
    }
  }
  return even;
}

// Where each microsecond of a step goes, texts of 128 tokens in batches of 16, held against
// oneDNN's own speed in this process.
json::Object roofline(const Model& model, const std::vector<TokenIds>& all, Precision precision) {
  const double bf16_peak = peak_gflops(dnnl::memory::data_type::bf16);
  const double fp32_peak = peak_gflops(dnnl::memory::data_type::f32);
  const SystemClock clock;
  const auto sequences = cut_evenly(all);
  const auto trainer = must(Trainer::open(
      model,
      {.learning_rate = 2e-5, .total_step_count = 1000, .precision = precision, .clock = &clock}));
  std::vector<TrainingPair> pairs;
  std::vector<double> step_seconds;
  std::array<double, kPhaseCount> spent{};
  Work work;
  const auto begin = Timer::now();
  for (std::size_t step = 0, at = 0; step_seconds.size() < 5 || seconds_since(begin) < 10; ++step) {
    pairs.clear();
    for (std::size_t i = 0; i < 16; ++i, at += 2) {
      pairs.push_back({sequences[at % sequences.size()], sequences[(at + 1) % sequences.size()]});
    }
    const auto start = Timer::now();
    (void)must(trainer->step(pairs, Loss::multiple_negatives_ranking));
    const double seconds = seconds_since(start);
    const double sign = step < 2 ? -1 : 1;  // The first two make memory and primitives.
    for (std::size_t i = 0; i < kPhaseCount; ++i) {
      const auto total = trainer->spent(static_cast<Phase>(i));
      if (sign < 0) spent[i] = -std::chrono::duration<double>(total).count();
    }
    if (sign > 0) step_seconds.push_back(seconds);
    work = work_of(model.architecture(), pairs);
  }
  for (std::size_t i = 0; i < kPhaseCount; ++i) {
    spent[i] += std::chrono::duration<double>(trainer->spent(static_cast<Phase>(i))).count();
  }
  const double useful = 3.0 * (work.products + work.attention) / 1e9;
  const double best = useful / *std::min_element(step_seconds.begin(), step_seconds.end());
  const double usual = useful / median(step_seconds);
  json::Object figures{
      {"training_128_useful_gflops", usual},
      {"training_128_useful_gflops_best_step", best},
      {"training_128_tokens_per_second", 32.0 * 128.0 / median(step_seconds)},
      {"gemm_peak_bf16_gflops", bf16_peak},
      {"gemm_peak_fp32_gflops", fp32_peak},
      {"training_gemm_peak_fraction", usual / bf16_peak},
      {"training_gemm_best_peak_fraction", usual / std::max(bf16_peak, fp32_peak)}};
  const auto steps = static_cast<double>(step_seconds.size());
  for (std::size_t i = 0; i < kPhaseCount; ++i) {
    const auto phase = static_cast<Phase>(i);
    const std::string name = "step_" + std::string(to_string(phase));
    figures[name + "_thread_us"] = 1e6 * spent[i] / steps;
    const double gflops = flop_of(phase, work) * steps / spent[i] / 1e9;
    if (gflops > 0) figures[name + "_gflops_a_thread"] = gflops;
  }
  return figures;
}

json::Object index(const Model& model, const std::vector<TokenIds>& sequences,
                   Precision precision) {
  const auto embedder = must(Embedder::open(model, {.precision = precision}));
  // Identical texts count once for us and for the peer: they are left out.
  std::vector<TokenIds> distinct = sequences;
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  double tokens = 0;
  for (const TokenIds& ids : distinct) tokens += static_cast<double>(ids.size());
  std::vector<double> rates;
  double cpu = 0;
  for (int round = 0; round < 5; ++round) {
    const double cpu_before = cpu_seconds();
    const auto start = Timer::now();
    (void)must(embedder->embed(distinct));
    if (round == 0) continue;
    rates.push_back(tokens / seconds_since(start));
    cpu += cpu_seconds() - cpu_before;
  }
  return {{"indexing_tokens_per_second", median(rates)},
          {"indexing_tokens_per_cpu_second", 4 * tokens / cpu},
          {"indexing_tokens_per_second_best", *std::max_element(rates.begin(), rates.end())},
          {"indexing_peak_memory_mb", peak_memory_mb()}};
}

json::Object query(const Model& model, Precision precision) {
  const auto encoder = must(Encoder::open(model, {.query_precision = precision}));
  const std::string text =
      "which small tools read log files over slow connections in constant memory";
  const std::size_t token_count = encoder.tokens(text).size();
  std::vector<double> times;
  for (int i = 0; i < 2000; ++i) {
    const auto start = Timer::now();
    (void)must(encoder.embed_text(text));
    if (i >= 100) times.push_back(1e3 * seconds_since(start));
  }
  std::sort(times.begin(), times.end());
  return {{"query_tokens", static_cast<std::int64_t>(token_count)},
          {"query_p50_ms", times[times.size() / 2]},
          {"query_p99_ms", times[times.size() * 99 / 100]}};
}

// What a query in fewer bits loses: its cosine with the exact vector.
json::Object query_loss(const Model& model, const std::vector<TokenIds>& sequences,
                        Precision precision) {
  const auto exact = must(Embedder::open(model, {.precision = Precision::fp32}));
  const auto quick = must(Embedder::open(model, {.query_precision = precision}));
  double total = 0;
  double worst = 1;
  const std::size_t count = std::min<std::size_t>(sequences.size(), 300);
  for (std::size_t i = 0; i < count; ++i) {
    const auto a = must(exact->embed_one(sequences[i]));
    const auto b = must(quick->embed_one(sequences[i]));
    double cosine = 0;
    for (std::size_t c = 0; c < a.size(); ++c) cosine += static_cast<double>(a[c]) * b[c];
    total += cosine;
    worst = std::min(worst, cosine);
  }
  return {{"query_cosine_with_exact_mean", total / static_cast<double>(count)},
          {"query_cosine_with_exact_worst", worst}};
}

// The largest owner's whole run: as many tokens as twelve epochs over its texts are, with indexing
// and two evaluations (base and tuned) of all of the texts. A tenth of the steps is measured.
json::Object portfolio(const Model& model, const std::vector<TokenIds>& sequences) {
  constexpr double kTokens = 1.7e6;
  constexpr double kPart = 0.1;
  const auto trainer = must(Trainer::open(model, {.total_step_count = 1000}));
  double tokens = 0;
  std::vector<TrainingPair> pairs;
  const auto begin = Timer::now();
  for (std::size_t at = 0; tokens < kPart * kTokens;) {
    pairs.clear();
    for (std::size_t i = 0; i < 16; ++i, at += 2) {
      pairs.push_back({sequences[at % sequences.size()], sequences[(at + 1) % sequences.size()]});
    }
    tokens += static_cast<double>(
        must(trainer->step(pairs, Loss::multiple_negatives_ranking)).token_count);
  }
  const double training = seconds_since(begin) / tokens * kTokens;
  const auto embedder = must(Embedder::open(model));
  double indexed = 0;
  for (const TokenIds& ids : sequences) indexed += static_cast<double>(ids.size());
  const auto start = Timer::now();
  (void)must(embedder->embed(sequences));
  const double a_token = seconds_since(start) / indexed;
  const double others = 3.0 * a_token * kTokens / 12.0;
  return {{"train_portfolio_seconds", training + others},
          {"train_portfolio_training_seconds", training},
          {"train_portfolio_measured_tokens", tokens}};
}

// From here to the first finished step, weights read from disk.
json::Object start(const std::string& folder, const std::vector<std::string>& texts) {
  const auto begin = Timer::now();
  const Model model = must(Model::load(folder));
  const double loaded = seconds_since(begin);
  const auto trainer = must(Trainer::open(model, {.total_step_count = 10}));
  const double opened = seconds_since(begin);
  std::vector<TokenIds> sequences;
  for (std::size_t i = 0; i < 16; ++i) {
    sequences.push_back(model.tokenizer().encode(texts[i], model.architecture().token_count_max));
  }
  std::vector<TrainingPair> pairs;
  for (std::size_t i = 0; i < 8; ++i) pairs.push_back({sequences[2 * i], sequences[2 * i + 1]});
  const double ready = seconds_since(begin);
  (void)must(trainer->step(pairs, Loss::multiple_negatives_ranking));
  return {{"start_to_first_step_seconds", ready},
          {"start_load_seconds", loaded},
          {"start_open_seconds", opened - loaded},
          {"start_first_step_done_seconds", seconds_since(begin)}};
}

int run(int count, char** arguments) {
  if (count < 4) {
    std::fprintf(stderr, "usage: encoder_bench MODEL_FOLDER TEXTS MODE [BATCH]\n");
    return 2;
  }
  const std::string folder = arguments[1];
  const std::string mode = arguments[3];
  const std::size_t batch = count > 4 ? std::strtoul(arguments[4], nullptr, 10) : 8;
  const auto texts = read_texts(arguments[2]);
  json::Object figures;
  if (mode == "query-int8" && !runs_int8()) {
    figures = {};
  } else if (mode == "start") {
    figures = start(folder, texts);
  } else if (mode == "peak") {
    figures = {{"gemm_peak_bf16_gflops", peak_gflops(dnnl::memory::data_type::bf16)},
               {"gemm_peak_fp32_gflops", peak_gflops(dnnl::memory::data_type::f32)}};
  } else {
    const Model model = must(Model::load(folder));
    const auto sequences = tokenize(model, texts);
    if (mode == "training") figures = train(model, sequences, batch, Precision::automatic);
    if (mode == "training-fp32") figures = train(model, sequences, batch, Precision::fp32);
    if (mode == "training-fp16" && runs_fp16()) {
      figures = train(model, sequences, batch, Precision::fp16);
    }
    if (mode == "training-bf16") figures = train(model, sequences, batch, Precision::bf16);
    if (mode == "roofline") figures = roofline(model, sequences, Precision::automatic);
    if (mode == "roofline-bf16") figures = roofline(model, sequences, Precision::bf16);
    if (mode == "indexing") figures = index(model, sequences, Precision::automatic);
    if (mode == "indexing-fp32") figures = index(model, sequences, Precision::fp32);
    if (mode == "indexing-int8") figures = index(model, sequences, Precision::int8);
    if (mode == "query-fp32") figures = query(model, Precision::fp32);
    if (mode == "query") figures = query(model, Precision::automatic);
    if (mode == "portfolio") figures = portfolio(model, sequences);
    if (mode == "int8-loss" && runs_int8()) figures = query_loss(model, sequences, Precision::int8);
    if (mode == "fp16-loss" && runs_fp16()) {
      figures = query_loss(model, sequences, Precision::fp16);
    }
    if (mode == "query-int8") figures = query(model, Precision::int8);
  }
  std::printf("%s\n", json::write(figures).c_str());
  return 0;
}

}  // namespace
}  // namespace cloudfolio::encoder

int main(int count, char** arguments) {
  return cloudfolio::encoder::run(count, arguments);
}

#include "encoder/embedder.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <numeric>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "encoder/forward_pass.h"
#include "encoder/products.h"
#include "encoder/workers.h"

namespace cloudfolio::encoder {
namespace {

// From here on a second thread gains more than the hand-off costs.
constexpr std::size_t kSharedTokenCountMin = 192;
constexpr std::size_t kThreadCountMax = 64;

struct BatchPlan {
  std::vector<std::size_t> sequences;
  std::size_t token_count = 0;
};

Status check_sequence(const Architecture& architecture, std::span<const TokenId> sequence) {
  if (sequence.empty()) return Error(Code::invalid_argument, "a sequence has no tokens");
  if (sequence.size() > architecture.position_count) {
    return Error(Code::invalid_argument,
                 "a sequence of " + std::to_string(sequence.size()) + " tokens: the model has " +
                     std::to_string(architecture.position_count) + " positions");
  }
  for (const TokenId id : sequence) {
    if (id < 0 || static_cast<std::size_t>(id) >= architecture.vocabulary_count) {
      return Error(Code::invalid_argument,
                   "token " + std::to_string(id) + " is not of the vocabulary");
    }
  }
  return Done{};
}

Status check_finite(std::span<const float> values) {
  for (const float value : values) {
    if (!(value >= -2.0F && value <= 2.0F)) {
      return Error(Code::corrupt, "the model's vectors are not finite: its weights are damaged");
    }
  }
  return Done{};
}

// The first of each set of identical sequences, and for every sequence which of these it is.
struct Distinct {
  std::vector<std::size_t> firsts;
  std::vector<std::size_t> which;
};

Distinct find_distinct(std::span<const TokenIds> sequences) {
  Distinct distinct;
  std::unordered_map<std::string_view, std::size_t> known;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const std::string_view bytes(reinterpret_cast<const char*>(sequences[i].data()),
                                 sequences[i].size() * sizeof(TokenId));
    const auto [at, fresh] = known.emplace(bytes, distinct.firsts.size());
    if (fresh) distinct.firsts.push_back(i);
    distinct.which.push_back(at->second);
  }
  return distinct;
}

// In the given order, each of at most about `budget` tokens; at least one a thread.
std::vector<BatchPlan> plan_batches(std::span<const TokenIds> sequences,
                                    std::span<const std::size_t> chosen, std::size_t budget,
                                    std::size_t thread_count) {
  std::size_t total = 0;
  for (const std::size_t i : chosen) total += sequences[i].size();
  const std::size_t rounds = (total + budget * thread_count - 1) / (budget * thread_count);
  const std::size_t count =
      total < kSharedTokenCountMin ? 1 : std::max<std::size_t>(rounds, 1) * thread_count;
  const std::size_t target = (total + count - 1) / count;
  std::vector<BatchPlan> plans(1);
  for (const std::size_t i : chosen) {
    const std::size_t tokens = sequences[i].size();
    if (plans.back().token_count > 0 && plans.back().token_count + tokens / 2 > target) {
      plans.emplace_back();
    }
    plans.back().sequences.push_back(i);
    plans.back().token_count += tokens;
  }
  return plans;
}

}  // namespace

struct Embedder::State {
  State(const Model& m, const Options& o, Precision p)
      : model(m),
        options(o),
        precision(p),
        workers(thread_count_for(o.thread_count, kThreadCountMax)) {
    forward = ForwardPass::make(model, workers, precision);
    const Precision query_precision = resolved(o.query_precision);
    if (o.query_precision != Precision::automatic && query_precision != precision) {
      query_forward = ForwardPass::make(model, workers, query_precision);
    }
  }

  Model model;
  Options options;
  Precision precision;
  Workers workers;
  std::mutex large_call;  // Guards workers.
  std::unique_ptr<ForwardPass> forward;
  std::unique_ptr<ForwardPass> query_forward;  // Null: `forward`.
};

Embedder::Embedder(std::unique_ptr<State> state) : state_(std::move(state)) {}
Embedder::~Embedder() = default;

Result<std::unique_ptr<Embedder>> Embedder::open(const Model& model, Options options) {
  options.batch_token_count_max =
      std::max(options.batch_token_count_max, model.architecture().position_count);
  const bool wants_int8 =
      options.precision == Precision::int8 || options.query_precision == Precision::int8;
  if (wants_int8 && !runs_int8()) {
    return Error(Code::invalid_argument, "this processor has no products of 8-bit numbers");
  }
  const bool wants_fp16 =
      options.precision == Precision::fp16 || options.query_precision == Precision::fp16;
  if (wants_fp16 && !runs_fp16()) {
    return Error(Code::invalid_argument, "this processor has no products of fp16 numbers");
  }
  try {
    auto state = std::make_unique<State>(model, options, resolved(options.precision));
    return std::unique_ptr<Embedder>(new Embedder(std::move(state)));
  } catch (const dnnl::error& error) {
    return Error(Code::invalid_argument, std::string("this processor cannot compute in ") +
                                             std::string(to_string(options.precision)) + ": " +
                                             error.what());
  }
}

Result<Embeddings> Embedder::embed(std::span<const TokenIds> sequences) const {
  for (const TokenIds& sequence : sequences) {
    CF_CHECK(check_sequence(model().architecture(), sequence));
  }
  Embeddings out(sequences.size(), model().architecture().hidden);
  if (sequences.empty()) return out;
  const Distinct distinct = find_distinct(sequences);
  out.set_computed_count(distinct.firsts.size());
  const auto plans = plan_batches(sequences, distinct.firsts, state_->options.batch_token_count_max,
                                  state_->workers.thread_count());
  const auto compute = [&](const BatchPlan& plan) {
    std::vector<std::span<const TokenId>> inputs;
    std::vector<float*> rows;
    for (const std::size_t i : plan.sequences) {
      inputs.push_back(sequences[i]);
      rows.push_back(out.row(i).data());
    }
    state_->forward->embed(inputs, rows.data());
  };
  try {
    if (plans.size() == 1) {
      const OneThread alone;
      compute(plans[0]);
    } else {
      const std::lock_guard lock(state_->large_call);
      std::atomic<std::size_t> next{0};
      state_->workers.run(state_->workers.thread_count(), [&](std::size_t) {
        for (std::size_t i = next++; i < plans.size(); i = next++) compute(plans[i]);
      });
    }
  } catch (const dnnl::error& error) {
    return Error(Code::internal, std::string("oneDNN: ") + error.what());
  }
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const std::size_t first = distinct.firsts[distinct.which[i]];
    if (first != i) std::ranges::copy(out.row(first), out.row(i).begin());
  }
  CF_CHECK(check_finite(out.values()));
  return out;
}

Result<std::vector<float>> Embedder::embed_one(std::span<const TokenId> sequence) const {
  CF_CHECK(check_sequence(model().architecture(), sequence));
  std::vector<float> row(model().architecture().hidden);
  try {
    const auto& own = state_->query_forward;
    (own != nullptr ? own : state_->forward)->embed_query(sequence, row.data());
  } catch (const dnnl::error& error) {
    return Error(Code::internal, std::string("oneDNN: ") + error.what());
  }
  CF_CHECK(check_finite(row));
  return row;
}

const Model& Embedder::model() const {
  return state_->model;
}
Precision Embedder::precision() const {
  return state_->precision;
}

}  // namespace cloudfolio::encoder

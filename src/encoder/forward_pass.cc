#include "encoder/forward_pass.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <utility>
#include <vector>

#include "encoder/companion.h"
#include "encoder/embedder.h"
#include "encoder/transformer.h"

namespace cloudfolio::encoder {
namespace {

// Keeps a companion, which may be null, awake.
class Awake {
 public:
  explicit Awake(Companion* companion) : companion_(companion) {
    if (companion_ != nullptr) companion_->begin();
  }
  ~Awake() {
    if (companion_ != nullptr) companion_->end();
  }
  Awake(const Awake&) = delete;
  Awake& operator=(const Awake&) = delete;

 private:
  Companion* companion_;
};

template <class T>
class TypedForwardPass final : public ForwardPass {
 public:
  TypedForwardPass(const Model& model, Workers& workers, ProductsBy by)
      : architecture_(model.architecture()),
        transformer_(architecture_, model.layout(), model.weights().data(), Directions::forward,
                     by),
        counts_(by == ProductsBy::fastest ? RowCounts::few : RowCounts::exact),
        in_two_(by == ProductsBy::fp16 && TwoPartLayer::fits(architecture_)),
        companion_(in_two_ && workers.thread_count() > 1 ? std::make_unique<Companion>() : nullptr),
        query_place_(architecture_),
        // In two parts one batch uses two cores.
        queries_({.batches_at_once = in_two_ ? 1 : batches_at_once(workers)},
                 [this](std::span<const Query> queries) { compute_queries(queries); }) {
    if (in_two_) query_place_.workspace.compute_in_two(companion_.get());
    std::vector<Array<T>> scratch(workers.thread_count());
    workers.run(transformer_.matrix_count(),
                [&](std::size_t i) { transformer_.pack(i, scratch[i % workers.thread_count()]); });
  }

  void embed(std::span<const std::span<const TokenId>> sequences, float* const* rows) override {
    const Loan place(*this);
    place->batch.clear();
    for (const auto& sequence : sequences) place->batch.add(sequence, 0);
    compute(*place.get());
    for (std::size_t i = 0; i < sequences.size(); ++i) copy_row(*place.get(), i, rows[i]);
  }

  void embed_query(std::span<const TokenId> sequence, float* row) override {
    queries_.run({sequence, row});
  }

 private:
  struct Place {
    explicit Place(const Architecture& architecture) : workspace(architecture, nullptr) {}
    Workspace<T> workspace;
    PackedBatch batch;
    std::vector<float> unit;
    std::vector<float> lengths;
  };

  // A place to compute in, waited for if all are taken; the one used last comes first (warm
  // caches).
  class Loan {
   public:
    explicit Loan(TypedForwardPass& owner) : owner_(owner) {
      std::unique_lock lock(owner.mutex_);
      owner.freed_.wait(
          lock, [&] { return !owner.free_.empty() || owner.made_count_ < kConcurrentCallsMax; });
      if (owner.free_.empty()) {
        ++owner.made_count_;
        lock.unlock();
        place_ = std::make_unique<Place>(owner.architecture_);
      } else {
        place_ = std::move(owner.free_.back());
        owner.free_.pop_back();
      }
    }
    ~Loan() {
      {
        const std::lock_guard lock(owner_.mutex_);
        owner_.free_.push_back(std::move(place_));
      }
      owner_.freed_.notify_one();
    }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    Place* operator->() const { return place_.get(); }
    Place* get() const { return place_.get(); }

   private:
    TypedForwardPass& owner_;
    std::unique_ptr<Place> place_;
  };

  static std::size_t batches_at_once(const Workers& workers) {
    return std::min(workers.thread_count(), kConcurrentCallsMax);
  }

  void compute_queries(std::span<const Query> queries) {
    const OneThread alone;
    if (in_two_) {  // One batch at a time: its place is nobody else's.
      const Awake awake(companion_.get());
      compute_queries(queries, query_place_);
    } else {
      const Loan place(*this);
      compute_queries(queries, *place.get());
    }
  }

  void compute_queries(std::span<const Query> queries, Place& place) const {
    place.batch.clear();
    for (const Query& query : queries) place.batch.add(query.sequence, 0);
    compute(place);
    for (std::size_t i = 0; i < queries.size(); ++i) copy_row(place, i, queries[i].row);
  }

  void compute(Place& place) const {
    place.batch.finish(counts_);
    const std::size_t count = place.batch.sequences.size();
    place.unit.resize(count * architecture_.hidden);
    place.lengths.resize(count);
    transformer_.forward(place.workspace, place.batch, Keep::nothing, Dropout{}, place.unit.data(),
                         place.lengths.data());
  }

  void copy_row(const Place& place, std::size_t i, float* row) const {
    std::memcpy(row, place.unit.data() + i * architecture_.hidden,
                architecture_.hidden * sizeof(float));
  }

  const Architecture architecture_;
  Transformer<T> transformer_;
  const RowCounts counts_;
  const bool in_two_;
  const std::unique_ptr<Companion> companion_;
  Place query_place_;  // In two parts.
  QueryBatches queries_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<Place>> free_;
  std::size_t made_count_ = 0;
};

}  // namespace

std::unique_ptr<ForwardPass> ForwardPass::make(const Model& model, Workers& workers,
                                               Precision precision) {
  if (precision == Precision::bf16) {
    return std::make_unique<TypedForwardPass<Bf16>>(model, workers, ProductsBy::fastest);
  }
  const ProductsBy by = precision == Precision::int8   ? ProductsBy::int8
                        : precision == Precision::fp16 ? ProductsBy::fp16
                                                       : ProductsBy::fastest;
  return std::make_unique<TypedForwardPass<float>>(model, workers, by);
}

}  // namespace cloudfolio::encoder

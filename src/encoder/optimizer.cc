#include "encoder/optimizer.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "encoder/kernels.h"

namespace cloudfolio::encoder {
namespace {

constexpr double kBeta1 = 0.9;
constexpr double kBeta2 = 0.999;
constexpr double kEpsilon = 1e-8;

AdamStep adam_step(std::size_t step, double norm, double scale, const AdamW::Rates& rates) {
  const auto t = static_cast<double>(step);
  // As torch.nn.utils.clip_grad_norm_.
  const double clip = std::min(1.0, rates.gradient_norm_max / (norm + 1e-6));
  AdamStep a{};
  a.beta1 = static_cast<float>(kBeta1);
  a.beta2 = static_cast<float>(kBeta2);
  a.epsilon = static_cast<float>(kEpsilon);
  a.gradient_scale = static_cast<float>(clip / scale);
  a.rate = static_cast<float>(rates.learning_rate / (1.0 - std::pow(kBeta1, t)));
  a.root_correction = static_cast<float>(1.0 / std::sqrt(1.0 - std::pow(kBeta2, t)));
  a.decay_factor = static_cast<float>(1.0 - rates.learning_rate * rates.weight_decay);
  return a;
}

}  // namespace

AdamW::AdamW(const ParameterLayout& layout, std::size_t hidden, std::span<const float> weights)
    : hidden_(hidden),
      word_count_(layout.position_embeddings() / hidden),
      dense_offset_(layout.position_embeddings()),
      trained_count_(layout.trained_count()),
      weights_(weights.size()),
      weight_count_(weights.size()),
      mean_(trained_count_ - dense_offset_),
      variance_(trained_count_ - dense_offset_),
      place_of_word_(word_count_, -1),
      zeros_(hidden) {
  std::memcpy(weights_.data(), weights.data(), weights.size_bytes());
  std::memset(zeros_.data(), 0, hidden * sizeof(float));
  for (const Parameter& parameter : layout.parameters()) {
    if (parameter.offset < dense_offset_ || parameter.offset >= trained_count_) continue;
    for (std::size_t at = 0; at < parameter.count; at += kBlockCount) {
      blocks_.push_back({parameter.offset - dense_offset_ + at,
                         std::min(kBlockCount, parameter.count - at), parameter.decays});
    }
  }
}

std::span<const float> AdamW::weights_up_to_date() {
  const auto factor = static_cast<float>(unused_decay_);
  for (std::size_t word = 0; word < word_count_; ++word) {
    if (place_of_word_[word] >= 0) continue;
    for (std::size_t c = 0; c < hidden_; ++c) row(word)[c] *= factor;
  }
  unused_decay_ = 1.0;
  return {weights_.data(), weight_count_};
}

void AdamW::use(std::span<const std::int32_t> words) {
  const auto factor = static_cast<float>(unused_decay_);
  for (const std::int32_t word : words) {
    auto& place = place_of_word_[static_cast<std::size_t>(word)];
    if (place >= 0) continue;
    place = static_cast<std::int32_t>(used_.size());
    if (used_.size() % kRowsTogether == 0) {
      Rows rows{Array<float>(kRowsTogether * hidden_), Array<float>(kRowsTogether * hidden_)};
      std::memset(rows.mean.data(), 0, kRowsTogether * hidden_ * sizeof(float));
      std::memset(rows.variance.data(), 0, kRowsTogether * hidden_ * sizeof(float));
      rows_.push_back(std::move(rows));
    }
    used_.push_back(word);
    float* weights = row(static_cast<std::size_t>(word));
    for (std::size_t c = 0; c < hidden_; ++c) weights[c] *= factor;
  }
}

double AdamW::sum(const StepGradient& gradient, Workers& workers) {
  const FloatKernels& k = float_kernels();
  // Word rows in blocks too, after the dense ones.
  const std::size_t rows_a_block = std::max<std::size_t>(1, kBlockCount / hidden_);
  const std::size_t slot_count = gradient.slot_ids.size();
  const std::size_t word_blocks = (slot_count + rows_a_block - 1) / rows_a_block;
  squares_.assign(blocks_.size() + word_blocks, 0.0);
  using Shard = StepGradient::Shard;
  const auto add_up = [&](float* Shard::*part, std::size_t offset, std::size_t count) {
    float* total = gradient.shards[0].*part + offset;
    const std::size_t last = gradient.shards.size() - 1;
    if (last == 0) return k.square(total, count);
    for (std::size_t s = 1; s < last; ++s) k.add(total, gradient.shards[s].*part + offset, count);
    return k.add_and_square(total, gradient.shards[last].*part + offset, count);
  };
  workers.run(squares_.size(), [&](std::size_t i) {
    if (i < blocks_.size()) {
      squares_[i] = add_up(&Shard::dense, blocks_[i].offset, blocks_[i].count);
      return;
    }
    const std::size_t begin = (i - blocks_.size()) * rows_a_block;
    const std::size_t end = std::min(begin + rows_a_block, slot_count);
    squares_[i] = add_up(&Shard::words, begin * hidden_, (end - begin) * hidden_);
  });
  double total = 0;
  for (const double squares : squares_) total += squares;
  return std::sqrt(total) / gradient.scale;
}

void AdamW::update(const StepGradient& gradient, double norm, const Rates& rates,
                   Workers& workers) {
  ++step_count_;
  const FloatKernels& k = float_kernels();
  const AdamStep decaying = adam_step(step_count_, norm, gradient.scale, rates);
  AdamStep plain = decaying;
  plain.decay_factor = 1.0F;
  slot_of_used_.assign(used_.size(), -1);
  for (std::size_t slot = 0; slot < gradient.slot_ids.size(); ++slot) {
    const auto word = static_cast<std::size_t>(gradient.slot_ids[slot]);
    slot_of_used_[static_cast<std::size_t>(place_of_word_[word])] = static_cast<std::int32_t>(slot);
  }
  workers.run(blocks_.size() + rows_.size(), [&](std::size_t i) {
    if (i < blocks_.size()) {
      const Block& block = blocks_[i];
      k.adam(block.decays ? decaying : plain, weights_.data() + dense_offset_ + block.offset,
             mean_.data() + block.offset, variance_.data() + block.offset,
             gradient.shards[0].dense + block.offset, block.count);
      return;
    }
    Rows& rows = rows_[i - blocks_.size()];
    const std::size_t begin = (i - blocks_.size()) * kRowsTogether;
    const std::size_t end = std::min(begin + kRowsTogether, used_.size());
    for (std::size_t place = begin; place < end; ++place) {
      const std::int32_t slot = slot_of_used_[place];
      const float* g = slot < 0
                           ? zeros_.data()
                           : gradient.shards[0].words + static_cast<std::size_t>(slot) * hidden_;
      k.adam(decaying, row(static_cast<std::size_t>(used_[place])),
             rows.mean.data() + (place - begin) * hidden_,
             rows.variance.data() + (place - begin) * hidden_, g, hidden_);
    }
  });
  unused_decay_ *= 1.0 - rates.learning_rate * rates.weight_decay;
}

void AdamW::save(CheckpointWriter& file) const {
  file.section(&step_count_, sizeof step_count_);
  file.section(&unused_decay_, sizeof unused_decay_);
  file.section(std::span<const std::int32_t>(used_));
  const auto dense_bytes = (weight_count_ - dense_offset_) * sizeof(float);
  file.section(weights_.data() + dense_offset_, dense_bytes);
  file.section(mean_.data(), mean_.count() * sizeof(float));
  file.section(variance_.data(), variance_.count() * sizeof(float));
  for (std::size_t i = 0; i < used_.size(); ++i) {
    file.section(row(static_cast<std::size_t>(used_[i])), hidden_ * sizeof(float));
  }
  for (const Rows& rows : rows_) {
    file.section(rows.mean.data(), kRowsTogether * hidden_ * sizeof(float));
    file.section(rows.variance.data(), kRowsTogether * hidden_ * sizeof(float));
  }
}

Status AdamW::load(CheckpointReader& file) {
  CF_CHECK(file.section(&step_count_, sizeof step_count_));
  CF_CHECK(file.section(&unused_decay_, sizeof unused_decay_));
  CF_TRY(const std::string words, file.text(word_count_ * sizeof(std::int32_t)));
  std::vector<std::int32_t> used(words.size() / sizeof(std::int32_t));
  std::memcpy(used.data(), words.data(), used.size() * sizeof(std::int32_t));
  for (const std::int32_t word : used) {
    if (word < 0 || static_cast<std::size_t>(word) >= word_count_) {
      return Error(Code::corrupt, "the checkpoint names a word outside of the vocabulary");
    }
  }
  use(used);  // Makes their rows; what these hold is read below.
  CF_CHECK(file.section(weights_.data() + dense_offset_,
                        (weight_count_ - dense_offset_) * sizeof(float)));
  CF_CHECK(file.section(mean_.data(), mean_.count() * sizeof(float)));
  CF_CHECK(file.section(variance_.data(), variance_.count() * sizeof(float)));
  for (const std::int32_t word : used) {
    CF_CHECK(file.section(row(static_cast<std::size_t>(word)), hidden_ * sizeof(float)));
  }
  for (Rows& rows : rows_) {
    CF_CHECK(file.section(rows.mean.data(), kRowsTogether * hidden_ * sizeof(float)));
    CF_CHECK(file.section(rows.variance.data(), kRowsTogether * hidden_ * sizeof(float)));
  }
  return Done{};
}

}  // namespace cloudfolio::encoder

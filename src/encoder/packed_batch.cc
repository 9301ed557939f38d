#include <algorithm>
#include <cmath>

#include "encoder/transformer.h"

namespace cloudfolio::encoder {
namespace {

// SplitMix64's finaliser: every bit of the input moves every bit of the output.
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

}  // namespace

void PackedBatch::clear() {
  ids.clear();
  sequences.clear();
  numbers.clear();
  row_count = 0;
  longest = 0;
}

void PackedBatch::add(std::span<const TokenId> sequence, std::uint32_t number) {
  sequences.push_back({ids.size(), sequence.size(), {}});
  numbers.push_back(number);
  ids.insert(ids.end(), sequence.begin(), sequence.end());
  longest = std::max(longest, sequence.size());
}

void PackedBatch::finish(RowCounts counts) {
  const std::size_t tokens = ids.size();
  if (counts == RowCounts::exact) {
    row_count = tokens;
    return;
  }
  const std::size_t step = tokens <= 64 ? 1 : (tokens <= 256 ? 16 : 32);
  row_count = (tokens + step - 1) / step * step;
}

DropoutMask Dropout::mask(Place place, std::size_t layer, std::uint32_t sequence) const {
  const float p = place == Place::probabilities ? attention : hidden;
  if (p <= 0) return {};
  const std::uint64_t where = (static_cast<std::uint64_t>(layer) << 40) |
                              (static_cast<std::uint64_t>(place) << 32) | sequence;
  const std::uint64_t key = mixed(mixed(mixed(seed) ^ step) ^ where);
  DropoutMask mask;
  mask.key = static_cast<std::uint32_t>(key >> 32);
  mask.threshold = static_cast<std::uint32_t>(std::lround(static_cast<double>(p) * 4294967296.0));
  mask.scale = 1.0F / (1.0F - p);
  return mask;
}

}  // namespace cloudfolio::encoder

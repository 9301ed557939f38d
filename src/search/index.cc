#include "search/index.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/ensure.h"
#include "crypto/hash.h"

namespace cloudfolio::search {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

constexpr std::string_view kMagic = "CFVI";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kDigestBytes = 32;

void put_u32(std::string& out, std::uint32_t value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
void put_text(std::string& out, std::string_view text) {
  put_u32(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

// Reads from the front; a read beyond the end makes it fail and gives zeros.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}
  std::uint32_t u32() {
    std::uint32_t value = 0;
    const std::string_view part = take(sizeof value);
    if (!part.empty()) std::memcpy(&value, part.data(), sizeof value);
    return value;
  }
  std::string_view take(std::size_t count) {
    if (count > bytes_.size()) {
      failed_ = true;
      bytes_ = {};
      return {};
    }
    const std::string_view part = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return part;
  }
  std::size_t left() const { return bytes_.size(); }
  bool failed() const { return failed_; }

 private:
  std::string_view bytes_;
  bool failed_ = false;
};

Error damaged(std::string_view what) {
  return Error(Code::corrupt, "vector index: " + std::string(what) + "; it will be built anew");
}

}  // namespace

VectorIndex::VectorIndex(std::string model, std::size_t dimension)
    : model_(std::move(model)), dimension_(dimension) {
  CF_ENSURE(dimension_ > 0 && dimension_ <= kIndexDimensionMax, dimension_);
}

std::span<const float> VectorIndex::find(const ChunkHash& hash) const {
  const auto found = rows_.find(hash);
  if (found == rows_.end()) return {};
  return std::span(values_).subspan(found->second * dimension_, dimension_);
}

void VectorIndex::add(const ChunkHash& hash, std::span<const float> vector) {
  CF_ENSURE(vector.size() == dimension_, vector.size(), dimension_);
  const auto [unused, added] = rows_.emplace(hash, rows_.size());
  if (added) values_.insert(values_.end(), vector.begin(), vector.end());
}

VectorIndex VectorIndex::restricted_to(std::span<const ChunkHash> wanted) const {
  VectorIndex out(model_, dimension_);
  for (const ChunkHash& hash : wanted) {
    if (const auto vector = find(hash); !vector.empty()) out.add(hash, vector);
  }
  return out;
}

std::size_t VectorIndex::memory_bytes() const {
  constexpr std::size_t kNodeBytes = sizeof(ChunkHash) + sizeof(std::size_t) + 32;
  return values_.capacity() * sizeof(float) + rows_.size() * kNodeBytes;
}

std::string VectorIndex::to_bytes() const {
  std::string out;
  const std::size_t row_bytes = sizeof(ChunkHash) + dimension_ * sizeof(float);
  out.reserve(128 + model_.size() + rows_.size() * row_bytes);
  out += kMagic;
  put_u32(out, kVersion);
  put_text(out, kChunkRecipe);
  put_text(out, model_);
  put_u32(out, static_cast<std::uint32_t>(dimension_));
  put_u32(out, static_cast<std::uint32_t>(rows_.size()));
  for (const auto& [hash, row] : rows_) {
    out.append(reinterpret_cast<const char*>(hash.data()), hash.size());
    out.append(reinterpret_cast<const char*>(values_.data() + row * dimension_),
               dimension_ * sizeof(float));
  }
  out += crypto::as_view(crypto::sha256(out));
  return out;
}

Result<VectorIndex> VectorIndex::from_bytes(std::string_view bytes) {
  if (bytes.size() < kMagic.size() + kDigestBytes || !bytes.starts_with(kMagic)) {
    return damaged("this is none");
  }
  const std::string_view body = bytes.substr(0, bytes.size() - kDigestBytes);
  if (crypto::as_view(crypto::sha256(body)) != bytes.substr(body.size())) {
    return damaged("its checksum does not fit");
  }
  Bytes in(body.substr(kMagic.size()));
  if (const std::uint32_t version = in.u32(); version != kVersion) {
    return damaged("format " + std::to_string(version) + " is not known here");
  }
  const std::string recipe(in.take(in.u32()));
  const std::string model(in.take(in.u32()));
  const std::size_t dimension = in.u32();
  const std::size_t count = in.u32();
  if (in.failed() || dimension == 0 || dimension > kIndexDimensionMax || count > kIndexVectorsMax ||
      in.left() != count * (sizeof(ChunkHash) + dimension * sizeof(float))) {
    return damaged("its sizes do not fit each other");
  }
  if (recipe != kChunkRecipe) return damaged("chunks were cut by '" + recipe + "'");
  VectorIndex index(model, dimension);
  index.values_.reserve(count * dimension);
  std::vector<float> vector(dimension);
  for (std::size_t i = 0; i < count; ++i) {
    ChunkHash hash;
    std::memcpy(hash.data(), in.take(hash.size()).data(), hash.size());
    std::memcpy(vector.data(), in.take(dimension * sizeof(float)).data(),
                dimension * sizeof(float));
    for (const float value : vector) {
      if (!std::isfinite(value)) return damaged("a vector is not finite");
    }
    index.add(hash, vector);
  }
  return index;
}

}  // namespace cloudfolio::search

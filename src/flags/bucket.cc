#include "flags/bucket.h"

#include <bit>
#include <string>

namespace cloudfolio::flags {
namespace {

constexpr char kSeparator = '\x1f';

std::uint32_t byte_at(std::string_view bytes, std::size_t index) {
  return static_cast<unsigned char>(bytes[index]);
}

std::uint32_t scrambled(std::uint32_t block) {
  return std::rotl(block * 0xcc9e2d51u, 15) * 0x1b873593u;
}

}  // namespace

std::uint32_t murmur3_32(std::string_view bytes, std::uint32_t seed) {
  std::uint32_t hash = seed;
  const std::size_t whole = bytes.size() / 4 * 4;
  for (std::size_t i = 0; i < whole; i += 4) {
    const std::uint32_t block = byte_at(bytes, i) | byte_at(bytes, i + 1) << 8 |
                                byte_at(bytes, i + 2) << 16 | byte_at(bytes, i + 3) << 24;
    hash = std::rotl(hash ^ scrambled(block), 13) * 5 + 0xe6546b64u;
  }
  std::uint32_t tail = 0;
  for (std::size_t i = bytes.size(); i > whole; --i) tail = tail << 8 | byte_at(bytes, i - 1);
  if (whole != bytes.size()) hash ^= scrambled(tail);
  hash ^= static_cast<std::uint32_t>(bytes.size());
  hash = (hash ^ hash >> 16) * 0x85ebca6bu;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
  return hash ^ hash >> 16;
}

std::uint32_t bucket_of(std::string_view flag, std::string_view tenant) {
  std::string text(flag);
  text += kSeparator;
  text += tenant;
  return static_cast<std::uint32_t>((std::uint64_t{murmur3_32(text)} * kBucketCount) >> 32);
}

}  // namespace cloudfolio::flags

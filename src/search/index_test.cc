#include "search/index.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace cloudfolio::search {
namespace {

ChunkHash hash(std::uint8_t n) {
  ChunkHash out{};
  out[0] = n;
  return out;
}

VectorIndex sample() {
  VectorIndex index("base:1", 3);
  index.add(hash(2), std::vector<float>{0.1F, 0.2F, 0.3F});
  index.add(hash(1), std::vector<float>{1, 0, 0});
  return index;
}

TEST(index, what_was_written_is_read_back) {
  const auto index = VectorIndex::from_bytes(sample().to_bytes());
  ASSERT_TRUE(index.ok());
  EXPECT_EQ(index->model(), "base:1");
  EXPECT_EQ(index->vector_count(), 2U);
  EXPECT_FLOAT_EQ(index->find(hash(2))[2], 0.3F);
  EXPECT_TRUE(index->find(hash(3)).empty());
}

TEST(index, the_bytes_do_not_depend_on_the_order_of_adding) {
  VectorIndex other("base:1", 3);
  other.add(hash(1), std::vector<float>{1, 0, 0});
  other.add(hash(2), std::vector<float>{0.1F, 0.2F, 0.3F});
  EXPECT_EQ(other.to_bytes(), sample().to_bytes());
}

TEST(index, every_cut_and_every_flipped_byte_is_corrupt) {
  const std::string bytes = sample().to_bytes();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto index = VectorIndex::from_bytes(std::string_view(bytes).substr(0, length));
    ASSERT_FALSE(index.ok()) << length;
    EXPECT_EQ(index.error().code(), Code::corrupt);
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x20);
    EXPECT_FALSE(VectorIndex::from_bytes(flipped).ok()) << at;
  }
}

TEST(index, restricting_keeps_only_what_is_wanted) {
  const std::vector<ChunkHash> wanted = {hash(2), hash(9)};
  EXPECT_EQ(sample().restricted_to(wanted).vector_count(), 1U);
}

TEST(index, the_published_format_is_read) {
  // Version 1, empty, as docs/formats/index.md says.
  const std::string bytes = VectorIndex("m", 1).to_bytes();
  EXPECT_EQ(bytes.substr(0, 4), "CFVI");
  EXPECT_EQ(bytes.substr(4, 4), std::string("\x01\0\0\0", 4));
  EXPECT_EQ(bytes.size(), 4U + 4 + 4 + kChunkRecipe.size() + 4 + 1 + 4 + 4 + 32);
}

}  // namespace
}  // namespace cloudfolio::search

#include "cache/tier_table.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/random.h"

namespace cloudfolio::cache {
namespace {

TEST(TierTable, holds_what_a_map_holds) {
  const std::uint64_t seed = Random::from_system().next();
  SCOPED_TRACE(seed);
  Random random(seed);
  TierTable table;
  std::map<std::string, TierTable::Entry> expected;
  const auto hash_of = [](const std::string& key) { return std::size_t(std::stoul(key) % 16); };
  for (int step = 0; step < 20'000; ++step) {
    const std::string key = std::to_string(random.below(200));
    const auto act = random.below(10);
    if (act < 5) {
      auto entry = std::make_shared<const TierEntry>(key);
      EXPECT_EQ(table.put(hash_of(key), entry), expected[key]);
      expected[key] = entry;
    } else if (act < 7) {
      const auto found = expected.find(key);
      EXPECT_EQ(table.remove(hash_of(key), key), found == expected.end() ? nullptr : found->second);
      expected.erase(key);
    } else if (act < 8) {
      const auto evicted = table.evict();
      ASSERT_EQ(evicted == nullptr, expected.empty());
      if (evicted) {
        EXPECT_EQ(expected.erase(std::string(evicted->key.view())), 1u);
      }
    } else {
      const auto* const entry = table.find(hash_of(key), key);
      ASSERT_EQ(entry != nullptr, expected.contains(key));
      if (entry != nullptr) {
        EXPECT_EQ(*entry, expected[key]);
      }
    }
    ASSERT_EQ(table.size(), expected.size());
  }
}

TEST(TierKey, holds_short_and_long_names) {
  for (const std::size_t size : {0, 1, 49, 50, 51, 1024}) {
    const std::string text(size, 'k');
    EXPECT_EQ(TierKey(text).view(), text);
  }
}

}  // namespace
}  // namespace cloudfolio::cache

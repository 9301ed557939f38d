#include "storage/rules.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "storage/text.h"

namespace cloudfolio::storage {
namespace {

TEST(Rules, names_of_containers_queues_and_tables) {
  for (const char* name : {"github-cache", "model-training-queue", "abc", "a1b"}) {
    EXPECT_TRUE(check_container_name(name)) << name;
    EXPECT_TRUE(check_queue_name(name)) << name;
  }
  for (const char* name : {"ab", "", "Upper", "a--b", "-ab", "ab-", "a_b", "a.b"}) {
    EXPECT_FALSE(check_container_name(name)) << name;
    EXPECT_FALSE(check_queue_name(name)) << name;
  }
  EXPECT_FALSE(check_queue_name(std::string(64, 'q')));
  for (const char* name : {"Usage", "flags", "T42"}) EXPECT_TRUE(check_table_name(name)) << name;
  for (const char* name : {"ab", "1st", "a-b", "Tables", "a_b"})
    EXPECT_FALSE(check_table_name(name)) << name;
}

TEST(Rules, lengths_count_as_utf16) {
  EXPECT_EQ(utf16_units("aé€😀"), 5u);
  EXPECT_TRUE(check_blob_key(BlobKey(std::string(1'023, 'k') + "é")));
  std::string emoji;
  for (int i = 0; i < 513; ++i) emoji += "😀";
  EXPECT_FALSE(check_blob_key(BlobKey(emoji)));
}

TEST(Rules, what_is_no_utf8_is_found) {
  for (const char* text :
       {"\x80", "\xc0\xaf", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8", "a\xff"}) {
    EXPECT_EQ(utf16_units(text), std::nullopt) << text;
  }
  EXPECT_TRUE(has_control_characters("\xc2\x85"));
  EXPECT_FALSE(has_control_characters("\xc2\xa0"));
}

TEST(Rules, any_text_becomes_a_metadata_value_or_a_key_and_comes_back) {
  const std::uint64_t seed = Random::from_system().next();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (std::size_t length = random.below(12); length > 0; --length)
      text += char(random.below(256));
    PutOptions options;
    options.metadata = {{"a", to_metadata_value(text)}};
    EXPECT_TRUE(check_put("", options));
    EXPECT_EQ(from_metadata_value(options.metadata["a"]), text);
    EXPECT_TRUE(check_entity_key({to_table_key(text), ""}));
    EXPECT_EQ(from_table_key(to_table_key(text)), text);
  }
  EXPECT_EQ(to_metadata_value("100% é"), "100%25%20%C3%A9");
  EXPECT_EQ(to_table_key("octo/cat_1"), "octo_2Fcat_5F1");
  for (const char* value : {"%4", "%zz", "%41", " ", "", "%c3"})
    EXPECT_FALSE(from_metadata_value(value)) << value;
  for (const char* key : {"_", "_41", "a b", "_2f"}) EXPECT_FALSE(from_table_key(key)) << key;
}

}  // namespace
}  // namespace cloudfolio::storage

#include "search/query.h"

#include <gtest/gtest.h>

namespace cloudfolio::search {
namespace {

using Texts = std::vector<std::string>;

TEST(query, words_filters_phrases_and_exclusions_are_told_apart) {
  const auto query = parse_query(
      "csv tool lang:Rust -lang:go repo:xsv \"exact Phrase\" -java -\"old one\" file:docs/ "
      "type:data");
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(query->text, "csv tool exact Phrase");
  EXPECT_EQ(query->phrases, Texts{"exact phrase"});
  EXPECT_EQ(query->excluded, (Texts{"java", "old one"}));
  EXPECT_EQ(query->language.any_of, Texts{"rust"});
  EXPECT_EQ(query->language.none_of, Texts{"go"});
  EXPECT_EQ(query->repository.any_of, Texts{"xsv"});
  EXPECT_EQ(query->file.any_of, Texts{"docs/"});
  EXPECT_EQ(query->type.any_of, Texts{"data"});
}

TEST(query, other_names_of_languages_are_known) {
  EXPECT_EQ(parse_query("lang:cpp")->language.any_of, Texts{"c++"});
  EXPECT_EQ(parse_query("language:JS")->language.any_of, Texts{"javascript"});
}

TEST(query, a_colon_that_is_no_filter_is_part_of_a_word) {
  EXPECT_EQ(parse_query("std::vector http://x.y")->text, "std::vector http://x.y");
}

TEST(query, odd_punctuation_is_never_an_error) {
  for (const char* text : {"{", "}", "- a", "--flag", "a \"open", "\"\" a", "-", "%s {0} ' ; --"}) {
    EXPECT_TRUE(parse_query(text).ok()) << text;
  }
  EXPECT_EQ(parse_query("--flag")->text, "--flag");
}

TEST(query, nothing_and_too_much_are_refused_with_what_to_write_instead) {
  for (const std::string& text : {std::string(), std::string("   "), std::string("\"\""),
                                  std::string(3'000, 'x'), std::string("lang: rust")}) {
    const auto query = parse_query(text);
    ASSERT_FALSE(query.ok()) << text;
    EXPECT_EQ(query.error().code(), Code::invalid_argument);
    EXPECT_NE(query.error().message().find(':'), std::string::npos);
  }
  std::string many;
  for (int i = 0; i < 100; ++i) many += "w ";
  EXPECT_FALSE(parse_query(many).ok());
}

}  // namespace
}  // namespace cloudfolio::search

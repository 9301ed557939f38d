#include "retrieval/words.h"

#include <gtest/gtest.h>

namespace cloudfolio::retrieval {
namespace {

using Words = std::vector<std::string>;

TEST(words, an_identifier_gives_its_parts_and_itself) {
  EXPECT_EQ(words_of("parseHttpRequest"), (Words{"pars", "http", "request", "parsehttprequest"}));
  EXPECT_EQ(words_of("HTTPServer"), (Words{"http", "server", "httpserver"}));
  EXPECT_EQ(words_of("max_line_count"), (Words{"max", "line", "count", "maxlinecount"}));
  EXPECT_EQ(words_of("(node.js)"), (Words{"node", "js", "nodej"}));
}

TEST(words, spellings_of_one_name_give_the_same_words) {
  EXPECT_EQ(words_of("aho-corasick"), words_of("AhoCorasick"));
  EXPECT_EQ(words_of("aho_corasick"), words_of("Aho-Corasick"));
  EXPECT_EQ(squashed("Aho-Corasick"), "ahocorasick");
}

TEST(words, case_accents_and_endings_do_not_matter) {
  EXPECT_EQ(words_of("Caf\xC3\xA9s libraries"), words_of("cafe Library"));
  EXPECT_EQ(words_of("boxes class status glass"), (Words{"box", "class", "status", "glass"}));
  EXPECT_EQ(words_of("installing installation installs"), (Words{"instal", "instal", "instal"}));
  EXPECT_EQ(words_of("nodejs").front(), words_of("node.js").back()) << "the whole is cut as well";
  EXPECT_EQ(words_of("mp3s x86s"), (Words{"mp3s", "x86s"})) << "digits: no word of a language";
  EXPECT_EQ(folded("\xC3\x84RGER"), "arger");
}

TEST(words, languages_with_signs_are_words) {
  EXPECT_EQ(words_of("C++ and C#, F#."), (Words{"c++", "and", "c#", "f#"}));
  EXPECT_EQ(words_of("i++"), (Words{"i++"}));
  EXPECT_EQ(words_of("a+b"), (Words{"a", "b"}));
}

TEST(words, scripts_without_blanks_give_their_characters) {
  EXPECT_EQ(words_of("\xE6\x97\xA5\xE6\x9C\xAC go"), (Words{"\xE6\x97\xA5", "\xE6\x9C\xAC", "go"}));
}

TEST(words, any_bytes_are_read) {
  EXPECT_EQ(words_of("a\xFF\xFE"
                     "b \xC3"),
            (Words{"a", "b"}));
  EXPECT_TRUE(words_of("--- ... ///").empty());
  EXPECT_TRUE(words_of(std::string(100'000, 'x')).empty());
  EXPECT_EQ(words_of("don't"), (Words{"dont"}));
}

}  // namespace
}  // namespace cloudfolio::retrieval

#include "encoder/tokenizer.h"

#include <gtest/gtest.h>

#include "encoder/testing/fixtures.h"
#include "encoder/text_normalizer.h"

namespace cloudfolio::encoder {
namespace {

using testing::ids_hash;

constexpr std::string_view kVocabulary =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nun\n##aff\n##able\n,\nhello\n##s\na\n";

Tokenizer small() {
  return *Tokenizer::parse_vocabulary(kVocabulary);
}

TEST(Tokenizer, takes_the_longest_pieces_first) {
  EXPECT_EQ(small().encode("unaffable, Hellos"), (TokenIds{2, 5, 6, 7, 8, 9, 10, 3}));
}

TEST(Tokenizer, a_word_that_cannot_be_spelled_is_unknown_as_a_whole) {
  EXPECT_EQ(small().encode("unzz hello"), (TokenIds{2, 1, 9, 3}));
}

TEST(Tokenizer, an_empty_text_has_the_two_special_tokens) {
  EXPECT_EQ(small().encode(""), (TokenIds{2, 3}));
  EXPECT_EQ(small().encode(" \n\t"), (TokenIds{2, 3}));
}

TEST(Tokenizer, a_limit_counts_the_special_tokens_and_cuts_from_the_end) {
  EXPECT_EQ(small().encode("unaffable hello", 5), (TokenIds{2, 5, 6, 7, 3}));
  EXPECT_EQ(small().encode("unaffable hello", 4), (TokenIds{2, 5, 6, 3}));
  EXPECT_EQ(small().encode("unaffable hello", 0), (TokenIds{2, 3}));
}

TEST(Tokenizer, bytes_that_are_not_utf8_are_dropped) {
  EXPECT_EQ(small().encode("hel\xff\xc3lo\xed\xa0\x80"), (TokenIds{2, 9, 3}));
  EXPECT_EQ(small().encode("\xf0\x9f"), (TokenIds{2, 3}));
}

TEST(Tokenizer, a_special_token_in_a_text_is_that_token) {
  EXPECT_EQ(small().encode("hello[SEP]hello [sep"), (TokenIds{2, 9, 3, 9, 1, 1, 3}));
}

TEST(Tokenizer, a_million_words_are_encoded_and_cut) {
  std::string text;
  for (int i = 0; i < 1'000'000; ++i) text += "hello ";
  EXPECT_EQ(small().encode(text).size(), 1'000'002U);
  EXPECT_EQ(small().encode(text, 256).size(), 256U);
  EXPECT_EQ(small().encode(std::string(10'000'000, 'a')), (TokenIds{2, 1, 3}));
}

TEST(Tokenizer, refuses_vocabularies_that_are_damaged) {
  for (const std::string_view text : {"", "[UNK]\n[CLS]\na\n", "[UNK]\n[CLS]\n[SEP]\na\na\n"}) {
    const auto parsed = Tokenizer::parse_vocabulary(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code(), Code::corrupt);
  }
}

TEST(Tokenizer, refuses_a_tokenizer_of_another_kind) {
  for (const std::string_view text :
       {"", "[]", "{}", R"({"model":{"type":"BPE","vocab":{"a":0}}})",
        R"({"model":{"type":"WordPiece","vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2}},
            "normalizer":{"type":"BertNormalizer","lowercase":false},
            "pre_tokenizer":{"type":"BertPreTokenizer"}})",
        R"({"model":{"type":"WordPiece","vocab":{"[UNK]":0,"[CLS]":7,"[SEP]":2}},
            "normalizer":{"type":"BertNormalizer","lowercase":true},
            "pre_tokenizer":{"type":"BertPreTokenizer"}})"}) {
    EXPECT_FALSE(Tokenizer::parse(text)) << text;
  }
}

TEST(Tokenizer, writes_the_vocabulary_that_it_read) {
  EXPECT_EQ(small().to_vocabulary(), kVocabulary);
}

class BaseTokenizer : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto folder = testing::base_model_folder();
    if (!folder) GTEST_SKIP() << testing::kNoBaseModel;
    auto parsed = Tokenizer::parse(testing::read_bytes(*folder / "tokenizer.json"));
    ASSERT_TRUE(parsed) << parsed.error().message();
    tokenizer.emplace(*parsed);
  }

  std::optional<Tokenizer> tokenizer;
};

TEST_F(BaseTokenizer, gives_hugging_faces_ids_for_the_projects_own_texts) {
  const auto fixture = testing::read_fixture("texts.json");
  for (const auto& row : fixture.at("texts").as_array()) {
    const std::string_view text = json::view(row.at("text").as_string());
    EXPECT_EQ(tokenizer->encode(text), testing::to_ids(row.at("ids"))) << text;
  }
}

TEST_F(BaseTokenizer, gives_hugging_faces_ids_for_every_code_point) {
  const auto fixture = testing::read_fixture("unicode.json");
  const auto step = static_cast<char32_t>(fixture.at("code_points").as_int64());
  char32_t c = 0;
  const auto utf8 = [](char32_t x) {
    std::string out;
    if (x < 0x80) return std::string(1, static_cast<char>(x));
    const int extra = x < 0x800 ? 1 : (x < 0x10000 ? 2 : 3);
    constexpr char32_t kLead[] = {0, 0xC0, 0xE0, 0xF0};
    out += static_cast<char>(kLead[extra] | (x >> (6 * extra)));
    for (int i = extra; i-- > 0;) out += static_cast<char>(0x80 | ((x >> (6 * i)) & 0x3F));
    return out;
  };
  for (const auto& hash : fixture.at("hashes").as_array()) {
    const char32_t end = c + step;
    std::string text;
    for (; c < end; ++c) {
      if (c >= 0xD800 && c <= 0xDFFF) continue;
      text += (text.empty() ? "a" : " a") + utf8(c) + "b " + utf8(c);
    }
    EXPECT_EQ(ids_hash(tokenizer->encode(text), 16), json::view(hash.as_string()))
        << "code points up to " << static_cast<std::uint32_t>(end);
  }
}

TEST_F(BaseTokenizer, gives_hugging_faces_ids_for_every_text_of_the_corpus) {
  const auto folder = testing::corpus_folder();
  if (!folder) GTEST_SKIP() << testing::kNoCorpus;
  testing::Corpus corpus(*folder);
  const auto fixture = testing::read_fixture("corpus.json");
  for (const auto& row : fixture.at("texts").as_array()) {
    const std::string_view path = json::view(row.at(0).as_string());
    const std::string_view key = json::view(row.at(1).as_string());
    const std::string text = corpus.text(path, key);
    const TokenIds ids = tokenizer->encode(text);
    EXPECT_EQ(static_cast<std::int64_t>(ids.size()), row.at(2).as_int64()) << path << " " << key;
    EXPECT_EQ(ids_hash(ids, 32), json::view(row.at(3).as_string())) << path << " " << key;
    EXPECT_EQ(ids_hash(tokenizer->encode(text, 256), 32), json::view(row.at(4).as_string()))
        << path << " " << key;
  }
}

}  // namespace
}  // namespace cloudfolio::encoder

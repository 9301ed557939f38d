#include "encoder/embedder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>

#include "encoder/encoder.h"
#include "encoder/parameter_layout.h"
#include "encoder/testing/fixtures.h"

namespace cloudfolio::encoder {
namespace {

using testing::cosine;
using testing::tiny_model;
using testing::tiny_sequence;

std::vector<TokenIds> some_sequences(std::size_t count) {
  std::vector<TokenIds> sequences;
  for (std::size_t i = 0; i < count; ++i) sequences.push_back(tiny_sequence(i, 2 + i * 7 % 90));
  return sequences;
}

std::unique_ptr<Embedder> tiny_embedder(Embedder::Options options = {}) {
  auto embedder = Embedder::open(tiny_model(), options);
  EXPECT_TRUE(embedder) << embedder.error().message();
  return std::move(*embedder);
}

TEST(Embedder, vectors_have_unit_length) {
  const auto embedder = tiny_embedder();
  const auto vectors = embedder->embed(some_sequences(20));
  ASSERT_TRUE(vectors);
  for (std::size_t i = 0; i < vectors->row_count(); ++i) {
    double squares = 0;
    for (const float x : vectors->row(i)) squares += static_cast<double>(x) * x;
    EXPECT_NEAR(squares, 1.0, 1e-5);
  }
}

TEST(Embedder, a_vector_does_not_depend_on_its_neighbours) {
  const auto embedder = tiny_embedder({.precision = Precision::fp32, .batch_token_count_max = 200});
  const auto sequences = some_sequences(60);
  const auto together = embedder->embed(sequences);
  ASSERT_TRUE(together);
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const auto alone = embedder->embed_one(sequences[i]);
    ASSERT_TRUE(alone);
    for (std::size_t c = 0; c < alone->size(); ++c) {
      ASSERT_NEAR((*alone)[c], together->row(i)[c], 2e-5) << i;
    }
  }
}

TEST(Embedder, queries_may_have_numbers_of_their_own) {
  if (!runs_int8()) GTEST_SKIP() << "this processor has no products of 8-bit numbers";
  const auto exact = tiny_embedder({.precision = Precision::fp32});
  const auto mixed =
      tiny_embedder({.precision = Precision::fp32, .query_precision = Precision::int8});
  const TokenIds text = tiny_sequence(3, 12);
  const std::vector<TokenIds> texts{text};
  EXPECT_EQ(exact->embed(texts)->values()[5], mixed->embed(texts)->values()[5]);
  const auto query = mixed->embed_one(text);
  ASSERT_TRUE(query);
  EXPECT_NE((*query)[5], (*exact->embed_one(text))[5]);
  EXPECT_GT(cosine(*query, *exact->embed_one(text)), 0.99);
}

TEST(Embedder, identical_sequences_are_computed_once) {
  const auto embedder = tiny_embedder();
  const auto vectors = embedder->embed(
      std::vector<TokenIds>{tiny_sequence(1, 9), tiny_sequence(2, 30), tiny_sequence(1, 9)});
  ASSERT_TRUE(vectors);
  EXPECT_EQ(vectors->computed_count(), 2U);
  EXPECT_TRUE(std::ranges::equal(vectors->row(0), vectors->row(2)));
  EXPECT_FALSE(std::ranges::equal(vectors->row(0), vectors->row(1)));
}

TEST(Embedder, one_thread_and_two_give_close_vectors) {
  const auto sequences = some_sequences(80);
  const auto one =
      tiny_embedder({.precision = Precision::fp32, .thread_count = 1})->embed(sequences);
  const auto two =
      tiny_embedder({.precision = Precision::fp32, .thread_count = 2})->embed(sequences);
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    EXPECT_GT(cosine(one->row(i), two->row(i)), 0.999999);
  }
}

TEST(Embedder, nothing_gives_nothing) {
  const auto vectors = tiny_embedder()->embed({});
  ASSERT_TRUE(vectors);
  EXPECT_EQ(vectors->row_count(), 0U);
}

TEST(Embedder, refuses_sequences_that_the_model_cannot_take) {
  const auto embedder = tiny_embedder();
  for (const TokenIds& bad : {TokenIds{}, TokenIds{2, 90, 3}, TokenIds{-1}, TokenIds(97, 5)}) {
    const auto vectors = embedder->embed(std::vector<TokenIds>{tiny_sequence(1, 5), bad});
    ASSERT_FALSE(vectors);
    EXPECT_EQ(vectors.error().code(), Code::invalid_argument);
    EXPECT_FALSE(embedder->embed_one(bad));
  }
  EXPECT_TRUE(embedder->embed_one(TokenIds{5}));
}

TEST(Embedder, says_that_a_model_with_broken_weights_is_corrupt) {
  const Model model = tiny_model();
  std::vector<float> weights(model.weights().begin(), model.weights().end());
  weights[model.layout().layers()[1].qkv_weight] = std::numeric_limits<float>::quiet_NaN();
  const auto embedder = Embedder::open(model.with_weights(weights));
  ASSERT_TRUE(embedder);
  const auto vector = (*embedder)->embed_one(tiny_sequence(1, 5));
  ASSERT_FALSE(vector);
  EXPECT_EQ(vector.error().code(), Code::corrupt);
}

TEST(Embedder, calls_may_run_beside_each_other) {
  const auto embedder = tiny_embedder({.thread_count = 2});
  const auto sequences = some_sequences(40);
  const auto expected = embedder->embed(sequences);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 12; ++t) {
    threads.emplace_back([&, t] {
      if (t % 3 == 0) {
        const auto again = embedder->embed(sequences);
        EXPECT_TRUE(again && std::ranges::equal(again->values(), expected->values()));
        return;
      }
      for (std::size_t i = 0; i < sequences.size(); ++i) {
        const auto vector = embedder->embed_one(sequences[i]);
        EXPECT_TRUE(vector && cosine(*vector, expected->row(i)) > 0.999);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Embedder, a_querys_vector_is_the_same_alone_and_beside_others) {
  for (const Precision precision : {Precision::fp32, Precision::fp16}) {
    if (precision == Precision::fp16 && !runs_fp16()) continue;
    const auto alone = tiny_embedder({.precision = precision, .thread_count = 1});
    const auto shared = tiny_embedder({.precision = precision, .thread_count = 2});
    const auto sequences = some_sequences(24);
    std::vector<std::vector<float>> expected;
    for (const TokenIds& sequence : sequences) expected.push_back(*alone->embed_one(sequence));
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 6; ++t) {
      threads.emplace_back([&, t] {
        for (std::size_t i = t; i < 50 * sequences.size(); i += 6) {
          const std::size_t which = i % sequences.size();
          const auto vector = shared->embed_one(sequences[which]);
          ASSERT_TRUE(vector);
          ASSERT_EQ(*vector, expected[which]) << to_string(precision);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
}

TEST(Embedder, refuses_vectors_that_left_the_range_of_fp16) {
  if (!runs_fp16()) GTEST_SKIP() << "this processor has no products of fp16 numbers";
  const Model tiny = testing::tiny_model();
  std::vector<float> weights(tiny.weights().begin(), tiny.weights().end());
  weights[tiny.layout().layers()[0].ffn1_weight] = 1e6F;
  const auto embedder = Embedder::open(tiny.with_weights(weights), {.precision = Precision::fp16});
  ASSERT_TRUE(embedder);
  const auto vector = (*embedder)->embed_one(tiny_sequence(3, 12));
  ASSERT_FALSE(vector);
  EXPECT_EQ(vector.error().code(), Code::corrupt);
}

class BaseEmbedder : public ::testing::TestWithParam<Precision> {
 protected:
  void SetUp() override {
    if (!testing::base_model_folder()) GTEST_SKIP() << testing::kNoBaseModel;
    if (GetParam() == Precision::bf16 && !runs_bf16()) {
      GTEST_SKIP() << "this processor has no bf16 products";
    }
    if (GetParam() == Precision::int8 && !runs_int8()) {
      GTEST_SKIP() << "this processor has no products of 8-bit numbers";
    }
    if (GetParam() == Precision::fp16 && !runs_fp16()) {
      GTEST_SKIP() << "this processor has no products of fp16 numbers";
    }
    auto opened = Encoder::open(testing::base_model(), {.precision = GetParam()});
    ASSERT_TRUE(opened) << opened.error().message();
    encoder.emplace(std::move(*opened));
  }

  // fp32 is far above the 0.9999 that bf16 reaches too; int8 gives up a thousandth on average.
  double least() const {
    switch (GetParam()) {
      case Precision::fp32:
        return 0.999999;
      case Precision::int8:
        return 0.99;
      default:
        return 0.9999;
    }
  }

  std::optional<Encoder> encoder;
};

TEST_P(BaseEmbedder, agrees_with_sentence_transformers_on_the_projects_own_texts) {
  const auto fixture = testing::read_fixture("texts.json");
  std::vector<std::string> texts;
  std::vector<std::vector<float>> expected;
  for (const auto& row : fixture.at("texts").as_array()) {
    texts.emplace_back(json::view(row.at("text").as_string()));
    expected.push_back(testing::half_floats(json::view(row.at("vector").as_string())));
  }
  const auto vectors = encoder->embed_texts(texts);
  ASSERT_TRUE(vectors) << vectors.error().message();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_GE(cosine((*vectors)[i], expected[i]), least()) << texts[i];
    EXPECT_GE(cosine(*encoder->embed_text(texts[i]), expected[i]), least()) << texts[i];
  }
}

TEST_P(BaseEmbedder, agrees_with_sentence_transformers_on_the_corpus) {
  const auto folder = testing::corpus_folder();
  if (!folder) GTEST_SKIP() << testing::kNoCorpus;
  testing::Corpus corpus(*folder);
  const auto fixture = testing::read_fixture("corpus.json");
  std::vector<TokenIds> sequences;
  std::vector<std::vector<float>> expected;
  const auto& rows = fixture.at("vectors").as_array();
  ASSERT_GE(rows.size(), 500U);
  // All of them in fp32; bf16, slow where the processor is not made for it, and int8 get every
  // fifth, as does a sanitizer.
#ifdef __SANITIZE_ADDRESS__
  constexpr bool sanitized = true;
#else
  constexpr bool sanitized = false;
#endif
  const std::size_t stride = GetParam() == Precision::fp32 && !sanitized ? 1 : 5;
  for (std::size_t i = 0; i < rows.size(); i += stride) {
    const auto& row = rows[i];
    std::string text =
        corpus.text(json::view(row.at(0).as_string()), json::view(row.at(1).as_string()));
    if (const auto part = json::as_int(row.at(2))) {
      text = testing::Corpus::passage(text, static_cast<std::size_t>(*part));
    }
    sequences.push_back(encoder->tokens(text));
    ASSERT_EQ(testing::ids_hash(sequences.back(), 32), json::view(row.at(3).as_string()));
    expected.push_back(testing::half_floats(json::view(row.at(4).as_string())));
  }
  const auto vectors = encoder->embedder().embed(sequences);
  ASSERT_TRUE(vectors) << vectors.error().message();
  double worst = 1;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    worst = std::min(worst, cosine(vectors->row(i), expected[i]));
  }
  EXPECT_GE(worst, least());
  double mean = 0;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    mean += cosine(vectors->row(i), expected[i]) / static_cast<double>(sequences.size());
  }
  RecordProperty("mean_cosine", std::to_string(mean));
  RecordProperty("worst_cosine", std::to_string(worst));
}

INSTANTIATE_TEST_SUITE_P(precisions, BaseEmbedder,
                         ::testing::Values(Precision::fp32, Precision::bf16, Precision::fp16,
                                           Precision::int8),
                         [](const auto& chosen) { return std::string(to_string(chosen.param)); });

}  // namespace
}  // namespace cloudfolio::encoder

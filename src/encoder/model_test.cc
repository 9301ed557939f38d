#include "encoder/model.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <limits>

#include "encoder/encoder.h"
#include "encoder/parameter_layout.h"
#include "encoder/testing/fixtures.h"

namespace cloudfolio::encoder {
namespace {

using testing::read_bytes;
using testing::tiny_model;
using testing::write_bytes;

class SavedModel : public ::testing::Test {
 protected:
  SavedModel() { EXPECT_TRUE(tiny_model().save(folder.path())); }

  std::filesystem::path file(const char* name) const { return folder.path() / name; }
  Error load_error() const {
    const auto model = Model::load(folder.path());
    EXPECT_FALSE(model);
    return model ? Error(Code::internal, "it loaded") : model.error();
  }
  // Rewrites one file by exchanging the first `from` in it.
  void change(const char* name, const std::string& from, const std::string& to) const {
    std::string text = read_bytes(file(name));
    const auto at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    write_bytes(file(name), text.replace(at, from.size(), to));
  }

  testing::TemporaryFolder folder;
};

bool same(const Model& a, const Model& b) {
  return a.architecture() == b.architecture() && std::ranges::equal(a.weights(), b.weights()) &&
         a.tokenizer().to_vocabulary() == b.tokenizer().to_vocabulary();
}

TEST_F(SavedModel, loads_as_it_was) {
  const auto model = Model::load(folder.path());
  ASSERT_TRUE(model) << model.error().message();
  EXPECT_TRUE(same(*model, tiny_model()));
  EXPECT_TRUE(model->save(folder.path()));
  EXPECT_TRUE(same(*Model::load(folder.path()), tiny_model()));
}

TEST_F(SavedModel, is_the_same_through_a_zip) {
  const auto zip = tiny_model().to_zip();
  ASSERT_TRUE(zip) << zip.error().message();
  EXPECT_EQ(*zip, *tiny_model().to_zip());
  const auto model = Model::from_zip(*zip);
  ASSERT_TRUE(model) << model.error().message();
  EXPECT_TRUE(same(*model, tiny_model()));
  write_bytes(file("model.zip"), *zip);
  EXPECT_TRUE(Encoder::open(file("model.zip")));
}

TEST_F(SavedModel, keeps_files_that_it_does_not_read) {
  write_bytes(file("README.md"), "a model card");
  testing::TemporaryFolder copy;
  ASSERT_TRUE(Model::load(folder.path())->save(copy.path()));
  EXPECT_EQ(read_bytes(copy.path() / "README.md"), "a model card");
}

TEST_F(SavedModel, of_a_missing_folder_is_not_found) {
  const auto model = Model::load(folder.path() / "elsewhere");
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code(), Code::not_found);
}

TEST_F(SavedModel, without_one_of_its_files_is_refused) {
  for (const char* name :
       {"modules.json", "config.json", "vocab.txt", "1_Pooling/config.json", "model.safetensors"}) {
    const std::string bytes = read_bytes(file(name));
    std::filesystem::remove(file(name));
    EXPECT_EQ(load_error().code(), Code::not_found) << name;
    write_bytes(file(name), bytes);
  }
  EXPECT_TRUE(Model::load(folder.path()));
}

TEST_F(SavedModel, cut_anywhere_is_corrupt) {
  const std::string whole = read_bytes(file("model.safetensors"));
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, std::size_t{8}, std::size_t{500},
                                 whole.size() / 2, whole.size() - 1}) {
    write_bytes(file("model.safetensors"), whole.substr(0, size));
    EXPECT_EQ(load_error().code(), Code::corrupt) << size;
  }
}

TEST_F(SavedModel, with_bytes_changed_in_the_header_never_crashes) {
  const std::string whole = read_bytes(file("model.safetensors"));
  std::uint64_t header = 0;
  std::memcpy(&header, whole.data(), sizeof(header));
  for (std::size_t at = 0; at < header; at += 37) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x15);
    write_bytes(file("model.safetensors"), damaged);
    const auto model = Model::load(folder.path());
    if (!model) {
      EXPECT_EQ(model.error().code(), Code::corrupt) << model.error().message();
    }
  }
}

TEST_F(SavedModel, whose_weights_have_another_shape_is_corrupt_and_says_which) {
  change("model.safetensors", "[128,64]", "[64,128]");
  const Error error = load_error();
  EXPECT_EQ(error.code(), Code::corrupt);
  EXPECT_NE(error.message().find("intermediate.dense.weight"), std::string::npos)
      << error.message();
}

TEST_F(SavedModel, with_a_weight_that_is_not_finite_is_corrupt) {
  std::string bytes = read_bytes(file("model.safetensors"));
  const float bad = std::numeric_limits<float>::quiet_NaN();
  std::memcpy(bytes.data() + bytes.size() - 40'000, &bad, sizeof(bad));
  write_bytes(file("model.safetensors"), bytes);
  EXPECT_NE(load_error().message().find("not finite"), std::string::npos);
}

TEST_F(SavedModel, whose_vocabulary_does_not_fit_is_corrupt) {
  write_bytes(file("vocab.txt"), read_bytes(file("vocab.txt")) + "onemore\n");
  const Error error = load_error();
  EXPECT_EQ(error.code(), Code::corrupt);
  EXPECT_NE(error.message().find("vocabulary does not fit"), std::string::npos);
}

TEST_F(SavedModel, of_another_kind_is_refused) {
  const std::string config = read_bytes(file("config.json"));
  change("config.json", "\"bert\"", "\"gpt2\"");
  EXPECT_EQ(load_error().code(), Code::invalid_argument);
  write_bytes(file("config.json"), config);
  change("1_Pooling/config.json", "\"pooling_mode_cls_token\": false",
         "\"pooling_mode_cls_token\": true");
  EXPECT_EQ(load_error().code(), Code::invalid_argument);
}

TEST_F(SavedModel, with_senseless_sizes_is_refused) {
  const std::string config = read_bytes(file("config.json"));
  for (const auto& [from, to] : {std::pair{"\"hidden_size\": 64", "\"hidden_size\": 63"},
                                 {"\"hidden_size\": 64", "\"hidden_size\": -64"},
                                 {"\"hidden_size\": 64", "\"hidden_size\": 99999999999"},
                                 {"\"num_attention_heads\": 2", "\"num_attention_heads\": 3"},
                                 {"\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1000000"},
                                 {"\"vocab_size\": 90", "\"vocab_size\": \"many\""}}) {
    change("config.json", from, to);
    EXPECT_FALSE(Model::load(folder.path())) << to;
    write_bytes(file("config.json"), config);
  }
}

TEST_F(SavedModel, as_a_damaged_zip_is_corrupt) {
  const std::string zip = *tiny_model().to_zip();
  EXPECT_EQ(Model::from_zip("").error().code(), Code::corrupt);
  EXPECT_EQ(Model::from_zip("PK not a zip").error().code(), Code::corrupt);
  EXPECT_FALSE(Model::from_zip(zip.substr(0, zip.size() / 2)));
  std::string damaged = zip;
  damaged[zip.size() / 2] = static_cast<char>(damaged[zip.size() / 2] ^ 1);
  const auto model = Model::from_zip(damaged);
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code(), Code::corrupt) << model.error().message();
}

TEST_F(SavedModel, that_cannot_be_written_says_so) {
  write_bytes(folder.path() / "blocked", "a file where a folder is wanted");
  const auto saved = tiny_model().save(folder.path() / "blocked");
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().code(), Code::unavailable);
}

// CLOUDFOLIO_PEER_PYTHON is a Python with sentence-transformers.
TEST_F(SavedModel, is_loaded_by_sentence_transformers_and_the_other_way_round) {
  const char* python = std::getenv("CLOUDFOLIO_PEER_PYTHON");
  if (python == nullptr) {
    GTEST_SKIP() << "no Python with sentence-transformers: set CLOUDFOLIO_PEER_PYTHON";
  }
  if (!testing::base_model_folder()) GTEST_SKIP() << testing::kNoBaseModel;
  // Weights that no base model has.
  const Model& base = testing::base_model();
  std::vector<float> weights(base.weights().begin(), base.weights().end());
  for (float& w : weights) w *= 0.99F;
  const auto encoder = Encoder::open(base.with_weights(weights), {.precision = Precision::fp32});
  ASSERT_TRUE(encoder);
  const std::vector<std::string> texts{"a first text", "", "naïve café, second!", "日本語"};
  const auto vectors = encoder->embed_texts(texts);
  ASSERT_TRUE(vectors);
  json::Object expected{{"texts", json::Array(texts.begin(), texts.end())}};
  json::Array rows;
  for (const auto& vector : *vectors) rows.emplace_back(json::Array(vector.begin(), vector.end()));
  expected["vectors"] = std::move(rows);
  write_bytes(file("vectors.json"), json::write(expected));
  ASSERT_TRUE(encoder->model().save(folder.path() / "saved"));
  write_bytes(file("saved.zip"), *encoder->model().to_zip());
  const std::string check =
      std::string(std::getenv("CLOUDFOLIO_SOURCE_DIR")) + "/tools/encoder_check.py";
  for (const char* name : {"saved", "saved.zip"}) {
    const std::string command = std::string(python) + " " + check + " " + file(name).string() +
                                " " + file("vectors.json").string() + " > /dev/null";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
  }
  const auto returned = Model::load(file("python-saved"));
  ASSERT_TRUE(returned) << returned.error().message();
  EXPECT_EQ(returned->architecture(), base.architecture());
  const auto trained = returned->layout().trained_count();
  EXPECT_TRUE(
      std::ranges::equal(returned->weights().first(trained), std::span(weights).first(trained)));
  EXPECT_EQ(returned->tokenizer().encode("naïve café"), base.tokenizer().encode("naïve café"));
}

}  // namespace
}  // namespace cloudfolio::encoder

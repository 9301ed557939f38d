// Models and texts that nobody would make on purpose: a clear message or a defined result, never a
// published model. The models are small and untrained, so that the base model is not needed.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "encoder/model.h"
#include "encoder/parameter_layout.h"
#include "world.h"

namespace cloudfolio::system_test {
namespace {

constexpr int kCorrupt = 6;  // What the program leaves with.

// Two narrow layers over the letters and digits.
encoder::Model small_model() {
  std::string vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  for (const char c : std::string_view("abcdefghijklmnopqrstuvwxyz0123456789")) {
    vocabulary += std::string(1, c) + "\n##" + std::string(1, c) + "\n";
  }
  encoder::Architecture architecture;
  architecture.layer_count = 2;
  architecture.hidden = 64;
  architecture.head_count = 2;
  architecture.intermediate = 128;
  architecture.position_count = 256;
  architecture.token_count_max = 64;
  const auto tokenizer = encoder::Tokenizer::parse_vocabulary(vocabulary);
  return *encoder::Model::make_untrained(architecture, *tokenizer, /*seed=*/7);
}

// Finite weights, from which no finite loss comes.
encoder::Model overflowing_model() {
  const encoder::Model model = small_model();
  std::vector<float> weights(model.weights().begin(), model.weights().end());
  const auto& layer = model.layout().layers()[0];
  for (const std::size_t from : {layer.ffn1_weight, layer.ffn2_weight}) {
    const std::size_t count = model.architecture().hidden * model.architecture().intermediate;
    std::fill_n(weights.begin() + static_cast<std::ptrdiff_t>(from), count, 1e30F);
  }
  return model.with_weights(weights);
}

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}
void write(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

class BadModel : public testing::Test {
 protected:
  void use(const encoder::Model& model) {
    std::filesystem::remove_all(folder.path() / "model");
    ASSERT_TRUE(model.save(folder.path() / "model").ok());
  }
  std::filesystem::path file(const char* name) const { return folder.path() / "model" / name; }

  Finished encode(const std::string& texts) const {
    Process::Options options;
    options.arguments = {"encode", "--json"};
    options.environment["CLOUDFOLIO_BASE_MODEL"] = (folder.path() / "model").string();
    options.input = texts;
    return run(std::move(options));
  }

  TemporaryFolder folder;
};

class BadTraining : public BadModel {
 protected:
  BadTraining() : github(sample_portfolio()), installation(github.url()) {
    installation.environment["CLOUDFOLIO_BASE_MODEL"] = (folder.path() / "model").string();
    installation.environment["CLOUDFOLIO_TRAINING_MAX_STEPS"] = "3";
  }
  void push(const std::string& repository, const std::string& readme) {
    github.control(
        "/_sim/push",
        {{"owner", kSampleLogin}, {"repo", repository}, {"files", {{"README.md", readme}}}});
  }
  json::Value sync() {
    auto& enabled = installation.environment["CLOUDFOLIO_TRAINING_ENABLED"];
    enabled = "false";
    json::Value report = installation.ask({"sync", kSampleLogin});
    enabled = "true";
    return report;
  }

  Simulator github;
  Installation installation;
};

TEST_F(BadModel, that_is_cut_or_does_not_fit_is_refused_and_says_why) {
  const auto refused = [&](const char* why) {
    const Finished finished = encode("hello\n");
    EXPECT_EQ(finished.exit_code, kCorrupt) << why;
    EXPECT_NE(finished.errors.find(why), std::string::npos) << finished.errors;
  };
  use(small_model());
  const std::string whole = read(file("model.safetensors"));
  write(file("model.safetensors"), whole.substr(0, whole.size() / 2));
  refused("the file is cut");

  use(small_model());
  std::string config = read(file("config.json"));
  const auto at = config.find("128", config.find("intermediate_size"));
  ASSERT_NE(at, std::string::npos);
  write(file("config.json"), config.replace(at, 3, "192"));
  refused("has the shape");

  use(small_model());
  write(file("vocab.txt"), read(file("vocab.txt")) + "extra\n");
  refused("the vocabulary does not fit");
}

TEST_F(BadModel, gives_any_line_of_text_a_vector) {
  use(small_model());
  std::string million;
  for (int i = 0; i < 1'000'000; ++i) million += "a ";
  const Finished finished = encode("\na\nh\xffi\xc3 \xed\xa0\x80\xf0\x9f\n" + million + "\n");
  ASSERT_EQ(finished.exit_code, 0) << finished.errors;
  std::istringstream lines(finished.output);
  std::vector<std::size_t> token_counts;
  for (std::string line; std::getline(lines, line);) {
    const auto answer = json::parse(line);
    ASSERT_TRUE(answer.ok()) << line;
    token_counts.push_back(array(*answer, "tokens").size());
    double square = 0;
    for (const json::Value& value : array(*answer, "vector")) {
      square += *json::as_number(value) * *json::as_number(value);
    }
    EXPECT_NEAR(square, 1.0, 1e-4);
  }
  EXPECT_EQ(token_counts, (std::vector<std::size_t>{2, 3, 4, 64}));
}

TEST_F(BadTraining, whose_loss_is_not_finite_publishes_no_model) {
  use(overflowing_model());
  sync();
  const json::Value trained = installation.ask({"train", kSampleLogin});
  EXPECT_EQ(json::find_bool(trained.as_object(), "published"), false);
  EXPECT_EQ(text(trained, "reason"), "not_finite");
  const json::Value models = installation.ask({"models", kSampleLogin});
  EXPECT_EQ(text(models, "answers"), "base");
  EXPECT_EQ(text(models, "models.0.reason"), "not_finite");
  const json::Value found = installation.ask({"search", kSampleLogin, "greenhouse-node"});
  EXPECT_EQ(text(found, "mode"), "lexical");
  EXPECT_EQ(text(found, "results.0.repository"), "greenhouse-node");
}

TEST_F(BadTraining, on_weights_that_are_cut_says_so_and_keeps_no_record) {
  use(small_model());
  sync();
  const std::string whole = read(file("model.safetensors"));
  write(file("model.safetensors"), whole.substr(0, whole.size() / 2));
  const Finished finished = installation.run({"train", kSampleLogin});
  EXPECT_EQ(finished.exit_code, kCorrupt) << finished.output;
  EXPECT_NE(finished.errors.find("the file is cut"), std::string::npos) << finished.errors;
  EXPECT_TRUE(array(installation.ask({"models", kSampleLogin}), "models").empty());
  // Whole again, the same content is trained on.
  write(file("model.safetensors"), whole);
  EXPECT_EQ(integer(installation.ask({"train", kSampleLogin}), "steps"), 3);
}

TEST_F(BadTraining, on_a_readme_of_a_million_tokens_and_one_of_none_is_done_in_seconds) {
  use(small_model());
  std::string readme = "# greenhouse-node\n\n## Wiring\n\n";
  for (int i = 0; i < 100'000; ++i) readme += "a b c d e f g h i j\n";
  push("greenhouse-node", readme);
  push("sql-kata", "");
  push("stitchwork", "x");
  EXPECT_NE(json::write(sync()).find("truncated_document"), std::string::npos);
  const json::Value trained = installation.ask({"train", kSampleLogin});
  EXPECT_EQ(integer(trained, "steps"), 3);
  EXPECT_LT(number(trained, "seconds"), kSanitized ? 200 : 30);
  const json::Value found = installation.ask({"search", kSampleLogin, "wiring"});
  EXPECT_EQ(text(found, "coverage"), "18/18");
  EXPECT_EQ(text(found, "results.0.repository"), "greenhouse-node");
}

}  // namespace
}  // namespace cloudfolio::system_test

// What a portfolio's owner lets train: `training.include_private` from its first day to its last,
// with the real program. A model is told by its report: the repositories that it read, and its
// losses, which one other word in its text moves.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "expectations.h"
#include "owned_world.h"
#include "shallow_model.h"

namespace cloudfolio::system_test {
namespace {

using http::Method;
using Names = std::set<std::string>;

constexpr const char* kAda = "ada-token";
constexpr std::chrono::seconds kLongest{120};

// The sample portfolio as ada's, every second documented repository private, or not there at all.
class World : public OwnedWorld {
 public:
  enum class Hidden { present, absent };
  explicit World(Hidden hidden) : OwnedWorld({"ada"}) {
    std::set<std::filesystem::path> files;
    for (const auto& file : std::filesystem::directory_iterator(sample_portfolio() / kSampleLogin))
      files.insert(file.path());
    bool is_private = false;
    for (const auto& file : files) {
      json::Object repository = parsed(file);
      const std::string name(*json::find_string(repository, "name"));
      if (repository.at("files").as_object().contains("README.md")) {
        is_private = !is_private;
        (is_private ? private_names : public_names).insert(name);
        repository["is_private"] = is_private;
        if (is_private && hidden == Hidden::absent) continue;
      }
      repository["owner"] = "ada";
      write_repository(repository);
    }
    open({{"CLOUDFOLIO_BASE_MODEL", shallow_model()}, {"CLOUDFOLIO_TRAINING_MAX_STEPS", "10"}});
  }

  // Every training there ever was, by its instance, once none of them runs.
  std::map<std::string, json::Value> trainings() {
    const std::string path = "/v1/admin/trainings";
    const auto until = std::chrono::steady_clock::now() + kLongest;
    for (;;) {
      const json::Value listed = get(path + "?login=ada", kOperatorToken).body;
      std::map<std::string, json::Value> all;
      for (const json::Value& one : array(listed, "trainings")) {
        const std::string instance = text(one, "instance");
        if (text(one, "status") == "Completed")
          all[instance] = get(path + "/" + instance, kOperatorToken).body.at("output");
      }
      if (all.size() == array(listed, "trainings").size()) return all;
      if (std::chrono::steady_clock::now() > until) throw std::runtime_error(json::write(listed));
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }

  void allow(bool value) {
    const std::string body =
        std::string(R"({"training.include_private":)") + (value ? "true}" : "false}");
    const Answer answer =
        call(Method::put, installation->url() + "/v1/portfolios/ada/settings", body, headers(kAda));
    EXPECT_EQ(answer.status, 200) << answer.text;
    ended("private:index:ada");
  }

  // A private repository's text changes, and the next refresh sees it.
  void write_secretly(const std::string& sentence) {
    const std::string name = *private_names.begin();
    const std::string readme = "# " + name + "\n\n## What is kept here\n\n" + sentence + "\n";
    github->control(
        "/_sim/push",
        {{"owner", "ada"}, {"repo", name}, {"files", json::Object{{"README.md", readme}}}});
    EXPECT_EQ(refresh("ada", kAda), "Completed");
  }

  // Which model answers the owner for the private part, and for the public one.
  std::pair<std::string, std::string> answering() {
    ended("index:ada");
    ended("private:index:ada");
    const Answer found = get("/v1/portfolios/ada/search?q=what+is+kept+here", kAda);
    return {text(found.body, "private.model"), text(found.body, "model")};
  }

  Names private_names, public_names;

 private:
  static json::Object parsed(const std::filesystem::path& file) {
    std::ifstream stream(file);
    std::stringstream content;
    content << stream.rdbuf();
    return *json::parse_object(content.str());
  }
};

// It read some of these, and nothing else; repositories without prose are not trained on.
void expect_read_only(const json::Value& report, const Names& allowed) {
  Names read;
  for (const json::Value& name : array(report, "repository_names"))
    read.emplace(*json::as_string(name));
  EXPECT_GE(read.size(), 4u) << json::write(report);
  EXPECT_TRUE(std::ranges::includes(allowed, read)) << json::write(report);
  EXPECT_GT(integer(report, "pairs"), 0);
}

// The trainings that are new since `before`.
std::map<std::string, json::Value> added(const std::map<std::string, json::Value>& before,
                                         std::map<std::string, json::Value> now) {
  for (const auto& [instance, report] : before) now.erase(instance);
  return now;
}

TEST(PrivateTraining, is_the_owners_to_allow_reads_private_text_and_ends_when_it_is_taken_back) {
  NEEDS_BASE_MODEL();
  if (kSanitized) GTEST_SKIP() << "too slow under a sanitizer";
  World without(World::Hidden::absent);
  World world(World::Hidden::present);
  ASSERT_GE(world.private_names.size(), 4u);
  for (World* one : {&without, &world}) ASSERT_EQ(one->refresh("ada", kAda), "Completed");

  // Not allowed: one training, of public text, which is the same as if nothing private existed.
  const auto never = world.trainings();
  ASSERT_EQ(never.size(), 1u);
  const json::Value& published = never.begin()->second;
  EXPECT_TRUE(never.begin()->first.starts_with("train:ada:")) << never.begin()->first;
  expect_read_only(published, world.public_names);
  const auto elsewhere = without.trainings();
  ASSERT_EQ(elsewhere.size(), 1u);
  EXPECT_EQ(elsewhere.begin()->first, never.begin()->first);
  for (const char* part : {"losses", "pairs", "queries", "tuned_score"})
    EXPECT_EQ(json::write(elsewhere.begin()->second.at(part)), json::write(published.at(part)))
        << part;
  world.write_secretly("The opal lies in the well.");
  EXPECT_EQ(world.trainings().size(), 1u);
  const auto [base, public_model] = world.answering();
  EXPECT_EQ(base, "base");

  // Allowed: a training on the private text and on nothing else; another word there is another run.
  world.allow(true);
  const auto first = added(never, world.trainings());
  ASSERT_EQ(first.size(), 1u);
  EXPECT_TRUE(first.begin()->first.starts_with("private:train:ada:")) << first.begin()->first;
  expect_read_only(first.begin()->second, world.private_names);
  // It answers where it won, which is the processor's arithmetic to say (ten steps do here).
  const bool won = first.begin()->second.at("published").as_bool();
  if (!won)
    std::printf("the private model did not win: %s\n",
                text(first.begin()->second, "reason").c_str());
  EXPECT_EQ(world.answering(),
            std::pair(won ? text(first.begin()->second, "fingerprint") : "base", public_model));
  const auto before = world.trainings();
  world.write_secretly("The beryl lies behind the mill.");
  const auto second = added(before, world.trainings());
  ASSERT_EQ(second.size(), 1u);
  expect_read_only(second.begin()->second, world.private_names);
  EXPECT_NE(json::write(second.begin()->second.at("losses")),
            json::write(first.begin()->second.at("losses")));

  // Nobody else learns of it.
  const std::string instances = "/runtime/webhooks/durabletask/instances/";
  EXPECT_EQ(world.get(instances + second.begin()->first).status,
            world.get(instances + "private:train:ada:0").status);

  // Taken back: the base model answers for what is private, and nothing more is learnt of it.
  const auto after = world.trainings();
  world.allow(false);
  EXPECT_EQ(world.answering(), std::pair(std::string("base"), public_model));
  world.write_secretly("The agate lies under the third stone.");
  EXPECT_TRUE(added(after, world.trainings()).empty());
  EXPECT_EQ(world.answering(), std::pair(std::string("base"), public_model));
}

}  // namespace
}  // namespace cloudfolio::system_test

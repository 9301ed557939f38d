// The main job over real portfolios, where a corpus of them stands beside the checkout.

#include <gtest/gtest.h>

#include <filesystem>

#include "expectations.h"
#include "world.h"

namespace cloudfolio::system_test {
namespace {

TEST(Corpus, every_owner_of_the_corpus_is_mirrored_whole) {
  const auto corpus = corpus_folder();
  if (!corpus) GTEST_SKIP() << "the corpus is missing (CLOUDFOLIO_CORPUS or ../shared/corpus)";
  Simulator github(*corpus);
  for (const auto& owner : std::filesystem::directory_iterator(*corpus)) {
    if (!owner.is_directory()) continue;
    SCOPED_TRACE(owner.path().filename().string());
    Installation installation(github.url());
    const json::Value synced = installation.ask({"sync", owner.path().filename().string()});
    expect_everything_is_accounted_for(synced);
    std::int64_t files = 0;
    for (const auto& file : std::filesystem::directory_iterator(owner.path())) {
      files += file.path().extension() == ".json" ? 1 : 0;
    }
    EXPECT_EQ(integer(synced, "seen"), files);
    EXPECT_EQ(integer(synced, "mirrored"), files) << json::write(synced);
    const std::int64_t before = github.request_count();
    installation.ask({"sync", owner.path().filename().string()});
    EXPECT_LE(github.request_count() - before, 1);
  }
}

TEST(Corpus, an_owner_of_the_corpus_is_trained_on_and_searched) {
  NEEDS_BASE_MODEL();
  const auto corpus = corpus_folder();
  if (!corpus) GTEST_SKIP() << "the corpus is missing (CLOUDFOLIO_CORPUS or ../shared/corpus)";
  Simulator github(*corpus);
  Installation installation(github.url());
  installation.ask({"sync", "karpathy"});
  const json::Value trained = installation.ask({"train", "karpathy", "--max-steps", "20"});
  EXPECT_LE(integer(trained, "steps"), 20);
  EXPECT_GT(integer(trained, "pairs"), 0);
  const json::Value again = installation.ask({"train", "karpathy", "--max-steps", "20"});
  EXPECT_EQ(json::write(again), json::write(trained)) << "nothing trains twice";
  const json::Value found = installation.ask({"search", "karpathy", "micrograd"});
  EXPECT_EQ(text(found, "results.0.repository"), "micrograd");
}

}  // namespace
}  // namespace cloudfolio::system_test

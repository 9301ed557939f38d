// The main job with its cache in a storage account: the emulator stands for Azure.

#include <gtest/gtest.h>

#include "storage/azure/azure.h"
#include "storage/azure/testing/azurite.h"
#include "world.h"

namespace cloudfolio::system_test {
namespace {

namespace azure = storage::azure;

std::string connection_string(const azure::Account& account) {
  return "DefaultEndpointsProtocol=http;AccountName=" + account.name +
         ";AccountKey=" + std::get<azure::SharedKey>(account.credential).key.reveal() +
         ";BlobEndpoint=" + account.blob_url + ";QueueEndpoint=" + account.queue_url +
         ";TableEndpoint=" + account.table_url + ";";
}

TEST(AzureStorage, the_sample_portfolio_is_synced_served_and_searched) {
  const auto emulator = azure::Azurite::shared();
  if (!emulator) GTEST_SKIP() << emulator.error().message();
  const azure::Account account = (*emulator)->next_account();
  Simulator github(sample_portfolio());
  Installation installation(github.url());
  installation.environment["CLOUDFOLIO_STORAGE_BACKEND"] = "azure";
  installation.environment["AzureWebJobsStorage"] = connection_string(account);
  installation.environment["CLOUDFOLIO_TRAINING_ENABLED"] = "false";

  installation.serve();
  const json::Value synced = installation.ask({"sync", kSampleLogin});
  EXPECT_EQ(integer(synced, "generation"), 1);
  EXPECT_GE(integer(synced, "mirrored"), 8);
  const json::Value found = installation.ask({"search", kSampleLogin, "greenhouse-node"});
  EXPECT_EQ(text(found, "results.0.repository"), "greenhouse-node");

  // It is in the account, and nowhere else: another installation without a byte of its own reads
  // it.
  const auto storage = azure::open({.account = account}, (*emulator)->clock());
  ASSERT_TRUE(storage);
  storage::BlobStore& cache = **(*storage)->blobs("github-cache");
  const auto bundle =
      cache.head(Context(), storage::BlobKey(std::string("repos_bundle_context_") + kSampleLogin));
  ASSERT_TRUE(bundle) << bundle.error().message();
  EXPECT_GT(bundle->size_bytes, 1'000u);
  Installation other(github.url());
  other.environment = installation.environment;
  const json::Value there = other.ask({"search", kSampleLogin, "greenhouse-node"});
  EXPECT_EQ(text(there, "results.0.repository"), "greenhouse-node");
}

TEST(AzureStorage, a_portfolio_moves_to_an_account_and_back_while_it_is_served) {
  const auto emulator = azure::Azurite::shared();
  if (!emulator) GTEST_SKIP() << emulator.error().message();
  const std::string connection = connection_string((*emulator)->next_account());
  Simulator github(sample_portfolio());
  const TemporaryFolder folder;
  Installation here(github.url()), there(github.url()), back(github.url());
  for (Installation* one : {&here, &there, &back})
    one->environment["CLOUDFOLIO_TRAINING_ENABLED"] = "false";
  there.environment["CLOUDFOLIO_STORAGE_BACKEND"] = "azure";
  there.environment["AzureWebJobsStorage"] = connection;
  const auto migrate = [&](const char* verb, const std::string& from, const std::string& to) {
    const std::string journal = (folder.path() / (from.substr(0, 5) + "-journal")).string();
    Process::Options options;
    options.arguments = {"migrate", verb, "--json",    "--from", from,
                         "--to",    to,   "--journal", journal};
    const Finished done = run(std::move(options));
    EXPECT_EQ(done.exit_code, 0) << verb << " " << done.output << done.errors;
    const auto answer = json::parse(done.output);
    EXPECT_TRUE(answer && answer->at("clean").as_bool()) << done.output;
  };
  const std::string first = "embedded:" + here.data().string();
  const std::string last = "embedded:" + back.data().string();
  const std::string account = "azure:" + connection;

  here.serve();
  const json::Value synced = here.ask({"sync", kSampleLogin});
  migrate("run", first, account);
  migrate("verify", first, account);
  const auto finds = [](Installation& where) {
    const json::Value found = where.ask({"search", kSampleLogin, "greenhouse-node"});
    EXPECT_EQ(text(found, "results.0.repository"), "greenhouse-node");
    return integer(found, "generation");
  };
  EXPECT_EQ(finds(there), integer(synced, "generation"));
  // What is written there goes on where it came from, and moves back.
  EXPECT_EQ(integer(there.ask({"sync", kSampleLogin, "--force"}), "generation"), 2);
  migrate("run", account, last);
  migrate("verify", account, last);
  EXPECT_EQ(finds(back), 2);
  EXPECT_EQ(finds(here), 1) << "the first one served all the time";
}

TEST(AzureStorage, an_account_that_is_not_named_is_asked_for) {
  Installation installation("http://127.0.0.1:9");
  installation.environment["CLOUDFOLIO_STORAGE_BACKEND"] = "azure";
  const Finished finished = installation.run({"sync", kSampleLogin});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_NE(finished.errors.find("azure.connection_string"), std::string::npos) << finished.errors;
}

}  // namespace
}  // namespace cloudfolio::system_test

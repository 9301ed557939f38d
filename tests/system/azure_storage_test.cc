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

TEST(AzureStorage, an_account_that_is_not_named_is_asked_for) {
  Installation installation("http://127.0.0.1:9");
  installation.environment["CLOUDFOLIO_STORAGE_BACKEND"] = "azure";
  const Finished finished = installation.run({"sync", kSampleLogin});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_NE(finished.errors.find("azure.connection_string"), std::string::npos) << finished.errors;
}

}  // namespace
}  // namespace cloudfolio::system_test

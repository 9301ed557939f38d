// What a comparison of answers asks of this program leaves no trace in its store.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <thread>

#include "cache/cache.h"
#include "crypto/hash.h"
#include "durable/embedded/testing/scheduler_fixture.h"
#include "flags/definition.h"
#include "gateway/gateway.h"
#include "gateway/testing/fake_portfolios.h"
#include "http/server.h"
#include "json/json.h"
#include "roles/system.h"

namespace cloudfolio::roles {
namespace {

// Every file's contents; the memory that SQLite shares between processes is none.
std::map<std::string, std::string> files_of(const std::filesystem::path& folder) {
  std::map<std::string, std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.path().string().ends_with("-shm")) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    found[entry.path()] = crypto::sha256_hex(std::string(std::istreambuf_iterator<char>(file), {}));
  }
  return found;
}

void publish(System& system) {
  cache::Bundle bundle;
  bundle.repositories.emplace_back();
  cache::RepositoryEntry& entry = bundle.repositories[0];
  entry.name = entry.metadata.name = "alpha";
  entry.metadata.id = 1;
  entry.metadata.owner.login = "ada";
  entry.readme = "# alpha\n\nAbout weaving.\n";
  const auto cache = system.platform().cache().open(TenantId("ada"));
  const auto generation = cache.reserve_generation({});
  ASSERT_TRUE(generation) << generation.error().message();
  const auto published = cache.publish({}, {.generation = *generation}, bundle);
  ASSERT_TRUE(published) << published.error().message();
}

TEST(ShadowReads, leave_every_byte_of_the_store_as_it_was) {
  durable::testing::TemporaryDirectory folder;
  const SystemClock clock;
  Config config;
  config.data = (folder.path() / "data").string();
  config.encoder_model = "/nonexistent";
  config.log_level = "off";
  auto system = System::open(config, clock, System::Work::read_only);
  ASSERT_TRUE(system) << system.error().message();
  Platform& platform = (*system)->platform();
  publish(**system);
  ASSERT_TRUE(platform.flag_desk().store().set({}, flags::kShadow, flags::Share(flags::kEverybody),
                                               {"test", "compare"}));
  ASSERT_TRUE(platform.flag_desk().store().set({}, flags::kNewGateway, flags::Share(0),
                                               {"test", "the old app answers"}));
  ASSERT_TRUE(platform.flags().refresh({}));

  telemetry::MetricRegistry old_metrics;
  const auto old_app = http::Server::open(
      {},
      [](http::Request&) {
        return http::Response{200, {}, R"({"data":[]})"};
      },
      clock, platform.random(), platform.log(), old_metrics);
  ASSERT_TRUE(old_app) << old_app.error().message();
  gateway::FakeInstances instances;
  gateway::Gateway::Options options;
  options.flags = &platform.flags();
  options.flag_store = &platform.flag_desk().store();
  options.request_keys = &platform.tenancy().request_keys();
  options.upstream = (*old_app)->origin();
  options.upstream_client = &platform.http();
  gateway::Gateway gateway(
      std::move(options), (*system)->portfolios(), instances,
      *tenancy::TokenTable::parse(
          {{crypto::sha256_hex("root"), "", tenancy::TokenEntry::Speaks::for_operator}}),
      clock, platform.log(), platform.metrics());
  const auto get = [&](const std::string& path) {
    http::Request request;
    request.method = http::Method::get;
    request.path = request.target = path;
    request.headers.set("Authorization", "Bearer root");
    return gateway.answer(request);
  };
  // Of both routes.
  const auto counted = [&](const char* field) {
    const auto report = json::parse(get("/v1/admin/shadow").body.view());
    std::int64_t sum = 0;
    for (const char* route : {"routes.0", "routes.1"}) {
      const json::Value* const found = json::find_path(*report, route);
      if (found) sum += json::find_int(*found, field).value_or(0);
    }
    return sum;
  };

  const auto before = files_of(folder.path());
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(get("/api/bundles/ada").status, 200);
    EXPECT_EQ(get("/api/bundles/ada/alpha").status, 200);
  }
  const auto deadline = clock.now() + std::chrono::seconds(20);
  while (counted("compared") < 40 && clock.now() < deadline) std::this_thread::yield();
  EXPECT_EQ(counted("compared"), 40);
  EXPECT_EQ(counted("different"), 40) << "it is ours that was asked beside the old one";
  EXPECT_EQ(files_of(folder.path()), before);
  ASSERT_TRUE(
      platform.flag_desk().store().set({}, flags::kShadow, flags::Share(0), {"test", "end"}));
  EXPECT_NE(files_of(folder.path()), before) << "a write is seen";
}

}  // namespace
}  // namespace cloudfolio::roles

// No sequence of calls by one tenant, over the HTTP routes and search, reads, lists, counts or
// changes another's.

#include <gtest/gtest.h>

#include <stdlib.h>

#include <filesystem>
#include <map>

#include "base/random.h"
#include "cache/cache.h"
#include "cache/rights.h"
#include "cache/tenant_places.h"
#include "crypto/hash.h"
#include "gateway/gateway.h"
#include "gateway/testing/fake_portfolios.h"
#include "json/json.h"
#include "roles/local_administration.h"
#include "roles/system.h"

namespace cloudfolio::roles {
namespace {

const Context kCtx;
// Prefixes of one another.
const std::vector<std::string> kNames{"a", "a-b", "ab", "a-b-c", "private"};

std::string token_of(const std::string& name) {
  return "token-" + name;
}
// In no other's, not even as a part.
std::string secret_of(const std::string& name) {
  return "secret" + crypto::sha256_hex(name).substr(0, 12);
}

cache::Bundle bundle_of(const std::string& name, const std::string& repository,
                        const std::string& text) {
  cache::Bundle bundle;
  bundle.repositories.emplace_back();
  cache::RepositoryEntry& entry = bundle.repositories[0];
  entry.name = repository;
  entry.metadata.id = 1;
  entry.metadata.name = repository;
  entry.metadata.owner.login = name;
  entry.readme = "# " + repository + "\n\nAbout " + text + " and more.\n";
  entry.documents.push_back(
      {cache::DocumentKind::readme, "README.md", std::string(40, 'b'), entry.readme.size(), false});
  return bundle;
}

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "isolation-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class RouteIsolation : public ::testing::Test {
 protected:
  RouteIsolation() {
    Config config;
    config.data = (folder.path() / "data").string();
    config.encoder_model = "/nonexistent";
    config.log_level = "off";
    auto opened = System::open(config, clock, System::Work::read_only);
    if (!opened) throw std::runtime_error(opened.error().message());
    system = *std::move(opened);
    administration.emplace(system->platform(), &instances);
    std::vector<tenancy::TokenEntry> entries;
    for (const std::string& name : kNames) {
      fill(name);
      entries.push_back({crypto::sha256_hex(token_of(name)), name});
    }
    gateway::Gateway::Options options;
    options.administration = &*administration;
    options.request_keys = &system->platform().tenancy().request_keys();
    gateway.emplace(std::move(options), system->portfolios(), instances,
                    *tenancy::TokenTable::parse(entries), clock, system->platform().log(),
                    system->platform().metrics());
  }

  // A public and a private portfolio with a live right, usage, and runs that tell of the secret.
  void fill(const std::string& name) {
    const TenantId tenant(name);
    const cache::Place hidden(tenant, cache::Scope::of("https://api", 7));
    const auto publish = [&](const cache::Place& place, const std::string& repository,
                             const std::string& text) {
      const cache::TenantCache cache = system->platform().cache().open(place);
      const auto generation = cache.reserve_generation(kCtx);
      ASSERT_TRUE(generation && cache.publish(kCtx, {.generation = *generation},
                                              bundle_of(name, repository, text)));
    };
    ASSERT_TRUE(system->platform().rights().announce(kCtx, hidden));
    publish(tenant, "open-" + name, "weaving");
    publish(hidden, "vault-" + secret_of(name), secret_of(name));
    ASSERT_TRUE(system->platform().rights().confirm(kCtx, hidden));
    ASSERT_TRUE(system->platform().tenancy().ledger().count(kCtx, tenant, tenancy::Meter::trainings,
                                                            "one"));
    for (const std::string& id : {"private:index:" + name, "private:train:" + name + ":0"}) {
      durable::OrchestrationState state;
      state.instance = InstanceId(id);
      state.name = "index_portfolio";
      state.status = durable::OrchestrationStatus::completed;
      state.tags = {{"tenant", name}};
      state.output = "\"" + secret_of(name) + "\"";
      instances.put(std::move(state));
    }
  }

  http::Response ask(const std::string& name, http::Method method, const std::string& target,
                     std::string body = {}, std::string key = {}) {
    http::Request request;
    request.method = method;
    request.target = target;
    const std::size_t question = target.find('?');
    request.path = target.substr(0, question);
    std::string query = question == std::string::npos ? "" : target.substr(question + 1);
    while (!query.empty()) {
      const std::string pair = query.substr(0, query.find('&'));
      query.erase(0, std::min(query.size(), pair.size() + 1));
      request.query.emplace_back(pair.substr(0, pair.find('=')), pair.substr(pair.find('=') + 1));
    }
    request.headers.set("Authorization", "Bearer " + token_of(name));
    if (!key.empty()) request.headers.set("Idempotency-Key", key);
    request.body = std::move(body);
    return gateway->answer(request);
  }

  std::string pick(Random& random, const std::vector<std::string>& from) {
    return from[random.below(from.size())];
  }

  // One random request of `name`; mostly about others.
  http::Response call(Random& random, const std::string& name) {
    const std::string other = pick(random, kNames);
    const std::string secret = secret_of(pick(random, kNames));
    const std::string v1 = "/v1/portfolios/" + other;
    const std::string instance = "/runtime/webhooks/durabletask/instances/" +
                                 pick(random, {"private:index:", "refresh:", "private:train:"}) +
                                 other + pick(random, {"", ":0"});
    const std::string sight = pick(random, {"", "&private=true", "&private=false"});
    using http::Method;
    switch (random.below(14)) {
      case 0:
        return ask(name, Method::get, v1 + "/search?q=" + secret + sight);
      case 1:
        return ask(name, Method::get,
                   v1 + "/search?q=" + pick(random, {"about", "vault", "weaving", "more"}) +
                       "&limit=100&hits=20&explain=true" + sight);
      case 2:
        return ask(name, Method::get, v1 + "/repositories/vault-" + secret + "?x=1" + sight);
      case 3:
        return ask(name, Method::get, v1 + pick(random, {"", "/status", "/usage", "/settings"}));
      case 4:
        return ask(
            name, Method::get,
            pick(random, {"/api/bundles/" + other, "/api/bundles/" + other + "/vault-" + secret,
                          "/api/bundles/" + other + "/status"}));
      case 5:
        return ask(name, Method::post, "/api/ai",
                   R"({"username":")" + other + R"(","query":"what about )" + secret + R"(?"})");
      case 6:
        return ask(name, Method::post, "/api/ai",
                   R"({"username":")" + other + R"(","query":"vault","private":true})");
      case 7:
        return ask(name, Method::get, instance + "?showHistory=true");
      case 8:
        return ask(name, pick(random, {"x", "y"}) == "x" ? Method::post : Method::delete_,
                   instance + pick(random, {"", "/terminate", "/restart", "/raiseEvent/again"}),
                   "{}", pick(random, {"", "key"}));
      case 9:
        return ask(name, Method::put, v1 + "/settings",
                   R"({"training.include_private":)" + pick(random, {"true}", "false}"}));
      case 10:
        return ask(name, Method::put, "/v1/admin/tenants/" + other + "/quotas",
                   R"({"trainings":0})");
      case 11:
        return ask(name, Method::delete_, "/v1/admin/tenants/" + other);
      case 12:
        return ask(name, Method::post, v1 + pick(random, {"/refresh", "/train"}), "{}", "key");
      default:
        return ask(name, Method::get,
                   pick(random, {"/v1/admin/usage", "/metrics", "/v1/admin/costs", "/api/health",
                                 "/runtime/webhooks/durabletask/instances"}));
    }
  }

  // Everything of a tenant, by its own eyes and by the store's.
  std::string state_of(const std::string& name) {
    std::string state;
    Platform& platform = system->platform();
    const TenantId tenant(name);
    EXPECT_TRUE(cache::for_each_entry(
        kCtx, platform.tenancy().blobs(), tenant, [&](const storage::BlobEntry& entry) -> Status {
          state += entry.key.str() + "=" + entry.properties.etag.str() + ";";
          return Done{};
        }));
    for (const char* path : {"/usage", "/settings", "/search?q=vault"})
      state +=
          std::string(ask(name, http::Method::get, "/v1/portfolios/" + name + path).body.view());
    for (const char* id : {"private:index:", "private:train:"}) {
      const std::string one = id + name + (std::string(id) == "private:train:" ? ":0" : "");
      const auto kept = instances.get(kCtx, InstanceId(one), durable::Include::payloads);
      state += *kept ? (*kept)->output : "(none)";
    }
    return state;
  }

  SystemClock clock;
  Folder folder;
  std::unique_ptr<System> system;
  gateway::FakeInstances instances;
  std::optional<LocalAdministration> administration;
  std::optional<gateway::Gateway> gateway;
};

TEST_F(RouteIsolation, no_sequence_of_requests_reads_or_changes_anothers) {
  const std::uint64_t seed = Random::from_system().next();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  SCOPED_TRACE(seed);
  Random random(seed);
  // What the test looks for is there to be found: by whom it belongs to.
  for (const std::string& name : kNames)
    ASSERT_NE(state_of(name).find(secret_of(name)), std::string::npos) << state_of(name);
  std::size_t found_own = 0;
  for (int turn = 0; turn < 150; ++turn) {
    const std::string name = pick(random, kNames);
    std::map<std::string, std::string> before;
    for (const std::string& other : kNames)
      if (other != name) before[other] = state_of(other);
    for (int calls = 0; calls < 8; ++calls) {
      const http::Response response = call(random, name);
      std::string all(response.body.view());
      for (const auto& [header, value] : response.headers) all += header + value;
      if (all.find(secret_of(name)) != std::string::npos) ++found_own;
      // A question comes back in its answer; what was found stands beside it.
      for (const auto& [other, state] : before) {
        ASSERT_EQ(all.find("vault-" + secret_of(other) + "\""), std::string::npos)
            << name << " read " << all;
        ASSERT_EQ(all.find("About " + secret_of(other)), std::string::npos)
            << name << " read " << all;
      }
    }
    for (const auto& [other, state] : before)
      ASSERT_EQ(state_of(other), state) << name << " changed or counted what is " << other << "'s";
  }
  EXPECT_GT(found_own, 0u);
}

}  // namespace
}  // namespace cloudfolio::roles

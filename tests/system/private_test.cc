// Two tenants, one private repository, one right: what the owner finds, and that nobody else can
// tell it from a world without it.

#include <gtest/gtest.h>

#include <regex>

#include "http/url.h"
#include "owned_world.h"

namespace cloudfolio::system_test {
namespace {

using http::Method;

constexpr const char* kAda = "ada-token";
constexpr const char* kEve = "eve-token";
constexpr const char* kSecretWord = "chrysoberyl";

// GitHub with ada and eve, and an installation that works with ada's token and serves both.
class World : public OwnedWorld {
 public:
  enum class Vault { absent, present };
  explicit World(Vault vault) : OwnedWorld({"ada", "eve"}) {
    add("ada", "engine", "# engine\n\nA mill for numbers.\n", "C++");
    add("ada", "loom", "# loom\n\nWeaves flowers and leaves.\n", "Go");
    if (vault == Vault::present)
      add("ada", "vault", "# vault\n\nThe chrysoberyl is kept behind the third door.\n", "Zig",
          {{"is_private", true}});
    add("eve", "lantern", "# lantern\n\nA lamp for the night.\n", "Rust");
    add("eve", "ladder", "# ladder\n\nReaches windows.\n", "Rust");
    open({{"CLOUDFOLIO_TRAINING_ENABLED", "false"}});
  }

 private:
  void add(const std::string& owner, const std::string& name, const std::string& readme,
           const std::string& language, const json::Object& more = {}) {
    json::Object repository{
        {"owner", owner},
        {"name", name},
        {"pushed_at", "2026-01-0" + std::to_string(1 + name.size() % 9) + "T08:00:00Z"},
        {"languages", json::Object{{language, 4711}}},
        {"files", json::Object{{"README.md", json::Object{{"text", readme}}}}}};
    for (const auto& item : more) repository[item.key()] = item.value();
    write_repository(repository);
  }
};

struct Question {
  Method method;
  std::string path;
  std::string body = {};
};

// Every route, with everything that might tell.
std::vector<Question> questions() {
  const std::string v1 = "/v1/portfolios/ada";
  const std::string instances = "/runtime/webhooks/durabletask/instances";
  std::vector<Question> all;
  for (const char* path :
       {"", "/repositories/vault", "/repositories/VAULT?private=true", "/repositories/engine",
        "/status", "/search", "/search?q=", "/search?q=%20", "/search?q=chrysoberyl",
        "/search?q=vault", "/search?q=repo:vault", "/search?q=lang:zig", "/search?q=lang:go",
        "/search?q=third+door&explain=true&limit=100&hits=20", "/search?q=vault&private=true",
        "/search?q=vault&private=maybe", "/search?q=type:programming", "/search?q=-engine"})
    all.push_back({Method::get, v1 + path});
  for (const char* path : {"/api/bundles/ada", "/api/bundles/ada/vault", "/api/bundles/ada/engine",
                           "/api/bundles/ada/status", "/api/health", "/metrics", "/api/surveys",
                           "/v1/portfolios/eve", "/v1/portfolios/eve/search?q=chrysoberyl"})
    all.push_back({Method::get, path});
  for (const char* id :
       {"", "/refresh:ada", "/refresh:ada?showHistory=true", "/refresh:ada?showOutput=report",
        "/index:ada", "/private:index:ada", "/private:index:ada?showHistory=true",
        "/private:refresh:ada", "/private:train:ada:0", "/train:ada:0"})
    all.push_back({Method::get, instances + id});
  for (const char* id : {"/private:index:ada/terminate", "/private:index:ada/restart",
                         "/private:index:ada/raiseEvent/again", "/refresh:ada/terminate"})
    all.push_back({Method::post, instances + id, "{}"});
  all.push_back({Method::delete_, instances + "/private:index:ada"});
  for (const char* query : {"Where is the chrysoberyl kept?", "vault", "what is behind the door?"})
    for (const char* asked : {"", R"(,"private":true)", R"(,"private":false)"})
      all.push_back({Method::post, "/api/ai",
                     R"({"username":"ada","query":")" + std::string(query) + "\"" + asked + "}"});
  all.push_back({Method::post, v1 + "/refresh", "{}"});
  all.push_back({Method::post, v1 + "/train", "{}"});
  all.push_back({Method::post, "/api/orchestrator_start", R"({"username":"ada"})"});
  return all;
}

bool is_of_the_moment(const std::string& header) {
  for (const char* name : {"ETag", "Date", "X-Request-Id", "traceparent", "Content-Length"})
    if (http::same_name(header, name)) return true;
  return false;
}

// Times and addresses differ from run to run.
std::string steady(std::string text, const World& world) {
  for (const std::string& url : {world.installation->url(), world.github->url()})
    for (auto at = text.find(url); at != std::string::npos; at = text.find(url))
      text.replace(at, url.size(), "URL");
  static const std::regex took(R"("seconds":[0-9.e-]+)");
  text = std::regex_replace(text, took, "TOOK");
  static const std::regex time(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?)");
  return std::regex_replace(text, time, "TIME");
}

std::vector<std::string> answers_for(World& world, const std::string& token) {
  std::vector<std::string> all;
  for (const Question& question : questions()) {
    const Answer answer = call(question.method, world.installation->url() + question.path,
                               question.body, World::headers(token));
    std::string headers;
    for (const auto& [name, value] : answer.headers)
      if (!is_of_the_moment(name)) headers += name + ": " + value + "\n";
    all.push_back(question.path + " " + question.body + "\n" + std::to_string(answer.status) +
                  "\n" + steady(headers + answer.text, world));
  }
  return all;
}

TEST(PrivateRepositories, training_on_them_is_the_owners_to_allow) {
  World world(World::Vault::present);
  const std::string path = world.installation->url() + "/v1/portfolios/ada/settings";
  const auto set = [&](const char* token, bool value) {
    const std::string body =
        std::string(R"({"training.include_private":)") + (value ? "true}" : "false}");
    return call(Method::put, path, body, World::headers(token));
  };
  const auto now = [&] {
    const Answer answer = call(Method::get, path, "", World::headers(kAda));
    return json::write(answer.body.at("settings"));
  };
  EXPECT_EQ(now(), R"({"training.include_private":false})");
  EXPECT_EQ(set(kEve, true).status, 403);
  EXPECT_EQ(set("", true).status, 401);
  EXPECT_EQ(set(kOperatorToken, true).status, 403);
  EXPECT_EQ(set(kAda, true).status, 200);
  world.installation->environment["CLOUDFOLIO_TOKEN"] = kAda;
  const json::Value shown = world.installation->ask({"tenant", "settings", "ada"});
  EXPECT_EQ(text(shown, "changes.0.by"), "tenant ada");
  EXPECT_TRUE(shown.at("settings").at("training.include_private").as_bool());
  world.installation->ask({"tenant", "settings", "ada", "--include-private", "off"});
  EXPECT_EQ(now(), R"({"training.include_private":false})");
}

TEST(PrivateRepositories, nobody_without_the_right_can_tell_that_there_are_any) {
  World with(World::Vault::present);
  World without(World::Vault::absent);
  for (World* world : {&with, &without}) {
    EXPECT_EQ(world->refresh("ada", kAda), "Completed") << world->installation->log();
    EXPECT_EQ(world->refresh("eve", kEve), "Completed");
    EXPECT_EQ(world->refresh("ada", kAda), "Completed") << "unchanged";
  }
  for (const std::string token : {"", kEve}) {
    const auto one = answers_for(with, token);
    const auto other = answers_for(without, token);
    ASSERT_EQ(one.size(), other.size());
    for (std::size_t i = 0; i < one.size(); ++i) {
      EXPECT_EQ(one[i], other[i]) << "asked with '" << token << "'";
      EXPECT_EQ(one[i].find("behind the third door"), std::string::npos) << one[i];
    }
  }
  // The words of the test itself: the owner does find it.
  const Answer found = with.get(std::string("/v1/portfolios/ada/search?q=") + kSecretWord, kAda);
  EXPECT_EQ(text(found.body, "results.0.repository"), "vault") << found.text;
  EXPECT_EQ(text(found.body, "results.0.visibility"), "private");
  EXPECT_EQ(integer(found.body, "private.generation"), 1);
  const Answer status = with.get("/v1/portfolios/ada/status", kAda);
  EXPECT_EQ(integer(status.body, "private.last_sync.mirrored"), 1) << status.text;
  EXPECT_EQ(integer(status.body, "private.last_sync.seen"), 1);
  EXPECT_EQ(integer(status.body, "last_sync.seen"), 2);
  EXPECT_EQ(with.get("/v1/portfolios/ada/repositories/vault", kAda).status, 200);
  const Answer asked =
      with.post("/api/ai", R"({"username":"ada","query":"Where is the chrysoberyl kept?"})", kAda);
  EXPECT_NE(asked.text.find("third door"), std::string::npos) << asked.text;
  // An operator says so.
  const std::string search = std::string("/v1/portfolios/ada/search?q=") + kSecretWord;
  EXPECT_EQ(with.get(search, kOperatorToken).text.find("third door"), std::string::npos);
  EXPECT_NE(with.get(search + "&private=true", kOperatorToken).text.find("third door"),
            std::string::npos);
  EXPECT_EQ(with.get(search + "&private=true").status, 401);
  EXPECT_EQ(with.get(search + "&private=true", kEve).status, 403);
}

TEST(PrivateRepositories, private_changes_move_nothing_that_others_see_tags_included) {
  World world(World::Vault::present);
  ASSERT_EQ(world.refresh("ada", kAda), "Completed");
  const auto tag_of = [&](const std::string& path) {
    const Answer answer = world.get(path);
    EXPECT_EQ(answer.status, 200) << path;
    return std::string(answer.headers.find("ETag").value_or("none"));
  };
  const std::string v1 = tag_of("/v1/portfolios/ada");
  const std::string original = tag_of("/api/bundles/ada");
  ASSERT_EQ(world.refresh("ada", kAda), "Completed") << "unchanged";
  const auto before = answers_for(world, "");
  world.github->control("/_sim/push",
                        {{"owner", "ada"},
                         {"repo", "vault"},
                         {"files", {{"README.md", "# vault\n\nNow behind the fourth door.\n"}}}});
  const std::int64_t asked = world.github->request_count();
  ASSERT_EQ(world.refresh("ada", kAda), "Completed");
  EXPECT_LE(world.github->request_count() - asked, 3);
  EXPECT_NE(world.get("/v1/portfolios/ada/search?q=door", kAda).text.find("fourth door"),
            std::string::npos);
  EXPECT_EQ(tag_of("/v1/portfolios/ada"), v1);
  EXPECT_EQ(tag_of("/api/bundles/ada"), original);
  EXPECT_EQ(answers_for(world, ""), before);
  http::Headers known;
  known.set("If-None-Match", v1);
  EXPECT_EQ(call(Method::get, world.installation->url() + "/v1/portfolios/ada", "", known).status,
            304);
}

TEST(PrivateRepositories, what_turns_private_leaves_everybody_elses_answers_in_one_refresh) {
  World world(World::Vault::present);
  ASSERT_EQ(world.refresh("ada", kAda), "Completed");
  EXPECT_NE(world.get("/v1/portfolios/ada/search?q=weaves").text.find("flowers"),
            std::string::npos);
  world.github->control("/_sim/make-private", {{"owner", "ada"}, {"repo", "loom"}});
  ASSERT_EQ(world.refresh("ada", kAda), "Completed");
  EXPECT_EQ(world.get("/v1/portfolios/ada/search?q=weaves").text.find("flowers"),
            std::string::npos);
  EXPECT_EQ(world.get("/v1/portfolios/ada/repositories/loom").status, 404);
  EXPECT_EQ(world.get("/api/bundles/ada").text.find("loom"), std::string::npos);
  EXPECT_NE(world.get("/v1/portfolios/ada/search?q=weaves", kAda).text.find("flowers"),
            std::string::npos);
  world.github->control("/_sim/edit", {{"owner", "ada"}, {"repo", "vault"}, {"private", false}});
  ASSERT_EQ(world.refresh("ada", kAda), "Completed");
  EXPECT_NE(world.get("/v1/portfolios/ada/search?q=chrysoberyl").text.find("third door"),
            std::string::npos);
}

TEST(PrivateRepositories, a_revoked_token_ends_the_right_with_the_next_refresh) {
  World world(World::Vault::present);
  const std::string search = std::string("/v1/portfolios/ada/search?q=") + kSecretWord;
  ASSERT_EQ(world.refresh("ada", kAda), "Completed");
  ASSERT_NE(world.get(search, kAda).text.find("third door"), std::string::npos);

  world.github->control("/_sim/faults", {{"set", {"service-unavailable"}}});
  EXPECT_EQ(world.refresh("ada", kAda), "Failed");
  EXPECT_NE(world.get(search, kAda).text.find("third door"), std::string::npos)
      << "an outage ends nothing";

  world.github->control("/_sim/faults",
                        {{"clear", {"service-unavailable"}}, {"set", {"revoked-token=ada-token"}}});
  EXPECT_EQ(world.refresh("ada", kAda), "Failed");
  EXPECT_EQ(world.get(search, kAda).text.find("third door"), std::string::npos);
  EXPECT_EQ(world.get("/v1/portfolios/ada/repositories/vault", kAda).status, 404);
  EXPECT_EQ(world.get("/v1/portfolios/ada/repositories/engine").status, 200);
  const Answer status = world.get("/v1/portfolios/ada/status", kAda);
  EXPECT_TRUE(json::find(status.body, "private")->is_null()) << status.text;

  world.github->control("/_sim/faults", {{"clear", {"revoked-token"}}});
  ASSERT_EQ(world.refresh("ada", kAda), "Completed");
  ASSERT_NE(world.get(search, kAda).text.find("third door"), std::string::npos);
  world.github->control("/_sim/faults", {{"set", {"public-only=ada-token"}}});
  ASSERT_EQ(world.refresh("ada", kAda), "Completed");
  EXPECT_EQ(world.get(search, kAda).text.find("third door"), std::string::npos);
}

TEST(PrivateRepositories, the_command_line_shows_them_where_it_is_told_to) {
  Simulator github(sample_portfolio(), {"--fault", "private=greenhouse-node"});
  Installation installation(github.url());
  const json::Value synced = installation.ask({"sync", kSampleLogin});
  EXPECT_LE(github.request_count(), 4) << "a cold refresh";
  EXPECT_EQ(integer(synced, "seen"), integer(synced, "mirrored"));
  const std::int64_t before = github.request_count();
  installation.ask({"sync", kSampleLogin});
  EXPECT_LE(github.request_count() - before, 1) << "an unchanged one, in a process of its own";
  const json::Value shown = installation.ask({"search", kSampleLogin, "greenhouse-node"});
  EXPECT_EQ(json::write(shown).find("\"greenhouse-node\",\"path\""), std::string::npos);
  EXPECT_EQ(json::find(shown, "private"), nullptr);
  const json::Value all =
      installation.ask({"search", kSampleLogin, "greenhouse-node", "--private"});
  EXPECT_EQ(text(all, "results.0.repository"), "greenhouse-node");
  EXPECT_EQ(text(all, "results.0.visibility"), "private");
  EXPECT_EQ(integer(installation.ask({"status", kSampleLogin}), "private.last_sync.seen"), 1);
}

}  // namespace
}  // namespace cloudfolio::system_test

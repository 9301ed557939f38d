// The simulator's answers, without a socket: routes, limits, faults, and what control can do.

#include "simulator/simulator.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "crypto/hash.h"
#include "http/message.h"
#include "http/url.h"
#include "json/json.h"
#include "simulator/corpus.h"
#include "simulator/document.h"
#include "simulator/git_objects.h"
#include "simulator/graph_check.h"
#include "simulator/snapshot.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cloudfolio::simulator {
namespace {

std::filesystem::path sample() {
  const char* folder = std::getenv("CLOUDFOLIO_SOURCE_DIR");
  return std::filesystem::path(folder ? folder : ".") / "tests" / "fixtures" / "github-sample";
}

class SimulatorTest : public testing::Test {
 protected:
  void SetUp() override { open({}); }
  void open(Options options) {
    if (options.corpus.empty()) options.corpus = sample();
    auto opened = Simulator::open(std::move(options), clock, random, log, metrics);
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    github = *std::move(opened);
  }

  struct Answer {
    int status = 0;
    http::Headers headers;
    json::Value body;
    std::string text;
  };
  Answer ask(http::Method method, const std::string& target, const http::Headers& headers,
             const std::string& body) {
    http::Request request;
    request.method = method;
    request.target = target;
    request.path = target.substr(0, target.find('?'));
    if (request.path.size() < target.size())
      request.query = http::parse_query(target.substr(request.path.size() + 1));
    request.headers = headers;
    if (!headers.find("User-Agent")) request.headers.set("User-Agent", "test");
    request.body = body;
    http::Response response = github->answer(request);
    Answer answer{response.status, response.headers, nullptr, std::string(response.body.view())};
    if (auto value = json::parse(answer.text)) answer.body = *std::move(value);
    return answer;
  }
  Answer get(const std::string& target, const std::string& token = "t",
             const std::string& etag = "") {
    http::Headers headers;
    if (!token.empty()) headers.set("Authorization", "Bearer " + token);
    if (!etag.empty()) headers.set("If-None-Match", etag);
    return ask(http::Method::get, target, headers, "");
  }
  Answer post(const std::string& target, const json::Object& body) {
    return ask(http::Method::post, target, {}, json::write(body));
  }
  Answer query(const std::string& text, const json::Object& variables = {}) {
    return ask(http::Method::post, "/graphql", {{"Authorization", "Bearer t"}},
               json::write(json::Object{{"query", text}, {"variables", variables}}));
  }
  static std::string text_at(const Answer& answer, std::string_view path) {
    const json::Value* found = json::find_path(answer.body, path);
    return std::string(found ? json::as_string(*found).value_or("?") : "-");
  }

  ManualClock clock;
  SharedRandom random{Random(1)};
  telemetry::MemoryLogSink sink;
  telemetry::Log log{sink, clock};
  telemetry::MetricRegistry metrics;
  std::unique_ptr<Simulator> github;
};

TEST_F(SimulatorTest, rest_serves_what_a_mirror_reads) {
  const std::string base = "/repos/mira-lind/tidewater";
  EXPECT_EQ(text_at(get("/users/mira-lind"), "login"), "mira-lind");
  EXPECT_EQ(text_at(get("/user"), "login"), "mira-lind");
  EXPECT_EQ(get("/users/mira-lind/repos").body.as_array().size(), 4u);
  EXPECT_EQ(text_at(get(base), "full_name"), "mira-lind/tidewater");
  EXPECT_EQ(get(base + "/languages").body.at("Rust").as_int64(), 18233);
  EXPECT_EQ(text_at(get(base + "/topics"), "names.0"), "tides");
  EXPECT_EQ(text_at(get(base + "/contents/Cargo.toml"), "type"), "file");
  EXPECT_EQ(text_at(get(base + "/contents/src"), "0.name"), "level1");
  EXPECT_EQ(text_at(get(base + "/readme"), "name"), "README.md");
  EXPECT_EQ(text_at(get(base + "/branches/main"), "name"), "main");
  EXPECT_EQ(text_at(get(base + "/git/ref/heads/main"), "ref"), "refs/heads/main");
  const Answer commit = get(base + "/commits/HEAD");
  const std::string tree = text_at(commit, "commit.tree.sha");
  for (const std::string& revision : {tree, std::string("main"), std::string("HEAD")})
    EXPECT_EQ(text_at(get(base + "/git/trees/" + revision), "sha"), tree) << revision;
  const Answer recursive = get(base + "/git/trees/HEAD?recursive=1");
  EXPECT_FALSE(recursive.body.at("truncated").as_bool());
  EXPECT_GT(recursive.body.at("tree").as_array().size(), 20u);
  const std::string readme = text_at(get(base + "/readme"), "sha");
  const Answer raw = ask(http::Method::get, base + "/git/blobs/" + readme,
                         {{"Accept", "application/vnd.github.raw+json"}}, "");
  EXPECT_TRUE(raw.text.starts_with("# Tidewater\n"));
  EXPECT_EQ(blob_oid(raw.text), readme);
  EXPECT_EQ(get("/rate_limit").status, 200);
  EXPECT_EQ(get("/meta").status, 200);
  EXPECT_EQ(get("/nothing/here").status, 404);
  EXPECT_EQ(text_at(get("/repos/mira-lind/blank-slate/git/trees/HEAD"), "message"),
            "Git Repository is empty.");
  EXPECT_EQ(get("/repos/mira-lind/blank-slate/git/trees/HEAD").status, 409);
}

TEST_F(SimulatorTest, lists_are_sorted_and_paged_with_links) {
  const Answer first = get("/users/mira-lind/repos?sort=pushed&per_page=3");
  EXPECT_EQ(text_at(first, "0.name"), "tidewater");
  const std::string link(first.headers.find("Link").value_or(""));
  EXPECT_NE(link.find("page=2>; rel=\"next\""), std::string::npos) << link;
  EXPECT_EQ(get("/users/mira-lind/repos?sort=pushed&per_page=3&page=2").body.as_array().size(), 1u);
}

TEST_F(SimulatorTest, an_etag_is_githubs_and_a_304_is_free) {
  const Answer first = get("/users/mira-lind/repos?sort=pushed");
  const std::string etag(first.headers.find("ETag").value_or(""));
  EXPECT_EQ(etag, "\"" + crypto::sha256_hex("Bearer t:" + first.text) + "\"");
  const std::string remaining(first.headers.find("X-RateLimit-Remaining").value_or(""));
  const Answer second = get("/users/mira-lind/repos?sort=pushed", "t", etag);
  EXPECT_EQ(second.status, 304);
  EXPECT_EQ(second.text, "");
  EXPECT_EQ(second.headers.find("X-RateLimit-Remaining"), remaining);
  EXPECT_EQ(get("/users/mira-lind/repos?sort=pushed", "another", etag).status, 200)
      << "an ETag is one token's";
  EXPECT_EQ(get("/users/mira-lind/repos?sort=pushed", "t", "W/" + etag).status, 304);
}

TEST_F(SimulatorTest, who_asks_decides_what_is_allowed) {
  EXPECT_EQ(get("/users/mira-lind", "").headers.find("X-RateLimit-Limit"), "60");
  EXPECT_EQ(get("/users/mira-lind").headers.find("X-RateLimit-Limit"), "5000");
  EXPECT_EQ(ask(http::Method::post, "/graphql", {}, "{}").status, 401);
  Options options;
  options.tokens = {{"good", "mira-lind"}};
  open(options);
  EXPECT_EQ(get("/user", "good").status, 200);
  const Answer bad = get("/user", "bad");
  EXPECT_EQ(bad.status, 401);
  EXPECT_EQ(text_at(bad, "message"), "Bad credentials");
}

TEST_F(SimulatorTest, the_budget_runs_out_and_comes_back_with_the_hour) {
  Options options;
  options.limits = {.with_token = 3, .without_token = 1, .window = std::chrono::hours(1)};
  open(options);
  for (int at = 0; at < 3; ++at) EXPECT_EQ(get("/users/mira-lind").status, 200);
  EXPECT_EQ(get("/users/mira-lind").status, 403);
  EXPECT_EQ(get("/rate_limit").status, 403);
  clock.advance(std::chrono::hours(1));
  EXPECT_EQ(get("/users/mira-lind").status, 200);
}

TEST_F(SimulatorTest, graphql_merges_fragments_and_follows_aliases_and_directives) {
  const Answer answer = query(R"(query Q($login: String!, $with: Boolean = false) {
      owner: repositoryOwner(login: $login) { __typename ... on User { databaseId } ...Named
        repositories(first: 2, orderBy: {field: PUSHED_AT, direction: DESC}) {
          totalCount pageInfo { hasNextPage endCursor } nodes { ...Both name @include(if: $with) } } } }
    fragment Named on RepositoryOwner { login }
    fragment Both on Repository { defaultBranchRef { name } defaultBranchRef { target { oid } }
      skipped: name @skip(if: true) })",
                              {{"login", "MIRA-LIND"}});
  EXPECT_EQ(text_at(answer, "data.owner.__typename"), "User");
  EXPECT_EQ(text_at(answer, "data.owner.login"), "mira-lind");
  const json::Value& node = *json::find_path(answer.body, "data.owner.repositories.nodes.0");
  EXPECT_EQ(
      json::write(*json::find(node, "defaultBranchRef")).find("{\"name\":\"main\",\"target\""), 0u);
  EXPECT_EQ(json::find(node, "skipped"), nullptr);
  EXPECT_EQ(json::find(node, "name"), nullptr);
}

TEST_F(SimulatorTest, graphql_refuses_what_github_refuses) {
  const std::pair<std::string, std::string> cases[] = {
      {"{ viewer { shoeSize } }", "Field 'shoeSize' doesn't exist on type 'User'"},
      {"{ viewer }", "must have selections"},
      {"{ viewer { login { x } } }", "Selections can't be made on scalars"},
      {"{ user { login } }", "missing required arguments: login"},
      {"{ user(login: 3) { login } }", "invalid value"},
      {"{ user(login: \"a\", size: 3) { login } }", "doesn't accept argument 'size'"},
      {"query ($x: String!) { viewer { login } }", "was provided invalid value"},
      {"query ($x: String) { viewer { login } }", "is declared by anonymous query but not used"},
      {"{ user(login: $x) { login } }", "is used by anonymous query but not declared"},
      {"{ viewer { ...F } }", "Fragment F was used, but not defined"},
      {"{ viewer { login } } fragment F on User { login }", "defined, but not used"},
      {"{ viewer { ... on Blob { text } } }", "can't be spread inside User"},
      {"{ viewer { repositories { totalCount } } }", "`first` or `last`"},
      {"{ viewer { repositories(first: 101) { totalCount } } }", "exceeds the `first` limit"},
      {"{ viewer { login ", "Parse error"},
      {"", "query attribute must be specified"},
  };
  for (const auto& [text, says] : cases) {
    const Answer answer = query(text);
    EXPECT_EQ(answer.status, 200);
    EXPECT_NE(text_at(answer, "errors.0.message").find(says), std::string::npos)
        << text << " → " << answer.text;
    EXPECT_EQ(json::find_path(answer.body, "data.viewer"), nullptr);
  }
}

TEST(QueryCost, is_the_documented_formula) {
  const auto cost_of = [](const std::string& text) {
    const auto document = parse_document(text);
    EXPECT_TRUE(document.ok());
    json::Object variables;
    return check_query(*document, document->operations.front(), variables);
  };
  const std::string inner =
      "nodes { languages(first: 10) { totalCount } "
      "repositoryTopics(first: 10) { totalCount } }";
  const CheckedQuery both = cost_of("{ viewer { repositories(first: 100) { " + inner + " } } }");
  EXPECT_TRUE(both.errors.empty());
  EXPECT_EQ(both.cost, 2);  // 1 + 100 + 100 connections.
  EXPECT_EQ(both.nodes_count, 100 + 1'000 + 1'000);
  EXPECT_EQ(cost_of("{ viewer { login } }").cost, 1);
}

TEST(GitObjects, are_hashed_as_git_does) {
  EXPECT_EQ(blob_oid("hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
  std::vector<TreeItem> none;
  EXPECT_EQ(tree_oid(none), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
}

// Git made the sample's trees; what is computed from the files alone must be the same.
TEST(Snapshots, derive_the_trees_that_git_wrote) {
  for (const CorpusRepository& repository : read_corpus(sample()).value_or({})) {
    std::vector<CorpusEntry> bare = repository.tree;
    std::erase_if(bare, [](const CorpusEntry& entry) { return entry.mode == 040000; });
    const auto derived = Snapshot::make(bare, {}, "");
    if (repository.head_tree_oid.empty()) continue;
    EXPECT_EQ(derived->root_oid(), repository.head_tree_oid) << repository.name;
  }
}

TEST(Corpus, that_is_missing_or_malformed_names_the_file) {
  EXPECT_NE(read_corpus("/nowhere/at/all").error().message().find("/nowhere/at/all"),
            std::string::npos);
  const auto folder = std::filesystem::path(testing::TempDir()) / "cloudfolio-corpus-test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder / "someone");
  const auto refused = [&](const std::string& text) {
    std::ofstream(folder / "someone" / "thing.json") << text;
    const auto read = read_corpus(folder);
    EXPECT_FALSE(read.ok());
    return read.ok() ? "" : read.error().message();
  };
  EXPECT_FALSE(read_corpus(folder).ok());
  for (const std::string text :
       {"{", "[]", "{\"name\": \"thing\"}", "{\"owner\": \"someone\", \"name\": \"thing\"}",
        "{\"owner\": \"a\", \"name\": \"b\", \"pushed_at\": \"2026-01-01T00:00:00Z\", "
        "\"head_oid\": \"xyz\"}"})
    EXPECT_NE(refused(text).find("thing.json"), std::string::npos) << text;
  std::ofstream(folder / "index.json") << R"([{"path": "someone/other.json"}])";
  EXPECT_NE(read_corpus(folder).error().message().find("someone/other.json"), std::string::npos);
  std::filesystem::remove_all(folder);
}

TEST(Corpus, of_one_owner_is_a_corpus_too) {
  const auto read = read_corpus(sample() / "mira-lind");
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(read->size(), 4u);
}

TEST_F(SimulatorTest, every_fault_has_a_name_that_is_accepted_at_start) {
  for (const std::string& name : Simulator::fault_names()) {
    Options options;
    std::string spec = name;
    if (!Simulator::open({.corpus = sample(), .faults = {name}}, clock, random, log, metrics))
      spec += "=3";  // It needs a number.
    options.faults = {spec};
    open(options);
  }
  Options wrong;
  wrong.corpus = sample();
  wrong.faults = {"no-such-fault"};
  const auto refused = Simulator::open(wrong, clock, random, log, metrics);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message().find("bad-gateway-above"), std::string::npos);
}

TEST_F(SimulatorTest, control_pushes_renames_deletes_and_makes_again) {
  const std::string before = text_at(get("/repos/mira-lind/tidewater/branches/main"), "commit.sha");
  const std::string id = json::write(get("/repos/mira-lind/tidewater").body.at("id"));
  const Answer pushed = post(
      "/_sim/push", {{"owner", "mira-lind"},
                     {"repo", "tidewater"},
                     {"files", json::Object{{"new/file.txt", "new\n"}, {"Cargo.toml", nullptr}}}});
  EXPECT_EQ(pushed.status, 200) << pushed.text;
  EXPECT_NE(text_at(pushed, "head_oid"), before);
  EXPECT_EQ(get("/repos/mira-lind/tidewater/contents/new/file.txt").status, 200);
  EXPECT_EQ(get("/repos/mira-lind/tidewater/contents/Cargo.toml").status, 404);
  EXPECT_EQ(get("/repos/mira-lind/tidewater/contents/Cargo.toml?ref=" + before).status, 200)
      << "the commit before stays readable";
  post("/_sim/rename", {{"owner", "mira-lind"}, {"repo", "tidewater"}, {"name", "tidemark"}});
  const Answer moved = get("/repos/mira-lind/tidewater/languages");
  EXPECT_EQ(moved.status, 301);
  EXPECT_TRUE(moved.headers.find("Location")->ends_with("/repositories/" + id + "/languages"));
  EXPECT_EQ(json::write(get("/repos/mira-lind/tidemark").body.at("id")), id);
  post("/_sim/recreate", {{"owner", "mira-lind"}, {"repo", "tidemark"}});
  EXPECT_NE(json::write(get("/repos/mira-lind/tidemark").body.at("id")), id);
  post("/_sim/delete", {{"owner", "mira-lind"}, {"repo", "tidemark"}});
  EXPECT_EQ(get("/repos/mira-lind/tidemark").status, 404);
  EXPECT_EQ(post("/_sim/delete", {{"owner", "mira-lind"}, {"repo", "tidemark"}}).status, 404);
  EXPECT_EQ(post("/_sim/faults", {{"set", json::Array{"bad-gateway*1"}}}).status, 200);
  EXPECT_EQ(get("/meta").status, 502);
  EXPECT_EQ(get("/meta").status, 200);
}

TEST_F(SimulatorTest, ids_are_the_same_in_every_run) {
  const Answer one = get("/repos/mira-lind/tidewater");
  open({});
  const Answer other = get("/repos/mira-lind/tidewater");
  EXPECT_EQ(one.body.at("id"), other.body.at("id"));
  EXPECT_EQ(one.body.at("node_id"), other.body.at("node_id"));
  EXPECT_EQ(one.body.at("size").as_int64(), 1);  // Kilobytes, rounded up.
}

}  // namespace
}  // namespace cloudfolio::simulator

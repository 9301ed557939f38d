// The client against the simulator over real HTTP: what it reads, and what that costs.

#include "github/client.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "github/testing/simulated_github.h"
#include "http/testing/certificate.h"

namespace cloudfolio::github {
namespace {

using ClientTest = SimulatedGithub;

std::vector<std::string> names_of(const std::vector<Repository>& repositories) {
  std::vector<std::string> names;
  for (const Repository& repository : repositories) names.push_back(repository.name);
  return names;
}

TEST_F(ClientTest, a_list_holds_every_repository_newest_push_first) {
  const auto listing = client->list_repositories(ctx, "MIRA-lind", Transport::graphql);
  ASSERT_TRUE(listing.ok()) << listing.error().message();
  EXPECT_EQ(names_of(listing->repositories),
            (std::vector<std::string>{"tidewater", "blank-slate", "pebble-notes", "weather-vane"}));
  EXPECT_EQ(listing->owner.login, "mira-lind");
  EXPECT_EQ(listing->usage.requests_count, 1);
  EXPECT_EQ(listing->usage.points, 1);
  const Repository& first = listing->repositories.front();
  EXPECT_EQ(first.description, "Tide tables for small harbours – computed, not looked up");
  EXPECT_EQ(first.topics, (std::vector<std::string>{"tides", "harmonic-analysis", "rust"}));
  EXPECT_EQ(first.license->spdx_id, "MIT");
  EXPECT_EQ(first.language, "Rust");
  EXPECT_TRUE(first.allow_forking);
  EXPECT_EQ(first.visibility, "public");
  EXPECT_EQ(first.head_oid->size(), 40u);
}

TEST_F(ClientTest, both_transports_list_the_same) {
  auto by_graph = all_repositories(Transport::graphql);
  const auto by_rest = all_repositories(Transport::rest);
  for (Repository& repository : by_graph) {
    EXPECT_EQ(repository.head_oid.has_value(), repository.name != "blank-slate");
    repository.head_oid.reset();
    repository.tree_oid.reset();
  }
  EXPECT_EQ(by_graph, by_rest);
}

TEST_F(ClientTest, both_transports_fetch_the_same_details) {
  const auto refs = all_refs();
  const auto by_graph = client->fetch_details(ctx, refs, Transport::graphql);
  const auto by_rest = client->fetch_details(ctx, refs, Transport::rest);
  ASSERT_TRUE(by_graph.ok() && by_rest.ok());
  for (std::size_t at = 0; at < refs.size(); ++at) {
    ASSERT_NE(by_graph->repositories[at].details(), nullptr);
    ASSERT_NE(by_rest->repositories[at].details(), nullptr);
    EXPECT_EQ(*by_graph->repositories[at].details(), *by_rest->repositories[at].details())
        << refs[at].name;
  }
}

TEST_F(ClientTest, details_hold_documents_tree_and_languages_of_one_commit) {
  const Details details = details_of("tidewater");
  for (const DocumentKind kind : kDocumentKinds)
    EXPECT_EQ(details.document(kind).state, Document::State::present) << file_name_of(kind);
  EXPECT_TRUE(details.document(DocumentKind::readme).text.starts_with("# Tidewater\n"));
  EXPECT_EQ(details.languages, (std::vector<Language>{{"Rust", 18233}, {"Shell", 412}}));
  EXPECT_EQ(details.tree_completeness, Completeness::whole);
  EXPECT_TRUE(
      std::is_sorted(details.tree.begin(), details.tree.end(),
                     [](const auto& one, const auto& other) { return one.path < other.path; }));
  const auto bottom =
      std::count_if(details.tree.begin(), details.tree.end(),
                    [](const auto& entry) { return entry.path.ends_with("/level11/bottom.rs"); });
  EXPECT_EQ(bottom, 2);
  EXPECT_TRUE(details.problems.empty());
}

TEST_F(ClientTest, documents_are_found_in_other_spellings_and_behind_links) {
  const Details notes = details_of("pebble-notes");
  EXPECT_EQ(notes.document(DocumentKind::readme).path, "readme.rst");
  EXPECT_EQ(notes.document(DocumentKind::readme).state, Document::State::present);
  EXPECT_EQ(notes.document(DocumentKind::skills_index).text, "Python, and patience.\n");
  EXPECT_EQ(notes.document(DocumentKind::context).state, Document::State::absent);
  EXPECT_TRUE(notes.repository.is_fork);
  EXPECT_EQ(notes.repository.default_branch, "trunk");

  const Details vane = details_of("weather-vane");
  EXPECT_TRUE(vane.document(DocumentKind::readme).text.starts_with("# Weather vane"));
  EXPECT_EQ(vane.document(DocumentKind::architecture).state, Document::State::absent);
  ASSERT_EQ(vane.problems.size(), 1u);
  EXPECT_NE(vane.problems.front().find("leads to no file"), std::string::npos);
  EXPECT_TRUE(vane.repository.is_archived);
  EXPECT_EQ(vane.repository.license->key, "other");
}

TEST_F(ClientTest, an_empty_repository_has_details_and_nothing_in_them) {
  const Details details = details_of("blank-slate");
  EXPECT_TRUE(details.tree.empty());
  EXPECT_FALSE(details.repository.head_oid.has_value());
  for (const Document& document : details.documents)
    EXPECT_EQ(document.state, Document::State::absent);
  EXPECT_EQ(details.problems.size(), 1u);
}

TEST_F(ClientTest, an_unchanged_portfolio_costs_one_conditional_request_and_no_points) {
  const auto first = client->probe(ctx, login);
  ASSERT_TRUE(first.ok()) << first.error().message();
  EXPECT_FALSE(first->unchanged);
  EXPECT_EQ(first->page.size(), 4u);
  EXPECT_EQ(first->completeness, Completeness::whole);
  github->reset_counters();
  const auto second = client->probe(ctx, login, {.etag = first->etag});
  ASSERT_TRUE(second.ok());
  EXPECT_TRUE(second->unchanged);
  EXPECT_EQ(second->usage, (Usage{1, 0}));
  EXPECT_EQ(github->counters().requests_count(), 1);
  EXPECT_EQ(github->counters().points, 0);
}

TEST_F(ClientTest, a_push_a_rename_and_a_new_repository_end_the_304) {
  auto probe = client->probe(ctx, login);
  ASSERT_TRUE(probe.ok());
  const std::pair<std::string, json::Object> changes[] = {
      {"push", {{"owner", login}, {"repo", "tidewater"}, {"files", json::Object{{"a.txt", "a"}}}}},
      {"rename", {{"owner", login}, {"repo", "pebble-notes"}, {"name", "pebbles"}}},
      {"create", {{"owner", login}, {"repo", "brand-new"}}},
      {"delete", {{"owner", login}, {"repo", "brand-new"}}}};
  for (const auto& [change, body] : changes) {
    control(change, body);
    probe = client->probe(ctx, login, {.etag = probe->etag});
    ASSERT_TRUE(probe.ok());
    EXPECT_FALSE(probe->unchanged) << change;
    const auto same = client->probe(ctx, login, {.etag = probe->etag});
    EXPECT_TRUE(same.ok() && same->unchanged) << change;
  }
}

TEST_F(ClientTest, one_pushed_repository_costs_three_requests_with_the_probe) {
  const auto before = client->probe(ctx, login);
  ASSERT_TRUE(before.ok());
  control("push", {{"owner", login},
                   {"repo", "pebble-notes"},
                   {"files", json::Object{{"README.md", "# Pebbles\n\nNew words.\n"}}}});
  github->reset_counters();
  const auto probe = client->probe(ctx, login, {.etag = before->etag});
  ASSERT_TRUE(probe.ok());
  EXPECT_EQ(probe->page.front().name, "pebble-notes");
  const RepositoryRef ref = ref_of(probe->page.front());
  const auto answer = client->fetch_details(ctx, {&ref, 1}, Transport::graphql);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->repositories.front().details()->document(DocumentKind::readme).text,
            "# Pebbles\n\nNew words.\n");
  EXPECT_LE(github->counters().requests_count(), 3);
}

TEST_F(ClientTest, ten_repositories_cost_at_most_four_requests_whole) {
  control("delete", {{"owner", login}, {"repo", "tidewater"}});  // Deeper than one follow-up sees.
  for (int at = 0; at < 7; ++at)
    control("create", {{"owner", login},
                       {"repo", "extra-" + std::to_string(at)},
                       {"files", json::Object{{"README.md", "# Extra\n"},
                                              {"a/b/c/d/e/f/g/deep.txt", "deep\n"}}}});
  github->reset_counters();
  const auto probe = client->probe(ctx, login);
  ASSERT_TRUE(probe.ok());
  ASSERT_EQ(probe->page.size(), 10u);
  std::vector<RepositoryRef> refs;
  for (const Repository& repository : probe->page) refs.push_back(ref_of(repository));
  const auto answer = client->fetch_details(ctx, refs, Transport::graphql);
  ASSERT_TRUE(answer.ok());
  for (const FetchedRepository& fetched : answer->repositories)
    EXPECT_NE(fetched.details(), nullptr);
  EXPECT_LE(github->counters().requests_count(), 4);
  EXPECT_EQ(answer->usage.requests_count + probe->usage.requests_count,
            github->counters().requests_count());
  EXPECT_EQ(answer->usage.points + probe->usage.points, github->counters().points);
}

TEST_F(ClientTest, more_than_a_page_is_listed_whole_by_both_transports) {
  for (int at = 0; at < 230; ++at)
    control("create", {{"owner", login}, {"repo", "many-" + std::to_string(at)}});
  github->reset_counters();
  const auto by_graph = client->list_repositories(ctx, login, Transport::graphql);
  ASSERT_TRUE(by_graph.ok());
  EXPECT_EQ(by_graph->repositories.size(), 234u);
  EXPECT_EQ(by_graph->usage.requests_count, 3);
  EXPECT_EQ(by_graph->completeness, Completeness::whole);
  const auto by_rest = client->list_repositories(ctx, login, Transport::rest);
  ASSERT_TRUE(by_rest.ok());
  EXPECT_EQ(by_rest->repositories.size(), 234u);
  EXPECT_EQ(by_rest->usage.requests_count, 3);
  const auto probe = client->probe(ctx, login);
  ASSERT_TRUE(probe.ok());
  EXPECT_EQ(probe->completeness, Completeness::partial);
}

TEST_F(ClientTest, private_repositories_show_only_where_they_are_asked_for) {
  control("make-private", {{"owner", login}, {"repo", "pebble-notes"}});
  for (const Transport transport : {Transport::graphql, Transport::rest}) {
    EXPECT_EQ(client->list_repositories(ctx, login, transport)->repositories.size(), 3u);
    const auto all = client->list_repositories(ctx, login, transport, Visibility::all_visible);
    ASSERT_TRUE(all.ok()) << all.error().message();
    EXPECT_EQ(all->repositories.size(), 4u);
  }
  const auto probe = client->probe(ctx, login, {.visibility = Visibility::all_visible});
  ASSERT_TRUE(probe.ok());
  EXPECT_EQ(probe->page.size(), 4u);
}

TEST_F(ClientTest, identity_is_the_node_id_through_rename_and_recreation) {
  const auto before = all_repositories();
  control("rename", {{"owner", login}, {"repo", "tidewater"}, {"name", "tidemark"}});
  control("recreate", {{"owner", login}, {"repo", "weather-vane"}});
  std::vector<RepositoryRef> refs;
  for (const Repository& repository : before) refs.push_back(ref_of(repository));
  for (const Transport transport : {Transport::graphql, Transport::rest}) {
    const auto answer = client->fetch_details(ctx, refs, transport);
    ASSERT_TRUE(answer.ok());
    for (std::size_t at = 0; at < refs.size(); ++at) {
      const FetchedRepository& fetched = answer->repositories[at];
      if (refs[at].name == "weather-vane") {
        EXPECT_NE(fetched.gone(), nullptr);
        continue;
      }
      ASSERT_NE(fetched.details(), nullptr) << refs[at].name;
      EXPECT_EQ(fetched.details()->repository.name,
                refs[at].name == "tidewater" ? "tidemark" : refs[at].name);
    }
  }
}

TEST_F(ClientTest, the_log_tells_the_remaining_budget_and_never_the_token) {
  all_refs();
  const auto lines = sink.lines_of("github.answered");
  ASSERT_FALSE(lines.empty());
  EXPECT_NE(lines.front().find("\"budget_remaining\":4999"), std::string::npos) << lines.front();
  for (const std::string& line : sink.lines())
    EXPECT_EQ(line.find("ghp_simulated"), std::string::npos);
  EXPECT_NE(metrics.to_prometheus().find("cloudfolio_github_budget_remaining_points"),
            std::string::npos);
}

TEST_F(ClientTest, without_a_token_rest_is_used_and_said) {
  Options options = client_options();
  options.token = Secret();
  client = open_client(options);
  const auto listing = client->list_repositories(ctx, login, Transport::graphql);
  ASSERT_TRUE(listing.ok()) << listing.error().message();
  EXPECT_EQ(github->counters().graphql_count, 0);
  EXPECT_FALSE(sink.lines_of("github.rest_without_token").empty());
  EXPECT_EQ(client->budget().core->limit, 60);
}

// Whatever is pushed, both transports must read the same.
TEST_F(ClientTest, both_transports_agree_after_random_pushes) {
  const std::uint64_t seed = Random::from_system().next();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random chance(seed);
  const std::vector<std::string> paths{
      "README.md",       "readme.txt",      "Readme.rst",     ".repo-context.json",
      "architecture.MD", "SKILLS-INDEX.md", "docs/README.md", "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p.c",
      "a/b/c/d/x.c",     "a/b/c/d/e/y.h",   "a.txt",          "a-b.txt",
      "a/b.txt",         "ä/ö.txt",         "README.md.bak"};
  const std::vector<std::string> texts{"",
                                       "one line\n",
                                       "{\"a\": 1}",
                                       "grüße €\n",
                                       std::string("nul \0 inside", 12),
                                       "\xef\xbb\xbf# bom\n"};
  const auto refs = all_refs();
  for (int round = 0; round < 12; ++round) {
    for (const RepositoryRef& ref : refs) {
      json::Object files;
      for (std::uint64_t count = chance.below(5); count > 0; --count) {
        const std::string& path = paths[chance.below(paths.size())];
        if (chance.below(3) == 0)
          files[path] = nullptr;
        else
          files[path] = texts[chance.below(texts.size())];
      }
      control("push", {{"owner", ref.owner}, {"repo", ref.name}, {"files", files}});
    }
    const auto by_graph = client->fetch_details(ctx, refs, Transport::graphql);
    const auto by_rest = client->fetch_details(ctx, refs, Transport::rest);
    ASSERT_TRUE(by_graph.ok() && by_rest.ok());
    for (std::size_t at = 0; at < refs.size(); ++at) {
      const Details* one = by_graph->repositories[at].details();
      const Details* other = by_rest->repositories[at].details();
      ASSERT_TRUE(one && other) << refs[at].name;
      ASSERT_TRUE(*one == *other) << refs[at].name << " in round " << round;
    }
  }
}

TEST_F(ClientTest, the_api_may_be_served_over_tls) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "cloudfolio-github-tls";
  std::filesystem::create_directories(folder);
  const auto tls = http::make_certificate(folder);
  simulator::Options served;
  served.certificate_chain_file = tls.certificate_chain_file;
  served.private_key_file = tls.private_key_file;
  serve(std::move(served));
  EXPECT_TRUE(github->origin().starts_with("https://"));
  client = open_client();
  EXPECT_EQ(client->probe(ctx, login).error().code(), Code::invalid_argument)
      << "nobody vouches for it";
  http::ClientOptions trusting;
  trusting.ca_file = tls.certificate_chain_file;
  auto opened = http::open_client(trusting, clock);
  ASSERT_TRUE(opened.ok());
  client.reset();
  http = *std::move(opened);
  client = open_client();
  EXPECT_EQ(all_refs().size(), 4u);
  std::filesystem::remove_all(folder);
}

// Answers everything with a redirect, and keeps where it was sent.
class RedirectingClient final : public http::Client {
 public:
  explicit RedirectingClient(std::string location) : location_(std::move(location)) {}
  Result<http::Response> send(const Context&, const http::ClientRequest& request) override {
    urls.push_back(request.url);
    return http::Response{301, {{"Location", location_}}, ""};
  }
  std::vector<std::string> urls;

 private:
  const std::string location_;
};

TEST_F(ClientTest, a_redirect_never_takes_the_token_to_another_host) {
  RedirectingClient elsewhere("https://example.org/repositories/1");
  const auto led_away = Client::open(client_options(), elsewhere, clock, Random(1), log, metrics);
  ASSERT_TRUE(led_away.ok());
  const auto refused = (*led_away)->probe(ctx, login);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Code::permission_denied);
  EXPECT_EQ(elsewhere.urls.size(), 1u);
  RedirectingClient endless("/users/mira-lind/repos");
  const auto in_a_circle = Client::open(client_options(), endless, clock, Random(1), log, metrics);
  EXPECT_FALSE((*in_a_circle)->probe(ctx, login).ok());
  EXPECT_LE(endless.urls.size(), 5u);
}

// Answers 404 to everything, and notices requests that overlap on one lane.
class CountingClient final : public http::Client {
 public:
  Result<http::Response> send(const Context&, const http::ClientRequest& request) override {
    std::atomic<int>& lane = request.url.ends_with("/graphql") ? graphql : core;
    if (++lane > 1) overlapped = true;
    std::this_thread::yield();
    --lane;
    ++requests_count;
    return http::Response{404, {}, "{}"};
  }
  std::atomic<int> core{0};
  std::atomic<int> graphql{0};
  std::atomic<int> requests_count{0};
  std::atomic<bool> overlapped{false};
};

TEST_F(ClientTest, requests_of_many_threads_take_turns_on_each_lane) {
  CountingClient counting;
  const auto shared =
      Client::open(client_options(), counting, clock, Random(1), log, metrics, pause);
  ASSERT_TRUE(shared.ok());
  {
    std::vector<std::jthread> callers;
    for (int caller = 0; caller < 8; ++caller)
      callers.emplace_back([&] {
        for (int call = 0; call < 20; ++call)
          EXPECT_EQ((*shared)->probe(ctx, login).error().code(), Code::not_found);
      });
  }
  EXPECT_FALSE(counting.overlapped);
  EXPECT_EQ(counting.requests_count, 160);
  EXPECT_EQ((*shared)->usage().requests_count, 160);
}

TEST(ClientOpen, bad_addresses_and_sizes_are_refused) {
  SystemClock clock;
  telemetry::MemoryLogSink sink;
  telemetry::Log log(sink, clock);
  telemetry::MetricRegistry metrics;
  const auto http = http::open_client({}, clock);
  Options options;
  options.api_url = "ftp://example.org";
  EXPECT_FALSE(Client::open(options, **http, clock, Random(1), log, metrics).ok());
  options = {};
  options.detail_batch_size = 101;
  EXPECT_FALSE(Client::open(options, **http, clock, Random(1), log, metrics).ok());
}

}  // namespace
}  // namespace cloudfolio::github

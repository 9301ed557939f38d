// The client when GitHub limits, fails, lies by omission, or breaks off.

#include <algorithm>

#include "base/time_text.h"
#include "github/testing/simulated_github.h"

namespace cloudfolio::github {
namespace {

using ClientFaultsTest = SimulatedGithub;

std::string message_of(const Result<Listing>& result) {
  return result.ok() ? "" : result.error().message();
}

TEST_F(ClientFaultsTest, five_kinds_of_refusal_are_five_messages_with_a_remedy) {
  struct Case {
    std::string fault;
    std::string login;
    Code code;
    std::string says;
  };
  const Case cases[] = {
      {"bad-token", login, Code::unauthenticated, "GITHUB_TOKEN"},
      {"missing-scope", login, Code::permission_denied, "Metadata and Contents"},
      {"saml", login, Code::permission_denied, "Configure SSO"},
      {"", "nobody-of-that-name", Code::not_found, "check the spelling"},
      {"primary-limit=all", login, Code::rate_limited, "requests resume at 2026-"},
      {"bad-gateway", login, Code::unavailable, "githubstatus.com"},
  };
  for (const Transport transport : {Transport::graphql, Transport::rest})
    for (const Case& one : cases) {
      if (!one.fault.empty()) fault(one.fault);
      client = open_client();
      const auto result = client->list_repositories(ctx, one.login, transport);
      ASSERT_FALSE(result.ok()) << one.fault;
      EXPECT_EQ(result.error().code(), one.code) << one.fault << ": " << message_of(result);
      EXPECT_NE(message_of(result).find(one.says), std::string::npos) << message_of(result);
      EXPECT_EQ(message_of(result).find("ghp_"), std::string::npos);
      github->clear_faults();
    }
}

TEST_F(ClientFaultsTest, no_request_leaves_a_limited_lane_before_its_time) {
  fault("secondary-limit=30*1");
  const auto before = clock.wall_time();
  for (const Transport transport : {Transport::graphql, Transport::rest}) {
    const auto listing = client->list_repositories(ctx, login, transport);
    ASSERT_TRUE(listing.ok()) << message_of(listing);
  }
  EXPECT_GE(clock.wall_time() - before, std::chrono::seconds(30));
  EXPECT_EQ(github->counters().while_limited_count, 0);
}

TEST_F(ClientFaultsTest, a_secondary_limit_without_a_time_closes_both_lanes_for_a_minute) {
  Options options = client_options();
  options.limit_wait_max = std::chrono::seconds(5);
  client = open_client(options);
  fault("secondary-limit-silent*1");
  const auto limited = client->list_repositories(ctx, login, Transport::rest);
  ASSERT_FALSE(limited.ok());
  EXPECT_EQ(limited.error().code(), Code::rate_limited);
  const auto sent = github->counters().requests_count();
  EXPECT_EQ(client->list_repositories(ctx, login, Transport::graphql).error().code(),
            Code::rate_limited);
  EXPECT_EQ(client->probe(ctx, login).error().code(), Code::rate_limited);
  EXPECT_EQ(github->counters().requests_count(), sent);
  EXPECT_TRUE(client->budget().core_resumes_at.has_value());
  clock.advance(std::chrono::seconds(62));
  EXPECT_TRUE(client->probe(ctx, login).ok());
  EXPECT_EQ(github->counters().while_limited_count, 0);
}

TEST_F(ClientFaultsTest, a_used_up_budget_says_when_it_resumes_and_then_works) {
  control("limits", {{"resource", "graphql"}, {"remaining", 0}, {"reset_in_seconds", 600}});
  const auto limited = client->list_repositories(ctx, login, Transport::graphql);
  ASSERT_FALSE(limited.ok());
  EXPECT_EQ(limited.error().code(), Code::rate_limited);
  EXPECT_NE(limited.error().message().find("resume at 2026-01-01T00:10"), std::string::npos)
      << limited.error().message();
  EXPECT_TRUE(client->list_repositories(ctx, login, Transport::rest).ok());
  clock.advance(std::chrono::seconds(607));
  EXPECT_TRUE(client->list_repositories(ctx, login, Transport::graphql).ok());
  EXPECT_EQ(github->counters().while_limited_count, 0);
}

TEST_F(ClientFaultsTest, the_last_point_closes_the_lane_without_asking) {
  control("limits", {{"resource", "core"}, {"remaining", 1}, {"reset_in_seconds", 900}});
  ASSERT_TRUE(client->probe(ctx, login).ok());
  const auto sent = github->counters().requests_count();
  EXPECT_EQ(client->probe(ctx, login).error().code(), Code::rate_limited);
  EXPECT_EQ(github->counters().requests_count(), sent);
}

TEST_F(ClientFaultsTest, a_short_limit_is_waited_for_within_the_deadline_only) {
  control("limits", {{"resource", "core"}, {"remaining", 0}, {"reset_in_seconds", 20}});
  const Context short_of_time = ctx.with_deadline(clock.now() + std::chrono::seconds(10));
  EXPECT_EQ(client->probe(short_of_time, login).error().code(), Code::rate_limited);
  EXPECT_TRUE(client->probe(ctx, login).ok());
  EXPECT_EQ(github->counters().while_limited_count, 0);
}

TEST_F(ClientFaultsTest, a_limit_is_waited_for_by_githubs_clock_not_by_ours) {
  for (const std::string skew : {"7200", "-7200"}) {
    fault("clock-skew=" + skew);
    client = open_client();
    control("limits", {{"resource", "core"}, {"remaining", 0}, {"reset_in_seconds", 20}});
    const auto before = clock.now();
    EXPECT_TRUE(client->probe(ctx, login).ok()) << skew;
    EXPECT_GE(clock.now() - before, std::chrono::seconds(20)) << skew;
    EXPECT_LE(clock.now() - before, std::chrono::seconds(30)) << skew;
    github->clear_faults();
  }
  EXPECT_EQ(github->counters().while_limited_count, 0);
}

TEST_F(ClientFaultsTest, what_was_whole_before_the_limit_is_kept) {
  const auto refs = all_refs();
  control("limits", {{"resource", "graphql"}, {"remaining", 1}, {"reset_in_seconds", 900}});
  const auto answer = client->fetch_details(ctx, refs, Transport::graphql);
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  for (std::size_t at = 0; at < refs.size(); ++at) {
    const FetchedRepository& fetched = answer->repositories[at];
    if (refs[at].name == "blank-slate") {
      EXPECT_NE(fetched.details(), nullptr);  // It needed no second request.
    } else {
      ASSERT_NE(fetched.unknown(), nullptr) << refs[at].name;
      EXPECT_EQ(fetched.unknown()->error.code(), Code::rate_limited);
    }
  }
  EXPECT_EQ(github->counters().while_limited_count, 0);
}

TEST_F(ClientFaultsTest, a_bad_token_says_nothing_about_the_budget) {
  ASSERT_TRUE(client->probe(ctx, login).ok());
  fault("bad-token*1");
  EXPECT_EQ(client->probe(ctx, login).error().code(), Code::unauthenticated);
  EXPECT_EQ(client->budget().core->remaining, 4999);
  EXPECT_TRUE(client->probe(ctx, login).ok());
}

TEST_F(ClientFaultsTest, passing_failures_are_tried_again_with_growing_pauses) {
  for (const std::string name : {"bad-gateway", "service-unavailable", "gateway-timeout",
                                 "malformed-json", "close-connection"}) {
    fault(name + "*2");
    client = open_client();
    const auto before = clock.now();
    EXPECT_TRUE(client->probe(ctx, login).ok()) << name;
    // A connection that broke before any answer is opened anew once without a pause.
    const std::chrono::milliseconds least(name == "close-connection" ? 500 : 1'500);
    EXPECT_GE(clock.now() - before, least) << name;
    fault(name + "*1");
    EXPECT_TRUE(client->list_repositories(ctx, login, Transport::graphql).ok()) << name;
    github->clear_faults();
  }
}

TEST_F(ClientFaultsTest, a_batch_that_is_too_heavy_is_tried_once_more_and_then_halved) {
  for (int at = 0; at < 16; ++at)
    control("create", {{"owner", login},
                       {"repo", "more-" + std::to_string(at)},
                       {"files", json::Object{{"README.md", "# More\n"}}}});
  const auto refs = all_refs();
  ASSERT_EQ(refs.size(), 20u);
  fault("bad-gateway-above=10");
  github->reset_counters();
  const auto answer = client->fetch_details(ctx, refs, Transport::graphql);
  ASSERT_TRUE(answer.ok());
  for (const FetchedRepository& fetched : answer->repositories)
    EXPECT_NE(fetched.details(), nullptr);
  // Twice 20, then 10 and 10, and two follow-ups for folders twelve deep.
  EXPECT_EQ(github->counters().graphql_count, 6);
  EXPECT_EQ(github->counters().core_count, 0);
  github->reset_counters();
  ASSERT_TRUE(client->fetch_details(ctx, refs, Transport::graphql).ok());
  EXPECT_EQ(github->counters().graphql_count, 4) << "the size that failed is remembered";
}

TEST_F(ClientFaultsTest, something_went_wrong_is_a_timeout_too) {
  fault("something-went-wrong*2");
  const auto refs = all_refs();
  EXPECT_EQ(refs.size(), 4u);
  fault("something-went-wrong*1");
  const auto answer = client->fetch_details(ctx, refs, Transport::graphql);
  ASSERT_TRUE(answer.ok());
  for (const FetchedRepository& fetched : answer->repositories)
    EXPECT_NE(fetched.details(), nullptr);
}

TEST_F(ClientFaultsTest, what_a_partial_answer_leaves_out_is_asked_again_and_never_gone) {
  const auto refs = all_refs();
  for (const std::string name : {"resource-limits=1*2", "resource-limits=0*2",
                                 "resource-limits-text=1*2", "resource-limits-text=0*1"}) {
    fault(name);
    client = open_client();
    const auto answer = client->fetch_details(ctx, refs, Transport::graphql);
    ASSERT_TRUE(answer.ok()) << name << ": " << answer.error().message();
    for (const FetchedRepository& fetched : answer->repositories)
      EXPECT_NE(fetched.details(), nullptr) << name << " " << fetched.node_id;
    github->clear_faults();
  }
}

TEST_F(ClientFaultsTest, a_list_that_runs_out_of_resources_asks_for_smaller_pages) {
  fault("resource-limits=2*1");
  const auto listing = client->list_repositories(ctx, login, Transport::graphql);
  ASSERT_TRUE(listing.ok()) << message_of(listing);
  EXPECT_EQ(listing->repositories.size(), 4u);
  EXPECT_EQ(listing->completeness, Completeness::whole);
}

TEST_F(ClientFaultsTest, a_null_under_an_error_is_unknown_and_the_others_are_fetched) {
  const auto refs = all_refs();
  fault("null-node=tidewater");
  const auto answer = client->fetch_details(ctx, refs, Transport::graphql);
  ASSERT_TRUE(answer.ok());
  for (std::size_t at = 0; at < refs.size(); ++at) {
    const FetchedRepository& fetched = answer->repositories[at];
    if (refs[at].name == "tidewater") {
      ASSERT_NE(fetched.unknown(), nullptr);
      EXPECT_EQ(fetched.unknown()->error.code(), Code::unavailable);
    } else {
      EXPECT_NE(fetched.details(), nullptr);
    }
  }
  const auto listing = client->list_repositories(ctx, login, Transport::graphql);
  ASSERT_TRUE(listing.ok());
  EXPECT_EQ(listing->repositories.size(), 3u);
  EXPECT_EQ(listing->completeness, Completeness::partial);
  EXPECT_FALSE(listing->problem.empty());
}

TEST_F(ClientFaultsTest, forbidden_deleted_and_taken_down_are_three_outcomes) {
  const auto refs = all_refs();
  fault("forbidden=tidewater");
  fault("taken-down=pebble-notes");
  fault("deleted=weather-vane");
  for (const Transport transport : {Transport::graphql, Transport::rest}) {
    const auto answer = client->fetch_details(ctx, refs, transport);
    ASSERT_TRUE(answer.ok());
    for (std::size_t at = 0; at < refs.size(); ++at) {
      const FetchedRepository& fetched = answer->repositories[at];
      if (refs[at].name == "tidewater") {
        ASSERT_NE(fetched.unknown(), nullptr);
        EXPECT_EQ(fetched.unknown()->error.code(), Code::permission_denied);
      }
      if (refs[at].name == "pebble-notes") {
        EXPECT_NE(fetched.withheld(), nullptr);
      }
      if (refs[at].name == "weather-vane") {
        EXPECT_NE(fetched.gone(), nullptr);
      }
      if (refs[at].name == "blank-slate") {
        EXPECT_NE(fetched.details(), nullptr);
      }
    }
  }
}

TEST_F(ClientFaultsTest, graphql_down_is_bridged_by_rest) {
  const auto refs = all_refs();
  fault("graphql-down");
  const auto answer = client->fetch_details(ctx, refs, Transport::graphql);
  ASSERT_TRUE(answer.ok());
  for (const FetchedRepository& fetched : answer->repositories)
    EXPECT_NE(fetched.details(), nullptr);
  EXPECT_GT(github->counters().core_count, 0);
  EXPECT_EQ(answer->fallback_count, refs.size());
}

TEST_F(ClientFaultsTest, odd_documents_are_what_they_are_by_either_transport) {
  struct Case {
    std::string fault;
    DocumentKind kind;
    Document::State state;
  };
  const Case cases[] = {
      {"truncated-blob=tidewater", DocumentKind::readme, Document::State::present},
      {"binary-document=tidewater", DocumentKind::readme, Document::State::binary},
      {"lfs-document=tidewater", DocumentKind::readme, Document::State::binary},
      {"malformed-context=tidewater", DocumentKind::context, Document::State::present},
      {"odd-context=tidewater", DocumentKind::context, Document::State::present},
  };
  for (const Case& one : cases) {
    fault(one.fault);
    const Details by_graph = details_of("tidewater", Transport::graphql);
    const Details by_rest = details_of("tidewater", Transport::rest);
    EXPECT_EQ(by_graph.document(one.kind).state, one.state) << one.fault;
    EXPECT_EQ(by_graph, by_rest) << one.fault;
    if (one.fault.starts_with("truncated")) {
      EXPECT_EQ(by_graph.document(one.kind).text.size(), 600'000u);
    }
  }
}

TEST_F(ClientFaultsTest, a_text_beyond_the_limit_is_cut_the_same_by_either_transport) {
  std::string text;
  while (text.size() < kDocumentBytesMax + 10) text += "ä very long line, with umlauts: äöü\n";
  control("push",
          {{"owner", login}, {"repo", "tidewater"}, {"files", json::Object{{"README.md", text}}}});
  const Details by_graph = details_of("tidewater", Transport::graphql);
  EXPECT_EQ(by_graph.document(DocumentKind::readme).state, Document::State::truncated);
  EXPECT_EQ(by_graph, details_of("tidewater", Transport::rest));
}

TEST_F(ClientFaultsTest, a_huge_repository_is_read_whole) {
  fault("huge-repository=tidewater");
  const Details by_graph = details_of("tidewater", Transport::graphql);
  const auto files =
      std::count_if(by_graph.tree.begin(), by_graph.tree.end(), [](const TreeEntry& entry) {
        return entry.path.starts_with("huge/") && entry.type == TreeEntry::Type::blob;
      });
  EXPECT_EQ(files, 5'000);
  EXPECT_EQ(by_graph.tree_completeness, Completeness::whole);
  EXPECT_EQ(by_graph, details_of("tidewater", Transport::rest));
}

TEST_F(ClientFaultsTest, a_cut_listing_is_partial_and_said) {
  fault("truncated-tree=5");
  const Details details = details_of("tidewater", Transport::rest);
  EXPECT_EQ(details.tree.size(), 5u);
  EXPECT_EQ(details.tree_completeness, Completeness::partial);
  EXPECT_FALSE(details.problems.empty());
}

TEST_F(ClientFaultsTest, an_answer_that_comes_too_late_is_given_up_and_asked_again) {
  Options options = client_options();
  options.request_timeout = std::chrono::milliseconds(200);
  client = open_client(options);
  fault("stall=1000*1");
  EXPECT_TRUE(client->probe(ctx, login).ok());
}

TEST_F(ClientFaultsTest, an_unreachable_host_is_github_failing_not_us) {
  Options options = client_options();
  options.api_url = "http://127.0.0.1:1";
  client = open_client(options);
  const auto result = client->probe(ctx, login);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), Code::unavailable);
}

TEST_F(ClientFaultsTest, rate_headers_may_be_missing) {
  fault("no-rate-headers");
  EXPECT_EQ(all_refs().size(), 4u);
  EXPECT_FALSE(client->budget().graphql.has_value());
}

TEST_F(ClientFaultsTest, a_stop_ends_a_wait) {
  control("limits", {{"resource", "core"}, {"remaining", 0}, {"reset_in_seconds", 20}});
  ASSERT_TRUE(client->probe(ctx, login).ok());
  std::stop_source stop;
  stop.request_stop();
  const auto result = client->probe(ctx.with_stop(stop.get_token()), login);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), Code::cancelled);
}

}  // namespace
}  // namespace cloudfolio::github

// Refreshes from end to end, over GitHub in memory: what is asked, what is published, what is
// reported.

#include "sync/refresh.h"

#include <gtest/gtest.h>

#include "sync/testing/refresh_runner.h"

namespace cloudfolio::sync {
namespace {

using testing::document_of;
using testing::FakeGitHub;
using testing::RefreshRunner;
using testing::repository;

const Context kCtx;

class RefreshTest : public ::testing::Test {
 protected:
  ManualClock clock;
  std::unique_ptr<storage::Storage> store = storage::open_memory(clock);
  storage::BlobStore& blobs = **store->blobs(cache::kContainer);
  FakeGitHub github;
  RefreshRunner runner{blobs, github, clock};

  void three() {
    github.add(repository(1, "alpha", "# Alpha"));
    github.add(repository(2, "beta", "# Beta"));
    github.add(repository(3, "gamma"));
  }
  Report run(Force force = Force::no) {
    github.forget_calls();
    const auto report = runner.run(force);
    EXPECT_TRUE(report.ok()) << report.error().message();
    if (!report) return {};
    EXPECT_EQ(report->seen, report->mirrored + report->skipped_count);
    return *report;
  }
  cache::Publication published() {
    auto publication = runner.open().read_publication(kCtx);
    EXPECT_TRUE(publication.ok()) << publication.error().message();
    return publication ? *publication
                       : cache::Publication{{}, {}, std::make_shared<cache::Bundle>()};
  }
  std::string names() {
    std::string names;
    const cache::Publication now = published();
    for (const auto& entry : now.bundle->repositories) names += entry.name + " ";
    return names;
  }
};

TEST_F(RefreshTest, a_cold_refresh_mirrors_everything_with_two_requests) {
  three();
  const Report report = run();
  EXPECT_EQ(github.calls, (std::vector<std::string>{"probe", "fetch 3"}));
  EXPECT_EQ(report.github_requests, 2);
  EXPECT_EQ(report.login, "octocat");
  EXPECT_EQ(report.generation, 1u);
  EXPECT_TRUE(report.changed);
  EXPECT_EQ(report.mirrored, 3u);
  EXPECT_EQ(report.fetched, 3u);
  EXPECT_EQ(report.content_fingerprint.size(), 64u);
  EXPECT_EQ(names(), "alpha beta gamma ");
  const cache::RepositoryEntry alpha = *published().bundle->find("alpha");
  EXPECT_EQ(alpha.readme, "# Alpha");
  EXPECT_EQ(alpha.head_oid, "head-1");
  EXPECT_EQ(alpha.documents.at(0).path, "README.md");
  ASSERT_EQ(runner.started.size(), 1u);
  EXPECT_EQ(runner.started[0],
            R"({"name":"index_portfolio","instance":"index:octocat","input":{"login":"octocat"}})");
}

TEST_F(RefreshTest, an_unchanged_refresh_is_one_conditional_request_and_writes_nothing) {
  three();
  run();
  const auto before = blobs.list(kCtx, {});
  clock.advance(std::chrono::hours(30));
  runner.started.clear();
  const Report report = run();
  EXPECT_EQ(github.calls, std::vector<std::string>{"probe 304"});
  EXPECT_EQ(report.github_requests, 1);
  EXPECT_EQ(report.github_points, 0);
  EXPECT_FALSE(report.changed);
  EXPECT_EQ(report.generation, 1u);
  EXPECT_EQ(report.seen, 3u);
  EXPECT_EQ(report.mirrored, 3u);
  EXPECT_EQ(runner.started.size(), 1u);  // Nobody built the index yet: it is asked for again.
  EXPECT_TRUE(*runner.steps().is_unchanged(kCtx, TenantId("octocat")));
  const auto after = blobs.list(kCtx, {});
  ASSERT_EQ(after->entries.size(), before->entries.size());
  for (std::size_t i = 0; i < before->entries.size(); ++i)
    EXPECT_EQ(after->entries[i].properties.etag, before->entries[i].properties.etag)
        << after->entries[i].key;
}

TEST_F(RefreshTest, one_push_fetches_one_repository) {
  three();
  run();
  github.push(2, "# Beta two");
  const Report report = run();
  EXPECT_EQ(github.calls, (std::vector<std::string>{"probe", "fetch 1"}));
  EXPECT_EQ(github.fetched, std::vector<std::int64_t>{2});
  EXPECT_EQ(report.fetched, 1u);
  EXPECT_EQ(report.unchanged, 2u);
  EXPECT_EQ(published().bundle->find("beta")->readme, "# Beta two");
  EXPECT_EQ(published().bundle->find("alpha")->readme, "# Alpha");
}

TEST_F(RefreshTest, a_star_asks_nothing_more_and_changed_words_about_it_are_taken_from_the_list) {
  three();
  run();
  github.repositories[1].repository.updated_at = "2025-07-01T00:00:00Z";
  Report report = run();
  EXPECT_EQ(github.calls, std::vector<std::string>{"probe"});
  EXPECT_FALSE(report.changed);
  github.repositories[1].repository.description = "new words";
  report = run();
  EXPECT_EQ(github.calls, std::vector<std::string>{"probe"});
  EXPECT_TRUE(report.changed);
  EXPECT_EQ(published().bundle->find("alpha")->metadata.description, "new words");
  EXPECT_EQ(published().bundle->find("alpha")->readme, "# Alpha");
}

TEST_F(RefreshTest, force_reads_everything_again) {
  three();
  run();
  document_of(github.repositories[1], github::DocumentKind::readme).text =
      "changed behind the back";
  const Report report = run(Force::yes);
  EXPECT_EQ(github.calls, (std::vector<std::string>{"probe", "fetch 3"}));
  EXPECT_TRUE(report.forced);
  EXPECT_EQ(report.fetched, 3u);
  EXPECT_EQ(report.generation, 2u);
  EXPECT_EQ(published().bundle->find("alpha")->readme, "changed behind the back");
}

TEST_F(RefreshTest, a_rename_keeps_the_history_and_one_made_again_is_new) {
  three();
  run();
  github.repositories[1].repository.name = "omega";
  Report report = run();
  EXPECT_EQ(github.calls, std::vector<std::string>{"probe"});
  EXPECT_EQ(report.renamed, (std::vector<Rename>{{"alpha", "omega"}}));
  EXPECT_EQ(published().bundle->find("omega")->readme, "# Alpha");
  github.repositories.erase(2);
  github.add(repository(9, "beta"));
  report = run();
  EXPECT_EQ(report.gone, std::vector<std::string>{"beta"});
  EXPECT_EQ(github.fetched, std::vector<std::int64_t>{9});
  EXPECT_EQ(names(), "beta gamma omega ");
  EXPECT_EQ(published().bundle->find("beta")->readme, "");
}

TEST_F(RefreshTest, what_is_confirmed_gone_leaves_in_one_cycle) {
  three();
  run();
  github.repositories.erase(3);
  const Report report = run();
  EXPECT_EQ(report.gone, std::vector<std::string>{"gamma"});
  EXPECT_EQ(names(), "alpha beta ");
  EXPECT_EQ(github.calls, std::vector<std::string>{"probe"});
  github.repositories.clear();
  EXPECT_EQ(run().mirrored, 0u);
  EXPECT_EQ(names(), "");
}

TEST_F(RefreshTest, an_owner_without_repositories_is_published_as_such) {
  EXPECT_EQ(run().seen, 0u);
  EXPECT_EQ(published().info.generation, 1u);
  run();
  EXPECT_EQ(github.calls, std::vector<std::string>{"probe 304"});
}

TEST_F(RefreshTest, an_unknown_answer_deletes_nothing_and_is_asked_again) {
  three();
  run();
  github.push(2, "# Beta two");
  github.answers[2].outcome = github::Unknown{Error(Code::unavailable, "502")};
  github.add(repository(4, "delta", "# Delta"));
  github.answers[4].outcome = github::Unknown{Error(Code::unavailable, "null under an error path")};
  github.add(repository(5, "epsilon", "# Epsilon"));
  Report report = run();
  EXPECT_EQ(report.mirrored, 4u);
  EXPECT_EQ(report.skipped,
            (std::vector<Skipped>{{"delta", "unavailable: null under an error path"}}));
  EXPECT_EQ(published().bundle->find("beta")->readme, "# Beta");
  EXPECT_EQ(published().bundle->find("beta")->problems.at(0).code, "fetch_failed");
  github.answers.clear();
  report = run();  // Nothing was pushed since, and still the two are read.
  EXPECT_EQ(github.fetched, (std::vector<std::int64_t>{2, 4}));
  EXPECT_EQ(published().bundle->find("beta")->readme, "# Beta two");
  EXPECT_TRUE(published().bundle->find("beta")->problems.empty());
  EXPECT_EQ(report.mirrored, 5u);
  run();
  EXPECT_EQ(github.calls, std::vector<std::string>{"probe 304"});
}

TEST_F(RefreshTest, what_is_withheld_is_a_reason_and_not_asked_again_and_again) {
  three();
  github.answers[3].outcome = github::Withheld{"taken down"};
  Report report = run();
  EXPECT_EQ(report.skipped, (std::vector<Skipped>{{"gamma", "withheld: taken down"}}));
  run();
  EXPECT_EQ(github.calls, std::vector<std::string>{"probe 304"});
  github.answers[1].outcome = github::Withheld{"disabled"};
  github.push(1, "# Hidden");
  report = run();
  EXPECT_EQ(published().bundle->find("alpha")->readme, "# Alpha");  // The last good copy.
  EXPECT_EQ(report.mirrored, 2u);
}

TEST_F(RefreshTest, half_a_list_deletes_nothing) {
  three();
  run();
  github.page_size = 2;
  clock.advance(std::chrono::hours(25));
  github.push(1, "# Alpha two");
  github.listing = github::Completeness::partial;
  Report report = run();
  EXPECT_EQ(github.calls, (std::vector<std::string>{"probe", "list", "fetch 1"}));
  EXPECT_EQ(names(), "alpha beta gamma ");
  EXPECT_EQ(report.seen, 3u);
  EXPECT_TRUE(report.gone.empty());
  EXPECT_EQ(published().bundle->find("alpha")->readme, "# Alpha two");
}

TEST_F(RefreshTest, of_more_than_a_page_a_push_costs_no_list_and_a_daily_sweep_finds_what_left) {
  for (int i = 1; i <= 12; ++i) github.add(repository(i, "r" + std::to_string(i), "# R"));
  github.page_size = 5;
  run();
  EXPECT_EQ(github.calls, (std::vector<std::string>{"probe", "list", "fetch 12"}));
  run();
  EXPECT_EQ(github.calls, std::vector<std::string>{"probe 304"});
  github.push(2, "# pushed");
  run();
  EXPECT_EQ(github.calls, (std::vector<std::string>{"probe", "fetch 1"}));
  github.repositories.erase(1);  // Beyond the first page.
  clock.advance(std::chrono::hours(25));
  EXPECT_EQ(run().gone, std::vector<std::string>{"r1"});
}

TEST_F(RefreshTest, a_private_repository_is_neither_mirrored_nor_named) {
  three();
  run();
  github.repositories[2].repository.is_private = true;
  github.repositories[2].repository.updated_at = "2025-09-01T00:00:00Z";
  const Report report = run();
  EXPECT_EQ(names(), "alpha gamma ");
  EXPECT_EQ(report.skipped, (std::vector<Skipped>{{"(private)", "private"}}));
  EXPECT_EQ(to_json(report).find("beta"), std::string::npos);
}

TEST_F(RefreshTest, odd_repositories_are_recorded_and_the_rest_is_published) {
  three();
  github::Details odd = repository(10, "odd", "# Odd");
  auto& context = document_of(odd, github::DocumentKind::context);
  context = document_of(odd, github::DocumentKind::readme);
  context.path = ".repo-context.json";
  context.text = "{\"project_identity\": oops";
  github.add(odd);
  github::Details empty = repository(11, "empty");
  empty.repository.head_oid.reset();
  empty.repository.tree_oid.reset();
  empty.repository.pushed_at.clear();
  github.add(empty);
  github::Details fork = repository(12, "fork", "# Fork");
  fork.repository.is_fork = fork.repository.is_archived = true;
  fork.tree_completeness = github::Completeness::partial;
  github.add(fork);
  const Report report = run();
  EXPECT_EQ(report.mirrored, 6u);
  std::map<std::string, std::string> problems;
  for (const auto& one : report.problems) problems[one.repository] = one.problem.code;
  EXPECT_EQ(problems,
            (std::map<std::string, std::string>{
                {"odd", "malformed_context"}, {"empty", "empty"}, {"fork", "tree_incomplete"}}));
  EXPECT_EQ(published().bundle->find("odd")->repo_context, "{}");
  EXPECT_TRUE(published().bundle->find("fork")->archived);
  run();
  EXPECT_EQ(github.calls, std::vector<std::string>{"probe 304"});
}

TEST_F(RefreshTest, litter_of_earlier_refreshes_is_collected) {
  three();
  for (int i = 0; i < 10; ++i) {
    github.push(1, "# Alpha " + std::to_string(i));
    run();
    clock.advance(std::chrono::hours(24));
  }
  const auto blobs_left = blobs.list(kCtx, {.prefix = "gen/octocat/"});
  // Of two days at most, a plan, a batch and an entry each; and the counter.
  EXPECT_LE(blobs_left->entries.size(), 3u * 4u + 1u);
  EXPECT_EQ(names(), "alpha beta gamma ");
}

TEST_F(RefreshTest, each_way_to_fail_has_its_message_and_leaves_what_was_published) {
  three();
  run();
  github.push(1, "# Alpha two");
  for (const auto& [code, words] : {std::pair{Code::unauthenticated, "the token is not valid"},
                                    std::pair{Code::permission_denied, "the token lacks a scope"},
                                    std::pair{Code::not_found, "no such login"},
                                    std::pair{Code::unavailable, "GitHub cannot be reached"}}) {
    github.probe_error = Error(code, words);
    auto report = runner.run();
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.error(), Error(code, "sync octocat: " + std::string(words)));
    github.probe_error.reset();
    if (code == Code::unavailable) continue;
    github.fetch_error = Error(code, words);
    report = runner.run();
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.error().code(), code);
    github.fetch_error.reset();
    EXPECT_EQ(published().info.generation, 1u);
  }
  EXPECT_EQ(published().bundle->find("alpha")->readme, "# Alpha");
}

TEST_F(RefreshTest, what_cannot_be_read_at_all_is_a_problem_of_its_repository) {
  github.fetch_error = Error(Code::unavailable, "502");
  three();
  EXPECT_EQ(runner.run().error().code(), Code::unavailable);  // Nothing to keep, nothing to show.
  EXPECT_EQ(runner.open().publication_info(kCtx).error().code(), Code::not_found);
  github.fetch_error.reset();
  run();
  github.fetch_error = Error(Code::unavailable, "502");
  github.push(1, "# Alpha two");
  const Report report = run();
  EXPECT_EQ(report.mirrored, 3u);
  ASSERT_EQ(report.problems.size(), 1u);
  EXPECT_EQ(report.problems[0].repository, "alpha");
  EXPECT_EQ(published().bundle->find("alpha")->readme, "# Alpha");
  github.fetch_error.reset();
  run();
  EXPECT_EQ(published().bundle->find("alpha")->readme, "# Alpha two");
}

}  // namespace
}  // namespace cloudfolio::sync

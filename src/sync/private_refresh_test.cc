// Refreshes whose credential sees private repositories: two publications from one list.

#include <gtest/gtest.h>

#include "storage/testing/failing.h"
#include "sync/testing/refresh_runner.h"

namespace cloudfolio::sync {
namespace {

using testing::Disturbance;
using testing::FakeGitHub;
using testing::RefreshRunner;
using testing::repository;

const Context kCtx;
const TenantId kOctocat("octocat");
constexpr std::chrono::minutes kLifetime{60};

class PrivateRefreshTest : public ::testing::Test {
 protected:
  PrivateRefreshTest() {
    github.credential_now = {"tag-1", "https://api.github.com"};
    github.token_owner = {1, "OctoCat"};
    github.add(repository(1, "alpha", "# Alpha"));
    github.add(repository(2, "beta", "# Beta"));
    github.add(hidden(3, "secret", "# The hidden treasure"));
  }
  static github::Details hidden(std::int64_t id, const std::string& name,
                                const std::string& readme) {
    github::Details details = repository(id, name, readme);
    details.repository.is_private = true;
    details.repository.visibility = "private";
    return details;
  }
  void make(std::int64_t id, const char* visibility) {
    github::Repository& r = github.repositories[id].repository;
    r.visibility = visibility;
    r.is_private = r.visibility == "private";
  }
  Report run(Force force = Force::no) {
    github.forget_calls();
    const auto report = runner.run(force);
    EXPECT_TRUE(report.ok()) << report.error().message();
    if (!report) return {};
    EXPECT_EQ(report->seen, report->mirrored + report->skipped_count);
    return *report;
  }
  std::optional<cache::TenantCache> open_private() {
    auto opened = cache::open_private(kCtx, runner.cache(), &rights, kOctocat);
    EXPECT_TRUE(opened.ok());
    return opened ? *std::move(opened) : std::nullopt;
  }
  static std::string names(const cache::TenantCache& cache) {
    std::string names;
    const auto publication = cache.read_publication(kCtx);
    if (!publication) return std::string(to_string(publication.error().code()));
    for (const auto& entry : publication->bundle->repositories) names += entry.name + " ";
    return names;
  }
  std::string public_names() { return names(runner.open()); }
  std::string private_names() {
    const auto opened = open_private();
    return opened ? names(*opened) : "no right";
  }
  Report private_report() {
    const auto opened = open_private();
    if (!opened) return {};
    const auto text = opened->find_sync_report(kCtx);
    const auto report = report_from_json(text && *text ? **text : "{}");
    EXPECT_EQ(report->seen, report->mirrored + report->skipped_count);
    return *report;
  }
  // Every key and body in the store that has the text.
  std::vector<std::string> keys_with(const std::string& text) {
    std::vector<std::string> found;
    const auto page = blobs.list(kCtx, {});
    for (const auto& entry : page->entries) {
      const auto blob = blobs.get(kCtx, entry.key);
      if (blob->bytes.find(text) != std::string::npos) found.push_back(entry.key.str());
    }
    return found;
  }

  ManualClock clock;
  std::unique_ptr<storage::Storage> store = storage::open_memory(clock);
  storage::BlobStore& blobs = **store->blobs(cache::kContainer);
  cache::Rights rights{**store->table(cache::kRightsTable), clock, kLifetime};
  FakeGitHub github;
  RefreshRunner runner{blobs, github, clock, "octocat", nullptr, &rights};
};

TEST_F(PrivateRefreshTest, a_cold_refresh_makes_two_publications_with_two_requests) {
  const Report report = run();
  EXPECT_EQ(github.calls, (std::vector<std::string>{"probe", "fetch 3"}));
  EXPECT_EQ(public_names(), "alpha beta ");
  EXPECT_EQ(private_names(), "secret ");
  EXPECT_EQ(report.seen, 2u);
  EXPECT_TRUE(report.skipped.empty()) << "its existence is told to nobody";
  const Report own = private_report();
  EXPECT_EQ(own.seen, 1u);
  EXPECT_EQ(own.mirrored, 1u);
  EXPECT_NE(own.content_fingerprint, report.content_fingerprint);
  ASSERT_EQ(runner.started.size(), 2u);
  EXPECT_NE(runner.started[0].find("\"index:octocat\""), std::string::npos);
  EXPECT_NE(runner.started[1].find("\"private:index:octocat\""), std::string::npos);
}

TEST_F(PrivateRefreshTest, nothing_private_lies_under_a_public_key) {
  run();
  for (const char* text : {"secret", "hidden treasure"}) {
    const auto keys = keys_with(text);
    EXPECT_FALSE(keys.empty());
    for (const std::string& key : keys)
      EXPECT_TRUE(key.starts_with("repos_private_context_octocat_") ||
                  key.starts_with("private/octocat/"))
          << key;
  }
  for (const std::string& status : runner.statuses)
    EXPECT_EQ(status.find("secret"), std::string::npos);
}

TEST_F(PrivateRefreshTest, what_everybody_sees_is_the_same_with_and_without_private_repositories) {
  storage::BlobStore& other_blobs = **store->blobs("other");
  FakeGitHub other;
  other.credential_now = github.credential_now;
  other.token_owner = github.token_owner;
  other.add(repository(1, "alpha", "# Alpha"));
  other.add(repository(2, "beta", "# Beta"));
  RefreshRunner plain(other_blobs, other, clock, "octocat", nullptr, &rights);
  const auto with = run();
  const auto without = *plain.run();
  EXPECT_EQ(to_json(with), to_json(without));
  EXPECT_EQ(runner.statuses, plain.statuses);
  EXPECT_EQ(runner.open().read_publication_json(kCtx)->data,
            plain.open().read_publication_json(kCtx)->data);
  // A private push leaves everything as it is for the others.
  github.push(3, "# more of the treasure");
  make(3, "private");
  const auto before = runner.open().publication_info(kCtx)->etag;
  const Report after = run();
  EXPECT_EQ(runner.open().publication_info(kCtx)->etag, before);
  EXPECT_FALSE(after.changed);
  EXPECT_EQ(after.seen, 2u);
  EXPECT_EQ(private_report().fetched, 1u);
  EXPECT_EQ(github.calls, (std::vector<std::string>{"probe", "fetch 1"}));
}

TEST_F(PrivateRefreshTest, an_unchanged_refresh_is_one_request_writes_no_blob_and_keeps_the_right) {
  run();
  const auto keys_before = blobs.list(kCtx, {})->entries;
  clock.advance(std::chrono::minutes(59));
  EXPECT_EQ(private_names(), "secret ");
  run();
  EXPECT_EQ(github.calls, std::vector<std::string>{"probe 304"});
  const auto keys_after = blobs.list(kCtx, {})->entries;
  ASSERT_EQ(keys_after.size(), keys_before.size());
  for (std::size_t i = 0; i < keys_after.size(); ++i)
    EXPECT_EQ(keys_after[i].properties.etag, keys_before[i].properties.etag);
  clock.advance(std::chrono::minutes(59));
  EXPECT_EQ(private_names(), "secret ") << "confirmed by the 304";
  clock.advance(std::chrono::minutes(2));
  EXPECT_EQ(private_names(), "no right");
}

TEST_F(PrivateRefreshTest, an_outage_neither_ends_nor_extends_a_right) {
  run();
  clock.advance(std::chrono::minutes(30));
  github.probe_error = Error(Code::unavailable, "GitHub is out for lunch");
  EXPECT_FALSE(runner.run().ok());
  EXPECT_EQ(private_names(), "secret ");
  clock.advance(std::chrono::minutes(30));
  EXPECT_EQ(private_names(), "no right");
  EXPECT_FALSE(keys_with("hidden treasure").empty()) << "unknown is not deleted";
  github.probe_error.reset();
  run();
  EXPECT_EQ(private_names(), "secret ");
}

TEST_F(PrivateRefreshTest, a_refused_token_ends_the_right_at_once_and_removes_everything) {
  run();
  github.probe_error = Error(Code::unauthenticated, "bad token");
  EXPECT_EQ(runner.run().error().code(), Code::unauthenticated);
  EXPECT_EQ(private_names(), "no right");
  EXPECT_TRUE(keys_with("secret").empty());
  EXPECT_EQ(public_names(), "alpha beta ");
  EXPECT_TRUE(rights.list(kCtx, kOctocat)->empty());
  github.probe_error.reset();
  run();
  EXPECT_EQ(private_names(), "secret ") << "the same list, and yet it is read again";
}

TEST_F(PrivateRefreshTest, another_credential_finds_nothing_of_the_former_one) {
  run();
  github.credential_now.tag = "tag-2";
  github.token_owner = {2, "somebody"};
  make(3, "private");
  github.repositories.erase(3);  // GitHub does not list it to them.
  run();
  EXPECT_EQ(private_names(), "no right");
  EXPECT_TRUE(keys_with("secret").empty());
}

TEST_F(PrivateRefreshTest, a_new_token_of_the_same_account_keeps_the_place) {
  run();
  github.credential_now.tag = "tag-2";
  run();
  EXPECT_EQ(private_names(), "secret ");
  EXPECT_EQ(github.calls, std::vector<std::string>{"probe"}) << "nothing is fetched again";
}

TEST_F(PrivateRefreshTest, what_left_the_list_leaves_in_one_cycle) {
  github.add(hidden(4, "vault", "# Vault"));
  run();
  EXPECT_EQ(private_names(), "secret vault ");
  github.repositories.erase(4);
  run();
  EXPECT_EQ(private_names(), "secret ");
  github.repositories.erase(3);
  run();
  EXPECT_EQ(private_names(), "no right");
  EXPECT_TRUE(keys_with("treasure").empty());
}

TEST_F(PrivateRefreshTest, what_left_the_list_is_unreachable_even_while_github_fails) {
  github.add(hidden(4, "vault", "# Vault"));
  run();
  github.repositories.erase(4);
  github.push(1, "# pushed");
  github.fetch_error = Error(Code::unavailable, "GitHub is out for lunch");
  // The publication may fail too.
  (void)runner.run(Force::no, {3, Disturbance::Kind::fails});
  const std::string now = private_names();
  EXPECT_TRUE(now == "secret " || now == "no right") << now;
}

TEST_F(PrivateRefreshTest, a_repository_that_turns_private_moves_within_one_refresh) {
  run();
  make(2, "private");
  const Report report = run();
  EXPECT_EQ(public_names(), "alpha ");
  EXPECT_EQ(private_names(), "beta secret ");
  EXPECT_EQ(report.gone, std::vector<std::string>{"beta"}) << "as if it were deleted";
  EXPECT_TRUE(report.skipped.empty());
  make(2, "public");
  run();
  EXPECT_EQ(public_names(), "alpha beta ");
  EXPECT_EQ(private_names(), "secret ");
}

TEST_F(PrivateRefreshTest, a_repository_that_turns_private_leaves_however_little_is_listed) {
  for (std::int64_t id = 10; id < 140; ++id)
    github.add(repository(id, "r" + std::to_string(id), "# R"));
  run();
  github.push(2, "# Beta, now hidden");
  make(2, "private");
  run();
  EXPECT_EQ(github.calls[0], "probe");
  EXPECT_EQ(public_names().find("beta"), std::string::npos);
  EXPECT_EQ(private_names(), "beta secret ");
}

TEST_F(PrivateRefreshTest, failures_of_private_repositories_alone_do_not_show) {
  run();
  github.push(3, "# more");
  make(3, "private");
  github.fetch_error = Error(Code::unavailable, "GitHub is out for lunch");
  const Report report = run();
  EXPECT_EQ(report.seen, 2u);
  EXPECT_EQ(report.problems_count, 0u);
  EXPECT_TRUE(report.resumes_at.empty());
  EXPECT_EQ(private_names(), "secret ") << "the last good one";
  EXPECT_EQ(private_report().problems_count, 1u);
  github.fetch_error.reset();
  run();
  EXPECT_EQ(private_report().problems_count, 0u) << "it is asked again";
}

TEST_F(PrivateRefreshTest, it_ends_the_same_wherever_it_is_killed_once) {
  run();
  const std::string expected = private_names();
  for (const auto kind : {Disturbance::Kind::answer_lost, Disturbance::Kind::fails_late})
    for (int activity = 1; activity <= 5; ++activity) {
      SCOPED_TRACE("activity " + std::to_string(activity));
      auto fresh = storage::open_memory(clock);
      cache::Rights its_rights(**fresh->table(cache::kRightsTable), clock, kLifetime);
      RefreshRunner again(**fresh->blobs(cache::kContainer), github, clock, "octocat", nullptr,
                          &its_rights);
      const auto report = again.run(Force::no, {activity, kind});
      ASSERT_TRUE(report.ok()) << report.error().message();
      const auto opened = cache::open_private(kCtx, again.cache(), &its_rights, kOctocat);
      ASSERT_TRUE(opened.ok() && opened->has_value());
      EXPECT_EQ(names(**opened), expected);
      EXPECT_EQ(names(again.open()), "alpha beta ");
    }
}

TEST_F(PrivateRefreshTest, with_a_store_that_fails_at_any_call_no_text_lands_on_the_wrong_side) {
  for (const auto then : {storage::Fault::Then::works, storage::Fault::Then::fails})
    for (std::uint64_t call = 1;; ++call) {
      SCOPED_TRACE("call " + std::to_string(call));
      auto fresh = storage::open_memory(clock);
      storage::BlobStore& its_blobs = **fresh->blobs(cache::kContainer);
      cache::Rights its_rights(**fresh->table(cache::kRightsTable), clock, kLifetime);
      make(2, "public");
      ASSERT_TRUE(
          RefreshRunner(its_blobs, github, clock, "octocat", nullptr, &its_rights).run().ok());
      make(2, "private");
      storage::Faults faults({.call = call, .then = then});
      storage::FailingBlobStore failing(its_blobs, faults);
      (void)RefreshRunner(failing, github, clock, "octocat", nullptr, &its_rights).run();
      RefreshRunner last(its_blobs, github, clock, "octocat", nullptr, &its_rights);
      EXPECT_EQ(names(last.open()).find("secret"), std::string::npos);
      ASSERT_TRUE(last.run().ok());
      EXPECT_EQ(names(last.open()), "alpha ");
      const auto opened = cache::open_private(kCtx, last.cache(), &its_rights, kOctocat);
      ASSERT_TRUE(opened.ok() && opened->has_value());
      EXPECT_EQ(names(**opened), "beta secret ");
      if (!faults.happened()) break;
    }
}

}  // namespace
}  // namespace cloudfolio::sync

// Whose login it is: refreshes after renames and after somebody else took a login; and what
// refreshes use, counted once whatever disturbs them.

#include "sync/accounts.h"

#include <gtest/gtest.h>

#include "cache/keys.h"
#include "cache/rights.h"
#include "cache/tenant_places.h"
#include "storage/testing/failing.h"
#include "sync/testing/refresh_runner.h"
#include "sync/testing/simulated_github.h"
#include "tenancy/quota_book.h"
#include "tenancy/tenant_directory.h"
#include "tenancy/usage_ledger.h"

namespace cloudfolio::sync {
namespace {

using tenancy::Meter;
using testing::Disturbance;
using testing::FakeGitHub;
using testing::RefreshRunner;
using testing::SimulatedGitHub;

const Context kCtx;

class AccountsTest : public ::testing::Test {
 protected:
  ManualClock clock;
  std::unique_ptr<storage::Storage> store = storage::open_memory(clock);
  storage::BlobStore& blobs = **store->blobs(cache::kContainer);
  tenancy::TenantDirectory directory{**store->table(tenancy::kTenantsTable)};
  tenancy::UsageLedger ledger{**store->table(tenancy::kUsageTable), clock};
  tenancy::QuotaBook quotas{**store->table(tenancy::kQuotasTable), tenancy::default_limits()};
  Accounts accounts{{.directory = directory,
                     .ledger = ledger,
                     .quotas = quotas,
                     .blobs = blobs,
                     .rights = **store->table(cache::kRightsTable)}};

  static std::string names_of(const cache::TenantCache& tenant) {
    const auto publication = tenant.read_publication(kCtx);
    if (!publication) return std::string(to_string(publication.error().code()));
    std::string names;
    for (const auto& entry : publication->bundle->repositories) names += entry.name + " ";
    return names;
  }
  std::int64_t used(const std::string& login, Meter meter) {
    return ledger.used(kCtx, TenantId(login), meter)->total;
  }
  bool reconciles(const std::string& login) {
    const TenantId tenant(login);
    return ledger.verify(kCtx, tenant, *cache::counted_entries(kCtx, blobs, tenant))->empty();
  }
};

TEST_F(AccountsTest, a_refresh_counts_itself_and_its_calls_to_github) {
  FakeGitHub github;
  github.add(testing::repository(1, "alpha", "# Alpha"));
  RefreshRunner runner(blobs, github, clock, "octocat", &accounts);
  ASSERT_TRUE(runner.run());
  clock.advance(std::chrono::seconds(1));
  ASSERT_TRUE(runner.run());
  EXPECT_EQ(used("octocat", Meter::orchestrations), 2);
  EXPECT_EQ(used("octocat", Meter::github_calls), github.requests);
  EXPECT_TRUE(runner.steps().is_unchanged(kCtx, TenantId("octocat")));
  EXPECT_TRUE(runner.steps().is_unchanged(kCtx, TenantId("octocat")));
  EXPECT_EQ(used("octocat", Meter::github_calls), github.requests);
  EXPECT_EQ(used("octocat", Meter::orchestrations), 2);
  EXPECT_TRUE(reconciles("octocat"));
}

TEST_F(AccountsTest, a_refresh_counts_once_whichever_activity_runs_twice) {
  for (int activity = 1;; ++activity) {
    const std::string login = "octo-" + std::to_string(activity);
    FakeGitHub github;
    github.owner.node_id = "U_" + login;
    github.add(testing::repository(1, "alpha", "# Alpha"));
    RefreshRunner runner(blobs, github, clock, login, &accounts);
    ASSERT_TRUE(runner.run(Force::no, {activity, Disturbance::Kind::answer_lost}));
    EXPECT_EQ(used(login, Meter::orchestrations), 1);
    EXPECT_EQ(used(login, Meter::github_calls), 2);  // A probe and a batch.
    EXPECT_TRUE(reconciles(login));
    if (activity > runner.activities_count) break;
  }
}

TEST_F(AccountsTest, a_renamed_account_keeps_its_history_over_http) {
  SimulatedGitHub github(clock);
  RefreshRunner before(blobs, github.source(), clock, "sample-dev", &accounts);
  ASSERT_TRUE(before.run());
  const std::string names = names_of(before.open());
  ASSERT_NE(names, "not_found");
  const auto generation = before.open().publication_info(kCtx)->generation;
  ASSERT_TRUE(quotas.grant(kCtx, TenantId("sample-dev"), Meter::trainings, 9));

  clock.advance(std::chrono::seconds(1));
  github.control("rename-account", R"({"login":"sample-dev","to":"Sample-Person"})");
  // The old login is nobody's now, which is unknown and not deleted.
  EXPECT_EQ(before.run().error().code(), Code::not_found);
  EXPECT_EQ(names_of(before.open()), names);
  RefreshRunner after(blobs, github.source(), clock, "sample-person", &accounts);
  const auto report = after.run();
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(names_of(after.open()), names);
  EXPECT_EQ(names_of(before.open()), "not_found");
  // It went on where it was: nothing was fetched again, nothing begins anew.
  EXPECT_EQ(report->fetched, 0u);
  EXPECT_GE(report->generation, generation);
  EXPECT_EQ(used("sample-person", Meter::orchestrations), 2);
  EXPECT_EQ(used("sample-dev", Meter::orchestrations), 0);
  EXPECT_EQ(quotas.limits(kCtx, TenantId("sample-person"))->of(Meter::trainings), 9);
  EXPECT_TRUE(reconciles("sample-person"));
}

TEST_F(AccountsTest, who_takes_a_login_sees_nothing_of_who_had_it_and_that_one_finds_all_again) {
  SimulatedGitHub github(clock);
  RefreshRunner first(blobs, github.source(), clock, "sample-dev", &accounts);
  ASSERT_TRUE(first.run());
  const std::string names = names_of(first.open());
  clock.advance(std::chrono::seconds(1));
  github.control("rename-account", R"({"login":"sample-dev","to":"sample-person"})");
  github.control("create", R"({"owner":"sample-dev","repo":"newcomer",
    "files":{"README.md":"# Somebody else"}})");
  ASSERT_TRUE(first.run());
  EXPECT_EQ(names_of(first.open()), "newcomer ");
  EXPECT_EQ(used("sample-dev", Meter::orchestrations), 1);
  // Not one entry of the earlier account is left under the login.
  const auto page = blobs.list(kCtx, {});
  for (const auto& entry : page->entries) {
    if (!cache::belongs_to(TenantId("sample-dev"), entry)) continue;
    const auto blob = blobs.get(kCtx, entry.key);
    EXPECT_EQ(blob->bytes.find("clinic-platform"), std::string::npos) << entry.key;
  }
  RefreshRunner again(blobs, github.source(), clock, "sample-person", &accounts);
  const auto report = again.run();
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(names_of(again.open()), names);
  EXPECT_EQ(report->fetched, 0u);
  EXPECT_EQ(names_of(first.open()), "newcomer ");
  EXPECT_TRUE(reconciles("sample-dev"));
  EXPECT_TRUE(reconciles("sample-person"));
}

TEST_F(AccountsTest, a_login_that_was_taken_by_somebody_with_nothing_shows_nothing) {
  FakeGitHub github;
  github.add(testing::repository(1, "alpha", "# Alpha"));
  RefreshRunner runner(blobs, github, clock, "octocat", &accounts);
  ASSERT_TRUE(runner.run());
  github.repositories.clear();
  github.owner.node_id = "U_2";
  clock.advance(std::chrono::seconds(1));
  ASSERT_TRUE(runner.run());
  EXPECT_EQ(names_of(runner.open()), "");
  EXPECT_EQ(used("octocat", Meter::orchestrations), 1);
  EXPECT_EQ(used("octocat", Meter::github_calls), 2);  // The list, and whose it is.
}

TEST_F(AccountsTest, a_takeover_that_is_interrupted_at_any_call_mixes_nothing) {
  for (std::uint64_t call = 1;; ++call) {
    SCOPED_TRACE(call);
    clock.advance(std::chrono::hours(1));
    const auto fresh = storage::open_memory(clock);
    storage::BlobStore& sound = **fresh->blobs(cache::kContainer);
    storage::Faults faults({.call = call, .then = storage::Fault::Then::fails});
    storage::FailingBlobStore failing(sound, faults);
    tenancy::TenantDirectory names(**fresh->table(tenancy::kTenantsTable));
    tenancy::UsageLedger usage(**fresh->table(tenancy::kUsageTable), clock);
    tenancy::QuotaBook book(**fresh->table(tenancy::kQuotasTable), tenancy::default_limits());
    storage::Table& rights = **fresh->table(cache::kRightsTable);
    Accounts steady({names, usage, book, sound, rights});
    Accounts shaken({names, usage, book, failing, rights});
    FakeGitHub github;
    github.add(testing::repository(1, "alpha", "# Alpha"));
    RefreshRunner before(sound, github, clock, "octocat", &steady);
    ASSERT_TRUE(before.run());
    EXPECT_EQ(names_of(before.open()), "alpha ");
    // Taken by somebody, while its account went to another login.
    FakeGitHub taker;
    taker.owner.node_id = "U_2";
    taker.add(testing::repository(2, "beta", "# Beta"));
    RefreshRunner taken(sound, taker, clock, "octocat", &shaken);
    (void)taken.run();
    const std::string seen = names_of(taken.open());
    EXPECT_TRUE(seen == "alpha " || seen == "beta " || seen == "not_found") << seen;
    clock.advance(std::chrono::seconds(1));
    RefreshRunner calm(sound, taker, clock, "octocat", &steady);
    ASSERT_TRUE(calm.run());
    EXPECT_EQ(names_of(calm.open()), "beta ");
    RefreshRunner moved(sound, github, clock, "moved", &steady);
    ASSERT_TRUE(moved.run());
    EXPECT_EQ(names_of(moved.open()), "alpha ");
    if (!faults.happened()) break;
  }
}

}  // namespace
}  // namespace cloudfolio::sync

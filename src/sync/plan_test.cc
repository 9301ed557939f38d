#include "sync/plan.h"

#include <gtest/gtest.h>

#include "sync/assemble.h"
#include "sync/entry.h"
#include "sync/report.h"
#include "sync/state.h"
#include "sync/testing/fake_github.h"

namespace cloudfolio::sync {
namespace {

using testing::repository;

cache::Bundle mirrored(const std::vector<github::Details>& all) {
  cache::Bundle bundle;
  for (const github::Details& details : all)
    bundle.repositories.push_back(fetched_entry(details, nullptr));
  cache::sort_by_name(bundle);
  return bundle;
}

Listed listed(const std::vector<github::Details>& all, Coverage coverage = Coverage::whole) {
  Listed list;
  list.coverage = coverage;
  for (const github::Details& details : all) {
    list.repositories.push_back(details.repository);
    list.repositories.back().head_oid.reset();  // As a page by REST.
    list.repositories.back().tree_oid.reset();
  }
  return list;
}

TEST(Plan, nothing_changed_is_nothing_to_do) {
  const std::vector<github::Details> all = {repository(1, "a", "# A"), repository(2, "b")};
  const Plan plan = make_plan(listed(all), mirrored(all), false);
  EXPECT_FALSE(plan.changes());
  EXPECT_TRUE(plan.batches.empty());
  EXPECT_EQ(plan.seen_count(), 2u);
}

TEST(Plan, heads_decide_where_the_list_says_them) {
  std::vector<github::Details> all = {repository(1, "a", "# A"), repository(2, "b")};
  const cache::Bundle base = mirrored(all);
  all[0].repository.pushed_at = "2026-01-01T00:00:00Z";  // To another branch.
  Listed list = listed(all);
  EXPECT_EQ(make_plan(list, base, false).batches.size(), 1u);
  for (std::size_t i = 0; i < all.size(); ++i) {
    list.repositories[i].head_oid = all[i].repository.head_oid;
    list.repositories[i].tree_oid = all[i].repository.tree_oid;
  }
  EXPECT_TRUE(make_plan(list, base, false).batches.empty());
  list.repositories[1].head_oid = "other";
  EXPECT_EQ(make_plan(list, base, false).batches, (std::vector<std::vector<std::int64_t>>{{2}}));
}

TEST(Plan, what_the_old_app_wrote_is_read_anew) {
  const std::vector<github::Details> all = {repository(1, "a", "# A")};
  cache::Bundle old = mirrored(all);
  old.repositories[0].node_id.clear();
  old.repositories[0].head_oid.clear();
  EXPECT_EQ(make_plan(listed(all), old, false).batches.size(), 1u);
}

TEST(Plan, batches_are_bounded_and_hold_each_repository_once) {
  std::vector<github::Details> all;
  for (int i = 1; i <= 60; ++i) all.push_back(repository(i, "r" + std::to_string(i)));
  Listed list = listed(all);
  list.repositories.push_back(
      list.repositories.front());  // A push in the middle of paging moved it.
  const Plan plan = make_plan(list, {}, false);
  ASSERT_EQ(plan.batches.size(), 3u);
  EXPECT_EQ(plan.batches[0].size(), kBatchCountMax);
  EXPECT_EQ(plan.batches[2].size(), 10u);
  EXPECT_EQ(plan.seen_count(), 60u);
}

TEST(Plan, only_a_whole_list_says_that_something_is_gone) {
  const std::vector<github::Details> all = {repository(1, "a"), repository(2, "b"),
                                            repository(3, "c")};
  const cache::Bundle base = mirrored(all);
  const std::vector<github::Details> one = {all[0]};
  EXPECT_EQ(make_plan(listed(one), base, false).gone, (std::vector<std::string>{"b", "c"}));
  for (const Coverage coverage : {Coverage::newest, Coverage::partial}) {
    const Plan plan = make_plan(listed(one, coverage), base, false);
    EXPECT_TRUE(plan.gone.empty());
    EXPECT_EQ(plan.carried, (std::vector<std::int64_t>{2, 3}));
    EXPECT_EQ(plan.seen_count(), 3u);
  }
  // Its name is somebody else's now: two of one name cannot be kept.
  const std::vector<github::Details> again = {all[0], repository(9, "B")};
  EXPECT_EQ(make_plan(listed(again, Coverage::partial), base, false).gone,
            std::vector<std::string>{"b"});
}

TEST(Plan, comes_back_from_json_as_it_was) {
  std::vector<github::Details> all = {repository(1, "a", "# A"), repository(2, "b")};
  const cache::Bundle base = mirrored({all[0], repository(5, "old"), repository(1, "a")});
  all[1].repository.is_private = true;
  all[0].repository.name = "renamed";
  Plan plan = make_plan(listed(all), base, true);
  plan.generation = 7;
  plan.base_generation = 6;
  plan.base_etag = "\"0x1\"";
  plan.probe_etag = "W/\"é\"";
  plan.swept_at = "2026-01-01T00:00:00Z";
  plan.one_page = false;
  plan.requests = 3;
  plan.points = 2;
  const auto read = plan_from_json(to_json(plan));
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(*read, plan);
  EXPECT_EQ(plan_from_json("{}").error().code(), Code::corrupt);
  EXPECT_FALSE(plan_from_json("[").ok());
  const BatchOutcome outcome{{1, 2}, {{3, "gone: x", false}, {4, "withheld: y", true}}, 2, 1};
  EXPECT_EQ(*batch_outcome_from_json(to_json(outcome)), outcome);
  const SyncState state{3, "e", "t", false, true, 9, {{"a", "b"}}};
  EXPECT_EQ(*state_from_json(to_json(state)), state);
}

TEST(Assemble, a_plan_for_another_publication_is_a_conflict) {
  const std::vector<github::Details> all = {repository(1, "a")};
  const Plan plan = make_plan(listed(all), mirrored(all), false);
  EXPECT_EQ(assemble(plan, {}, {}).error().code(), Code::conflict);
}

TEST(Report, comes_back_from_json_and_adds_up) {
  const std::vector<github::Details> all = {repository(1, "a"), repository(2, "b"),
                                            repository(3, "c")};
  Plan plan = make_plan(listed(all), {}, false);
  Gathered gathered;
  gathered.staged[1] = fetched_entry(all[0], nullptr);
  gathered.missing[2] = {2, "gone: deleted meanwhile", false};
  const auto bundle = assemble(plan, gathered, {});
  ASSERT_TRUE(bundle.ok());
  Report report = report_of(plan, gathered, *bundle);
  EXPECT_EQ(report.seen, 3u);
  EXPECT_EQ(report.mirrored, 1u);
  EXPECT_EQ(report.skipped, (std::vector<Skipped>{{"b", "gone: deleted meanwhile"},
                                                  {"c", "unavailable: it was not read"}}));
  EXPECT_FALSE(is_complete(plan, gathered, *bundle));
  report.login = "octocat";
  report.seconds = 1.5;
  report.problems = {{"a", {"empty", "x"}}};
  report.resumes_at = "2026-01-01T00:00:00Z";
  EXPECT_EQ(*report_from_json(to_json(report)), report);
}

TEST(Report, of_any_owner_fits_into_an_output_and_counts_whole) {
  Report report;
  const std::string reason = "unavailable: " + std::string(180, 'x');
  for (int i = 0; i < 20'000; ++i)
    report.skipped.push_back({"repository-" + std::to_string(i), reason});
  report.skipped_count = report.skipped.size();
  for (int i = 0; i < 20'000; ++i) report.gone.push_back(std::string(100, 'g'));
  const std::string text = to_json(report);
  EXPECT_LT(text.size(), 1024u * 1024u);
  EXPECT_EQ(report_from_json(text)->skipped_count, 20'000u);
}

}  // namespace
}  // namespace cloudfolio::sync

// Refreshes over real HTTP against the bundled GitHub: requests counted there, and every kind of
// repository and failure that it can play.

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "cache/keys.h"
#include "sync/testing/refresh_runner.h"
#include "sync/testing/simulated_github.h"

namespace cloudfolio::sync {
namespace {

using testing::RefreshRunner;
using testing::SimulatedGitHub;

const Context kCtx;
constexpr char kOwner[] = "sample-dev";

class SimulatorTest : public ::testing::Test {
 protected:
  ManualClock clock;
  std::unique_ptr<storage::Storage> store = storage::open_memory(clock);
  storage::BlobStore& blobs = **store->blobs(cache::kContainer);
  SimulatedGitHub github{clock};
  RefreshRunner runner{blobs, github.source(), clock, kOwner};

  Report run(Force force = Force::no) {
    github.take_requests();
    const auto report = runner.run(force);
    EXPECT_TRUE(report.ok()) << report.error().message();
    if (!report) return {};
    EXPECT_EQ(report->seen, report->mirrored + report->skipped_count);
    return *report;
  }
  cache::Bundle bundle() {
    const auto publication = runner.open().read_publication(kCtx);
    EXPECT_TRUE(publication.ok()) << publication.error().message();
    return publication ? *publication->bundle : cache::Bundle();
  }
  std::string data() {
    const auto json = runner.open().read_publication_json(kCtx);
    return json ? json->data : json.error().message();
  }
  static std::set<std::string> problems_of(const cache::RepositoryEntry& entry) {
    std::set<std::string> codes;
    for (const cache::Problem& problem : entry.problems) codes.insert(problem.code);
    return codes;
  }
};

TEST_F(SimulatorTest, a_cold_refresh_of_the_sample_takes_at_most_four_requests) {
  const Report report = run();
  const std::int64_t requests = github.take_requests();
  EXPECT_LE(requests, 4);
  EXPECT_EQ(report.github_requests, requests);
  EXPECT_GE(report.mirrored, 8u);
  EXPECT_TRUE(report.skipped.empty());
  const cache::Bundle all = bundle();
  const cache::RepositoryEntry* entry = all.find("clinic-platform");
  ASSERT_NE(entry, nullptr);
  EXPECT_TRUE(entry->has_documentation);
  EXPECT_EQ(entry->documents.size(), 4u);
  EXPECT_FALSE(entry->file_types.empty());
  EXPECT_FALSE(entry->languages.empty());
  EXPECT_FALSE(entry->metadata.file_paths.empty());
  EXPECT_EQ(entry->head_oid.size(), 40u);
  EXPECT_EQ(entry->fingerprint.size(), 32u);
}

TEST_F(SimulatorTest, an_unchanged_refresh_is_one_request_without_points_or_writes) {
  run();
  const auto before = blobs.list(kCtx, {});
  const Report report = run();
  EXPECT_EQ(github.take_requests(), 1);
  EXPECT_EQ(report.github_points, 0);
  EXPECT_FALSE(report.changed);
  const auto after = blobs.list(kCtx, {});
  ASSERT_EQ(after->entries.size(), before->entries.size());
  for (std::size_t i = 0; i < before->entries.size(); ++i)
    EXPECT_EQ(after->entries[i].properties.etag, before->entries[i].properties.etag);
}

TEST_F(SimulatorTest, one_pushed_repository_takes_at_most_three_requests_and_is_seen) {
  run();
  const std::string head = bundle().find("retrograde")->head_oid;
  github.control("push", R"({"owner":"sample-dev","repo":"retrograde",
    "files":{"README.md":"# Retrograde, with moons","deep/er/and/deeper/still/a.py":"1"}})");
  const Report report = run();
  EXPECT_LE(github.take_requests(), 3);
  EXPECT_EQ(report.fetched, 1u);
  const cache::Bundle now = bundle();
  EXPECT_EQ(now.find("retrograde")->readme, "# Retrograde, with moons");
  EXPECT_NE(now.find("retrograde")->head_oid, head);
}

TEST_F(SimulatorTest, force_refetches_and_gives_the_same_bytes) {
  run();
  const std::string before = data();
  const Report report = run(Force::yes);
  EXPECT_EQ(report.fetched, report.mirrored);
  EXPECT_EQ(report.generation, 2u);
  EXPECT_EQ(data(), before);
}

TEST_F(SimulatorTest, rest_gives_the_same_bundle_as_graphql) {
  run();
  SimulatedGitHub other(clock, "samples/portfolio", github::Transport::rest);
  const auto other_store = storage::open_memory(clock);
  RefreshRunner rest(**other_store->blobs(cache::kContainer), other.source(), clock, kOwner);
  const auto report = rest.run();
  ASSERT_TRUE(report.ok()) << report.error().message();
  const auto publication = rest.open().read_publication(kCtx);
  ASSERT_TRUE(publication.ok());
  const cache::Bundle by_graphql = bundle();
  ASSERT_EQ(publication->bundle->repositories.size(), by_graphql.repositories.size());
  for (std::size_t i = 0; i < by_graphql.repositories.size(); ++i) {
    cache::RepositoryEntry by_rest = publication->bundle->repositories[i];
    by_rest.metadata.owner.url = by_graphql.repositories[i].metadata.owner.url;  // Another port.
    EXPECT_EQ(cache::to_json(by_rest), cache::to_json(by_graphql.repositories[i]));
  }
}

TEST_F(SimulatorTest, no_odd_repository_fails_the_run) {
  for (const char* fault :
       {"empty-repository=dotfiles", "archived=retrograde", "fork=sql-kata",
        "truncated-blob=tidewater", "binary-document=stitchwork", "lfs-document=moth-lantern",
        "malformed-context=calm-incidents", "odd-context=accent-coach",
        "huge-repository=clinic-platform", "private=ledgerling"})
    github.fault(fault);
  const Report report = run();
  const cache::Bundle all = bundle();
  EXPECT_EQ(all.find("ledgerling"), nullptr);
  EXPECT_EQ(to_json(report).find("ledgerling"), std::string::npos);
  EXPECT_TRUE(problems_of(*all.find("dotfiles")).contains("empty"));
  EXPECT_TRUE(all.find("retrograde")->archived);
  EXPECT_TRUE(all.find("sql-kata")->metadata.fork);
  EXPECT_EQ(all.find("tidewater")->readme.size(), 600'000u);  // GraphQL cuts it, REST does not.
  EXPECT_TRUE(problems_of(*all.find("stitchwork")).contains("unreadable_document"));
  EXPECT_TRUE(problems_of(*all.find("moth-lantern")).contains("unreadable_document"));
  EXPECT_EQ(problems_of(*all.find("calm-incidents")), std::set<std::string>{"malformed_context"});
  EXPECT_EQ(all.find("calm-incidents")->repo_context, "{}");
  EXPECT_TRUE(all.find("accent-coach")->repo_context.starts_with("["));
  EXPECT_TRUE(all.find("accent-coach")->has_documentation);
  std::int64_t files = 0;
  for (const auto& [extension, count] : all.find("clinic-platform")->file_types) files += count;
  EXPECT_GE(files, 5'000);
  EXPECT_EQ(all.find("clinic-platform")->metadata.file_paths.size(), cache::kFilePathsCountMax);
  run();
  EXPECT_EQ(github.take_requests(), 1);  // What is odd for good is not asked for again.
}

TEST_F(SimulatorTest, renamed_deleted_and_made_again) {
  run();
  const std::int64_t id = bundle().find("tidewater")->metadata.id;
  const std::int64_t old_id = bundle().find("stitchwork")->metadata.id;
  github.fault("renamed=tidewater");
  github.fault("deleted=dotfiles");
  github.fault("recreated=stitchwork");
  const Report report = run();
  EXPECT_LE(github.take_requests(), 3);
  const cache::Bundle now = bundle();
  EXPECT_EQ(now.find("tidewater-renamed")->metadata.id, id);
  EXPECT_EQ(report.renamed, (std::vector<Rename>{{"tidewater", "tidewater-renamed"}}));
  EXPECT_EQ(now.find("dotfiles"), nullptr);
  EXPECT_NE(now.find("stitchwork")->metadata.id, old_id);
  EXPECT_EQ(report.gone, (std::vector<std::string>{"dotfiles", "stitchwork"}));
}

TEST_F(SimulatorTest, what_github_does_not_say_deletes_nothing) {
  run();
  const std::string readme = bundle().find("tidewater")->readme;
  for (const char* fault : {"null-node=tidewater", "forbidden=tidewater"}) {
    SCOPED_TRACE(fault);
    github.control("push", R"({"owner":"sample-dev","repo":"tidewater","files":{"NEW.md":"a"}})");
    github.fault(fault);
    const Report report = run();
    EXPECT_EQ(report.mirrored, report.seen);
    const cache::Bundle now = bundle();
    ASSERT_NE(now.find("tidewater"), nullptr);
    EXPECT_EQ(now.find("tidewater")->readme, readme);
    github.control("faults", std::string(R"({"clear":[")") +
                                 (fault[0] == 'n' ? "null-node" : "forbidden") + "\"]}");
  }
  run();
  EXPECT_TRUE(problems_of(*bundle().find("tidewater")).empty());
}

TEST_F(SimulatorTest, five_failures_are_five_messages_and_nothing_is_lost) {
  run();
  const std::string before = data();
  std::set<std::string> messages;
  for (const char* fault : {"bad-token", "missing-scope", "service-unavailable"}) {
    github.fault(fault);
    const auto report = runner.run(Force::yes);
    ASSERT_FALSE(report.ok()) << fault;
    messages.insert(report.error().message());
    github.simulator().clear_faults();
  }
  RefreshRunner nobody(blobs, github.source(), clock, "nobody-of-that-name");
  const auto unknown = nobody.run();
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code(), Code::not_found);
  messages.insert(unknown.error().message());
  RefreshRunner nonsense(blobs, github.source(), clock, "no/login");
  messages.insert(nonsense.run().error().message());
  EXPECT_EQ(messages.size(), 5u);
  EXPECT_EQ(data(), before);
}

TEST_F(SimulatorTest, a_limit_is_waited_for_and_no_request_comes_before_its_time) {
  run();
  github.control("push",
                 R"({"owner":"sample-dev","repo":"tidewater","files":{"README.md":"# After"}})");
  github.control("limits", R"({"resource":"core","remaining":0,"reset_in_seconds":1800})");
  const Report report = run();
  EXPECT_TRUE(report.changed);
  EXPECT_EQ(bundle().find("tidewater")->readme, "# After");
  EXPECT_LE(github.simulator().counters().while_limited_count, 1);  // The one that learnt of it.
  bool waited = false;
  for (const std::string& status : runner.statuses)
    waited = waited || status.find("waiting") != std::string::npos;
  EXPECT_TRUE(waited);
}

// Where the corpus of real repositories is beside the project.
TEST(CorpusTest, every_owner_is_mirrored_whole) {
  const char* source_folder = std::getenv("CLOUDFOLIO_SOURCE_DIR");
  const std::string corpus = "../shared/corpus";
  const std::filesystem::path folder =
      std::filesystem::path(source_folder ? source_folder : ".") / corpus;
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no corpus at " << folder;
  ManualClock clock;
  SimulatedGitHub github(clock, corpus);
  for (const std::string& owner : github.simulator().owners()) {
    SCOPED_TRACE(owner);
    const auto store = storage::open_memory(clock);
    RefreshRunner runner(**store->blobs(cache::kContainer), github.source(), clock, owner);
    const auto report = runner.run();
    ASSERT_TRUE(report.ok()) << report.error().message();
    EXPECT_EQ(report->seen, report->mirrored);
    EXPECT_GT(report->mirrored, 0u);
    github.take_requests();
    const auto again = runner.run();
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(github.take_requests(), 1);
    EXPECT_FALSE(again->changed);
  }
}

}  // namespace
}  // namespace cloudfolio::sync

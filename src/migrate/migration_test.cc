// Migrations between two stores in memory: what is copied, left, reported and taken back.

#include "migrate/migration.h"

#include <gtest/gtest.h>

#include "migrate/testing/world.h"

namespace cloudfolio::migrate {
namespace {

class MigrationTest : public testing::Test {
 protected:
  World world;
};

TEST_F(MigrationTest, a_run_copies_bytes_headers_metadata_and_every_type_of_value) {
  storage::PutOptions options;
  options.content_type = "application/json";
  options.content_encoding = "utf-8";
  options.metadata = {{"username", "octocat"}, {"no_expiry", "True"}};
  ASSERT_TRUE(world.from_blobs().put(kCtx, storage::BlobKey("a:b/c"), "bytes", options).ok());
  storage::Entity entity{{"octocat", "hello"}, {}};
  entity.values = {{"text", std::string("t")},
                   {"number", std::int64_t(7)},
                   {"share", 0.5},
                   {"flag", true},
                   {"at", Clock::WallTime(std::chrono::microseconds(1))},
                   {"bytes", storage::Binary{std::string("\0x", 2)}}};
  ASSERT_TRUE(world.from_table().insert(kCtx, entity).ok());

  const Report& report = world.run();
  EXPECT_EQ(report.count(Outcome::copied), 2u);
  EXPECT_TRUE(report.clean());
  const auto blob = world.to_blobs().get(kCtx, storage::BlobKey("a:b/c"));
  ASSERT_TRUE(blob.ok());
  EXPECT_EQ(blob->bytes, "bytes");
  EXPECT_EQ(blob->properties.content_type, "application/json");
  EXPECT_EQ(blob->properties.content_encoding, "utf-8");
  EXPECT_EQ(blob->properties.metadata, options.metadata);
  EXPECT_EQ(world.to_table().get(kCtx, entity.key)->values, entity.values);
  EXPECT_EQ(world.verify().count(Outcome::equal), 2u);
}

TEST_F(MigrationTest, a_second_run_copies_nothing_and_a_plan_says_so) {
  world.fill(30);
  EXPECT_EQ(world.plan().count(Outcome::to_copy), 30u);
  EXPECT_EQ(world.count_there(), 0u) << "a plan writes nothing";
  EXPECT_FALSE(std::filesystem::exists(world.options.journal)) << "not even a journal";
  EXPECT_EQ(world.run().count(Outcome::copied), 30u);
  EXPECT_EQ(world.plan().count(Outcome::unchanged), 30u);
  const Report& again = world.run();
  EXPECT_EQ(again.count(Outcome::copied), 0u);
  EXPECT_EQ(again.count(Outcome::unchanged), 30u);
}

TEST_F(MigrationTest, what_changes_at_the_source_follows_and_what_ends_there_ends_here) {
  world.fill(10);
  world.run();
  world.put_from("blob-3", "newer");
  ASSERT_TRUE(world.from_blobs().remove(kCtx, storage::BlobKey("blob-4"), {}).ok());
  const Report& report = world.run();
  EXPECT_EQ(report.count(Outcome::copied), 1u);
  EXPECT_EQ(report.count(Outcome::removed), 1u);
  EXPECT_EQ(world.there("blob-3"), "newer");
  EXPECT_EQ(world.there("blob-4"), "NONE");
  EXPECT_EQ(world.verify().count(Outcome::equal), 9u);
}

TEST_F(MigrationTest, a_source_that_is_suddenly_empty_removes_nothing) {
  world.fill(3);
  world.run();
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(
        world.from_blobs().remove(kCtx, storage::BlobKey("blob-" + std::to_string(i)), {}).ok());
  EXPECT_EQ(world.run_status().error().code(), Code::invalid_argument);
  EXPECT_EQ(world.count_there(), 3u);
}

TEST_F(MigrationTest, what_was_there_before_is_a_conflict_and_stays) {
  world.fill(3);
  world.put_to("blob-1", "theirs");
  world.put_to("blob-2", world.here("blob-2"));
  EXPECT_EQ(world.plan().count(Outcome::conflict), 1u);
  for (int i = 0; i < 2; ++i) {
    const Report& report = world.run();
    EXPECT_EQ(report.count(Outcome::conflict), 1u);
    EXPECT_EQ(report.findings().front().key, "blob-1");
    EXPECT_EQ(report.count(Outcome::same) + report.count(Outcome::unchanged), i == 0 ? 2u : 2u);
    EXPECT_FALSE(report.clean());
  }
  EXPECT_EQ(world.there("blob-1"), "theirs");
  EXPECT_EQ(world.verify().count(Outcome::conflict), 1u);
  world.rollback();
  EXPECT_EQ(world.there("blob-0"), "NONE");
  EXPECT_EQ(world.there("blob-1"), "theirs");
  EXPECT_EQ(world.there("blob-2"), world.here("blob-2")) << "the run did not write it";
}

TEST_F(MigrationTest, what_the_destination_changed_since_is_theirs) {
  world.fill(4);
  world.run();
  world.put_to("blob-1", "newer there");
  world.put_to("blob-2", "also newer there");
  world.put_from("blob-2", "newer here as well");
  ASSERT_TRUE(world.to_blobs().remove(kCtx, storage::BlobKey("blob-3"), {}).ok());
  for (int i = 0; i < 2; ++i) {
    const Report& report = world.run();
    EXPECT_EQ(report.count(Outcome::changed_there), 2u);
    EXPECT_EQ(report.count(Outcome::conflict), 1u);
    EXPECT_EQ(report.count(Outcome::copied), 0u);
  }
  EXPECT_EQ(world.there("blob-1"), "newer there");
  EXPECT_EQ(world.there("blob-2"), "also newer there");
  EXPECT_EQ(world.there("blob-3"), "NONE");
  const Report& back = world.rollback();
  EXPECT_EQ(back.count(Outcome::undone), 2u) << "one of them is gone already";
  EXPECT_EQ(world.there("blob-0"), "NONE");
  EXPECT_EQ(world.there("blob-1"), "newer there");
  EXPECT_EQ(world.there("blob-2"), "also newer there");
}

TEST_F(MigrationTest, a_replacement_is_asked_for_reported_and_taken_back) {
  world.fill(2);
  world.put_to("blob-1", "theirs");
  storage::Entity theirs{{"p", "r"}, {{"n", std::int64_t(1)}}};
  storage::Entity ours{{"p", "r"}, {{"n", std::int64_t(2)}}};
  ASSERT_TRUE(world.to_table().insert(kCtx, theirs).ok());
  ASSERT_TRUE(world.from_table().insert(kCtx, ours).ok());
  world.options.on_conflict = OnConflict::replace;
  const Report& report = world.run();
  EXPECT_EQ(report.count(Outcome::replaced), 2u);
  EXPECT_EQ(report.findings().size(), 2u);
  EXPECT_EQ(world.there("blob-1"), world.here("blob-1"));
  const Report& back = world.rollback();
  EXPECT_EQ(back.count(Outcome::restored), 2u);
  EXPECT_EQ(world.there("blob-1"), "theirs");
  EXPECT_EQ(world.there("blob-0"), "NONE");
  EXPECT_EQ(world.to_table().get(kCtx, theirs.key)->values, theirs.values);
  EXPECT_EQ(world.rollback().count(Outcome::restored), 0u) << "once is enough";
}

TEST_F(MigrationTest, verify_names_what_is_missing_stale_or_different) {
  world.fill(4);
  world.run();
  world.put_from("blob-0", "newer here");
  world.put_from("blob-9", "never copied");
  world.put_to("only-there", "x");
  const Report& report = world.verify();
  EXPECT_EQ(report.count(Outcome::equal), 3u);
  EXPECT_EQ(report.count(Outcome::stale), 1u);
  EXPECT_EQ(report.count(Outcome::missing), 1u);
  EXPECT_EQ(report.count(Outcome::only_there), 1u);
  EXPECT_FALSE(report.clean());
}

TEST_F(MigrationTest, metadata_alone_makes_a_difference) {
  world.fill(1);
  world.run();
  storage::PutOptions options;
  options.metadata = {{"username", "somebody-else"}};
  ASSERT_TRUE(
      world.to_blobs().put(kCtx, storage::BlobKey("blob-0"), world.here("blob-0"), options).ok());
  world.options.journal /= "another";
  EXPECT_EQ(world.verify().count(Outcome::differs), 1u);
}

TEST_F(MigrationTest, a_journal_is_of_one_pair_of_stores_and_one_process) {
  world.fill(1);
  world.run();
  const auto held = world.open();
  Report report;
  ASSERT_TRUE((*held)->run(kCtx, {}, report).ok());
  EXPECT_EQ(world.run_status().error().code(), Code::unavailable);
  world.to_name = "memory:elsewhere";
  // Not while the first one is open.
  const auto other = world.open();
  EXPECT_FALSE((*other)->run(kCtx, {}, report).ok());
}

TEST_F(MigrationTest, a_journal_of_other_stores_is_refused) {
  world.fill(1);
  world.run();
  world.to_name = "memory:elsewhere";
  const Status refused = world.run_status();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Code::invalid_argument);
  EXPECT_NE(refused.error().message().find("memory:to"), std::string::npos);
}

TEST_F(MigrationTest, the_rate_is_kept_by_bytes_and_by_items) {
  for (int i = 0; i < 20; ++i) world.put_from("k" + std::to_string(i), std::string(1000, 'x'));
  world.options.bytes_per_second = 10'000;
  world.options.copies_at_once = 4;
  const auto began = world.clock.now();
  world.run();
  const double seconds = std::chrono::duration<double>(world.clock.now() - began).count();
  EXPECT_NEAR(seconds, 2.0, 0.21);
}

TEST_F(MigrationTest, contents_larger_than_the_memory_go_alone) {
  for (int i = 0; i < 8; ++i) world.put_from("k" + std::to_string(i), std::string(100'000, 'x'));
  world.options.memory_bytes = 50'000;
  EXPECT_EQ(world.run().count(Outcome::copied), 8u);
}

}  // namespace
}  // namespace cloudfolio::migrate

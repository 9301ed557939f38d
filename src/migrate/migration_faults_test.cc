// Migrations over stores that fail at every step, and that others write meanwhile.

#include <gtest/gtest.h>

#include "migrate/testing/world.h"
#include "storage/testing/failing.h"

namespace cloudfolio::migrate {
namespace {

using storage::Fault;
using storage::Faults;

// A store in which one container fails by plan.
class FailingStorage final : public storage::Storage {
 public:
  FailingStorage(storage::Storage& real, Faults& faults)
      : real_(real), blobs_(**real.blobs("things"), faults), table_(**real.table("Rows"), faults) {}
  Result<storage::BlobStore*> blobs(std::string_view) override { return &blobs_; }
  Result<storage::Queue*> queue(std::string_view name) override { return real_.queue(name); }
  Result<storage::Table*> table(std::string_view) override { return &table_; }
  storage::LeaseBook& leases() override { return real_.leases(); }
  Status check(const Context& ctx) override { return real_.check(ctx); }
  Status maintain(const Context& ctx) override { return real_.maintain(ctx); }

 private:
  storage::Storage& real_;
  storage::FailingBlobStore blobs_;
  storage::FailingTable table_;
};

enum class Side { source, destination };
struct Disturbed {
  Side side;
  Fault::When when;
  Fault::Then then;
};
void PrintTo(const Disturbed& disturbed, std::ostream* out) {
  *out << (disturbed.side == Side::source ? "source" : "destination")
       << (disturbed.when == Fault::When::before ? " before" : " after")
       << (disturbed.then == Fault::Then::works ? " once" : " for good");
}

class MigrationFaults : public testing::TestWithParam<Disturbed> {
 protected:
  // A world in which a run finds everything: new, same, conflicting, changed, gone.
  void prepare(World& world) {
    world.options.copies_at_once = 1;      // So that the n-th call is always the same.
    world.options.stream_above_bytes = 8;  // What fill() puts, and new-2, go in pieces.
    world.fill(2);
    world.put_from("changes", "old");
    world.put_from("ends", "old");
    ASSERT_TRUE(world.from_table().insert(kCtx, {{"p", "r"}, {{"n", std::int64_t(1)}}}).ok());
    world.run();
    world.put_from("changes", "new");
    world.put_from("new-1", "new");
    world.put_from("new-2", "new and large");
    world.put_from("taken", "ours");
    world.put_to("taken", "theirs");
    ASSERT_TRUE(world.from_blobs().remove(kCtx, storage::BlobKey("ends"), {}).ok());
    ASSERT_TRUE(world.from_table().insert(kCtx, {{"p", "s"}, {{"n", std::int64_t(2)}}}).ok());
  }
  void expect_migrated(World& world) {
    EXPECT_EQ(world.there("changes"), "new");
    EXPECT_EQ(world.there("new-1"), "new");
    EXPECT_EQ(world.there("new-2"), "new and large");
    EXPECT_EQ(world.there("taken"), "theirs");
    EXPECT_EQ(world.there("ends"), "NONE");
    EXPECT_TRUE(world.to_table().get(kCtx, {"p", "s"}).ok());
    const Report& verified = world.verify();
    EXPECT_EQ(verified.count(Outcome::equal), 7u);
    EXPECT_EQ(verified.count(Outcome::conflict), 1u);
    EXPECT_EQ(verified.findings().size(), 1u);
  }
  void expect_rolled_back(World& world) {
    const Report& report = world.rollback();
    EXPECT_EQ(report.count(Outcome::failed), 0u);
    EXPECT_EQ(report.findings().size(), 0u);
    EXPECT_EQ(world.count_there(), 1u);
    EXPECT_EQ(world.there("taken"), "theirs");
    EXPECT_EQ(world.to_table().query(kCtx, {})->entities.size(), 0u);
  }

  // Runs `verb` with the n-th call failing.
  static void disturb(World& world, Faults& faults, Side side,
                      Status (Migration::*verb)(const Context&, const Watch&, Report&)) {
    FailingStorage failing(side == Side::source ? *world.from : *world.to, faults);
    const Ends ends{side == Side::source ? failing : *world.from, "memory:from",
                    side == Side::destination ? failing : *world.to, "memory:to"};
    const auto migration =
        Migration::open(ends, world.options, world.clock, [](auto&&...) { return Status(Done{}); });
    ASSERT_TRUE(migration.ok());
    Report report;
    (void)((**migration).*verb)(kCtx, {}, report);
  }
};

TEST_P(MigrationFaults, a_run_that_is_disturbed_at_any_call_ends_right_when_run_again) {
  for (std::uint64_t call = 1;; ++call) {
    SCOPED_TRACE("call " + std::to_string(call));
    World world;
    prepare(world);
    Faults faults({.call = call, .when = GetParam().when, .then = GetParam().then});
    disturb(world, faults, GetParam().side, &Migration::run);
    EXPECT_EQ(world.there("taken"), "theirs");
    world.run();
    expect_migrated(world);
    expect_rolled_back(world);
    if (testing::Test::HasFailure()) return;
    if (!faults.happened()) {
      EXPECT_GE(call, 10u);
      return;
    }
  }
}

TEST_P(MigrationFaults, a_disturbed_run_is_taken_back_without_finishing_it) {
  for (std::uint64_t call = 1;; ++call) {
    SCOPED_TRACE("call " + std::to_string(call));
    World world;
    prepare(world);
    Faults faults({.call = call, .when = GetParam().when, .then = GetParam().then});
    disturb(world, faults, GetParam().side, &Migration::run);
    expect_rolled_back(world);
    if (testing::Test::HasFailure() || !faults.happened()) return;
  }
}

class RollbackFaults : public MigrationFaults {};

TEST_P(RollbackFaults, a_disturbed_rollback_ends_right_when_run_again) {
  for (std::uint64_t call = 1;; ++call) {
    SCOPED_TRACE("call " + std::to_string(call));
    World world;
    prepare(world);
    world.options.on_conflict = OnConflict::replace;
    world.run();
    EXPECT_EQ(world.there("taken"), "ours");
    Faults faults({.call = call, .when = GetParam().when, .then = GetParam().then});
    disturb(world, faults, GetParam().side, &Migration::rollback);
    expect_rolled_back(world);
    if (testing::Test::HasFailure() || !faults.happened()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(
    everywhere, MigrationFaults,
    testing::Values(Disturbed{Side::source, Fault::When::before, Fault::Then::works},
                    Disturbed{Side::source, Fault::When::before, Fault::Then::fails},
                    Disturbed{Side::destination, Fault::When::before, Fault::Then::works},
                    Disturbed{Side::destination, Fault::When::before, Fault::Then::fails},
                    Disturbed{Side::destination, Fault::When::after, Fault::Then::works},
                    Disturbed{Side::destination, Fault::When::after, Fault::Then::fails}));
INSTANTIATE_TEST_SUITE_P(
    everywhere, RollbackFaults,
    testing::Values(Disturbed{Side::destination, Fault::When::before, Fault::Then::works},
                    Disturbed{Side::destination, Fault::When::before, Fault::Then::fails},
                    Disturbed{Side::destination, Fault::When::after, Fault::Then::works},
                    Disturbed{Side::destination, Fault::When::after, Fault::Then::fails}));

}  // namespace
}  // namespace cloudfolio::migrate

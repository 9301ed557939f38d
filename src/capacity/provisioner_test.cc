#include "capacity/provisioner.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "capacity/testing/simulated_processes.h"
#include "capacity/testing/simulation.h"

namespace cloudfolio::capacity {
namespace {

using simulated::ArmFaults;
using simulated::Interleave;
using simulated::Simulation;
using std::chrono::minutes;
using std::chrono::seconds;

bool said(Simulation& world, std::string_view what) {
  return std::any_of(world.log().begin(), world.log().end(),
                     [&](const std::string& line) { return line.find(what) != std::string::npos; });
}

TEST(Provisioner, one_message_is_one_creation_however_long_the_start_takes) {
  Simulation world(1, simulated::aci_policy_for_tests(), Interleave::no);
  ArmFaults faults;
  faults.start_seconds = 150;  // Ten passes.
  world.arm().set_faults(faults);
  world.add_job("ada", seconds(30));
  EXPECT_TRUE(world.settle(seconds(3'600)));
  EXPECT_EQ(world.arm().creations(), 1u);
}

TEST(Provisioner, a_hundred_messages_never_have_more_groups_than_the_maximum) {
  Simulation world(2, simulated::aci_policy_for_tests(), Interleave::no);
  for (int i = 0; i < 100; ++i) world.add_job("tenant-" + std::to_string(i % 9), seconds(20));
  std::size_t most = 0;
  for (int i = 0; i < 400; ++i) {
    world.pass(seconds(5));
    most = std::max(most, world.arm().names().size());
  }
  EXPECT_EQ(most, 4u);
  EXPECT_TRUE(world.settle(seconds(7'200)));
  EXPECT_EQ(world.arm().creations(), 4u);  // A worker takes one message after the other.
  EXPECT_EQ(world.duplicate_runs(), 0u);
}

TEST(Provisioner, a_kill_at_any_step_of_a_creation_leaves_one_group) {
  for (std::size_t step = 1; step <= 14; ++step) {
    Simulation world(step, simulated::aci_policy_for_tests(), Interleave::no);
    world.add_job("ada", seconds(30));
    world.kill_after(step);
    for (int i = 0; i < 16; ++i) world.pass(seconds(15));
    EXPECT_EQ(world.arm().names().size(), 1u) << "killed at operation " << step;
    EXPECT_EQ(world.arm().creations(), 1u) << "killed at operation " << step;
    EXPECT_TRUE(world.settle(seconds(3'600)));
  }
}

TEST(Provisioner, a_deletion_that_is_forgotten_is_asked_again_and_told_to_people) {
  Simulation world(3, simulated::aci_policy_for_tests(), Interleave::no);
  world.add_job("ada", seconds(30));
  for (int i = 0; i < 10; ++i) world.pass(seconds(15));
  ArmFaults faults;
  faults.forgets = 1;
  world.arm().set_faults(faults);
  for (int i = 0; i < 120; ++i) world.pass(seconds(15));
  EXPECT_EQ(world.arm().names().size(), 1u);
  EXPECT_TRUE(said(world, "alarm: model-training-queue-westeurope-1 is being deleted since"));
  world.arm().set_faults({});
  EXPECT_TRUE(world.settle(minutes(2)));
}

TEST(Provisioner, a_used_up_quota_is_probed_once_in_five_minutes_and_the_job_waits_with_a_reason) {
  Simulation world(4, simulated::aci_policy_for_tests(), Interleave::no);
  ArmFaults faults;
  faults.quota_groups = 0;
  world.arm().set_faults(faults);
  world.add_job("ada", seconds(30));
  for (int i = 0; i < 60; ++i) world.pass(seconds(15));  // A quarter of an hour.
  EXPECT_LE(world.arm().bodies().size(), 4u);
  EXPECT_TRUE(said(world, "train-0 waits: the quota is reached"));
  world.arm().set_faults({});
  EXPECT_TRUE(world.settle(seconds(3'600)));
}

TEST(Provisioner, no_capacity_is_followed_by_a_smaller_size_and_another_region) {
  Simulation world(5, simulated::aci_policy_for_tests(), Interleave::no);
  ArmFaults faults;
  faults.no_capacity = 1;
  world.arm().set_faults(faults);
  world.add_job("ada", seconds(30));
  for (int i = 0; i < 6; ++i) world.pass(seconds(15));
  const auto bodies = world.arm().bodies();
  ASSERT_EQ(bodies.size(), 4u);  // Two sizes in two regions, then it waits.
  EXPECT_NE(bodies[0].find("\"cpu\":2"), std::string::npos);
  EXPECT_NE(bodies[1].find("\"cpu\":1"), std::string::npos);
  EXPECT_NE(bodies[1].find("westeurope"), std::string::npos);
  EXPECT_NE(bodies[2].find("northeurope"), std::string::npos);
  // No name serves twice, in no region.
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_NE(bodies[i].find("\"CLOUDFOLIO_WORKER_GENERATION\",\"value\":\"" +
                             std::to_string(i + 1) + "\""),
              std::string::npos);
}

TEST(Provisioner,
     a_group_that_never_speaks_is_replaced_and_its_message_begins_within_four_minutes) {
  Policy policy = simulated::aci_policy_for_tests();
  policy.workers_max = 1;  // The only slot.
  Simulation world(6, policy, Interleave::no);
  ArmFaults faults;
  faults.never_starts = 1;
  world.arm().set_faults(faults);
  world.add_job("ada", seconds(30));
  world.pass(seconds(1));
  world.arm().set_faults({});
  const auto created = world.clock().wall_time();
  while (world.jobs()[0].runs == 0 && world.clock().wall_time() - created < minutes(10))
    world.pass(seconds(5));
  EXPECT_EQ(world.jobs()[0].runs, 1u);
  EXPECT_LE(world.clock().wall_time() - created, seconds(240));
  EXPECT_TRUE(world.settle(seconds(3'600)));
}

TEST(Provisioner, an_orphan_is_removed_and_shown_in_the_ledger) {
  Simulation world(7, simulated::aci_policy_for_tests(), Interleave::no);
  const CreateRequest lost{.name = "model-training-queue-westeurope-900",
                           .generation = 900,
                           .queue = "model-training-queue",
                           .region = "westeurope"};
  world.arm().plant(lost.name, container_group_json(simulated::aci_options_for_tests(), lost));
  CreateRequest foreign = lost;
  foreign.name = "model-training-queue-westeurope-901";
  AciOptions others = simulated::aci_options_for_tests();
  others.owner = "installation-2";
  world.arm().plant(foreign.name, container_group_json(others, foreign));
  for (int i = 0; i < 4; ++i) world.pass(seconds(30));
  EXPECT_EQ(world.arm().names(), std::vector<std::string>{foreign.name});
  EXPECT_FALSE(world.usage().unknown.empty());
}

// A clock that goes wrong by as much as it is told.
class SkewedClock final : public Clock {
 public:
  SkewedClock(const Clock& clock, seconds by) : clock_(clock), by_(by) {}
  Instant now() const override { return clock_.now(); }
  WallTime wall_time() const override { return clock_.wall_time() + by_; }

 private:
  const Clock& clock_;
  const seconds by_;
};

TEST(Provisioner, of_two_one_leads_and_an_overtaken_leader_is_refused) {
  ManualClock clock;
  auto store = storage::open_memory(clock);
  storage::Table& table = **store->table(kWorkersTable);
  simulated::FakeArm arm(clock, 1);
  simulated::FixedToken token;
  simulated::MemoryUsage usage;
  Provisioner* other = nullptr;
  Demand demand;
  demand.jobs.push_back({"train-1", TenantId("ada"), clock.wall_time()});
  std::string stall;  // The method of the request before which the first leader stalls.
  simulated::DirectClient client([&](const http::Request& request) {
    if (!stall.empty() && to_string(request.method) == stall) {
      stall.clear();
      // Past the end of its lease; the other leads and does the same work.
      clock.advance(seconds(40));
      (void)other->ensure(Context(), demand);
    }
    return arm.handle(request);
  });
  AciPlatform platform(simulated::aci_options_for_tests(), client, token);
  const SkewedClock ahead(clock, minutes(5));
  const SkewedClock behind(clock, -minutes(5));
  const Policy policy = simulated::aci_policy_for_tests();
  Provisioner first(policy, table, store->leases(), platform, usage, ahead, Random(1));
  Provisioner second(policy, table, store->leases(), platform, usage, behind, Random(2));
  other = &second;
  EXPECT_EQ(first.ensure(Context(), Demand())->part, Pass::Part::led);
  EXPECT_EQ(second.ensure(Context(), demand)->part, Pass::Part::followed);
  stall = "PUT";
  const auto overtaken = first.ensure(Context(), demand);
  EXPECT_TRUE(overtaken.ok()) << overtaken.error().message();
  EXPECT_EQ(arm.creations(), 1u);
  EXPECT_EQ(first.ensure(Context(), demand)->part, Pass::Part::followed);
  for (int i = 0; i < 40; ++i) {
    clock.advance(seconds(15));
    (void)first.ensure(Context(), demand);
    (void)second.ensure(Context(), demand);
    EXPECT_LE(arm.names().size(), 1u + 3u);  // At most a replaced silent one is still going.
  }
}

// Each says that it lives, as a worker does when it opens the store, and ends before it takes work.
TEST(Provisioner, workers_that_die_at_their_start_are_tried_five_times_in_three_minutes_and_told) {
  ManualClock clock;
  auto store = storage::open_memory(clock);
  storage::Table& table = **store->table(kWorkersTable);
  simulated::SimulatedProcesses processes;
  processes.fail_from_now_on();
  simulated::MemoryUsage usage;
  Policy policy = simulated::aci_policy_for_tests();
  policy.endings = Endings::certain;
  Provisioner provisioner(policy, table, store->leases(), processes, usage, clock, Random(1));
  WorkerBook book(table, policy.queue);
  Demand demand;
  demand.jobs.push_back({"train-1", TenantId("ada"), clock.wall_time()});
  std::vector<GivenUp> told;
  bool alarmed = false;
  const auto pass = [&] {
    clock.advance(std::chrono::milliseconds(500));
    const auto passed = provisioner.ensure(Context(), demand);
    ASSERT_TRUE(passed.ok());
    told.insert(told.end(), passed->given_up.begin(), passed->given_up.end());
    for (const std::string& line : passed->log) alarmed |= line.starts_with("alarm: the last 3");
    for (const auto& [name, job] : processes.running()) {
      const std::string number = name.substr(name.rfind('-') + 1);
      (void)book.heartbeat(Context(), std::stoull(number), clock.wall_time());
      processes.end(name);
    }
  };
  for (int i = 0; i < 40; ++i) pass();  // 20 s.
  EXPECT_EQ(processes.creations(), 3u);
  EXPECT_TRUE(alarmed);
  EXPECT_EQ(*book.trouble(Context(), policy, clock.wall_time()),
            "the last 3 workers failed at their start: it ended before it took work: exit status "
            "1");
  EXPECT_TRUE(told.empty());
  for (int i = 0; i < 360; ++i) pass();
  EXPECT_EQ(processes.creations(), 5u);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].job, "train-1");
  EXPECT_TRUE(told[0].why.starts_with("the last 5 workers failed")) << told[0].why;
  clock.advance(std::chrono::hours(1));
  EXPECT_EQ(*book.trouble(Context(), policy, clock.wall_time()), "");
}

TEST(Provisioner, a_leader_with_an_old_epoch_changes_nothing) {
  ManualClock clock;
  auto store = storage::open_memory(clock);
  storage::Table& table = **store->table(kWorkersTable);
  WorkerBook book(table, "q");
  Memory old_leader;
  old_leader.epoch = 1;
  ASSERT_TRUE(book.write_memory(Context(), old_leader).ok());
  Memory new_leader = book.load(Context())->memory;
  new_leader.epoch = 2;
  ASSERT_TRUE(book.write_memory(Context(), new_leader).ok());
  Worker worker;
  worker.generation = 1;
  worker.name = "q-local-1";
  EXPECT_EQ(book.insert(Context(), worker, old_leader).error().code(), Code::conflict);
  EXPECT_EQ(book.write_memory(Context(), old_leader).error().code(), Code::conflict);
  EXPECT_TRUE(book.load(Context())->workers.empty());
}

TEST(WorkerBook, a_draining_worker_takes_nothing_and_a_tenant_has_one_worker) {
  ManualClock clock;
  auto store = storage::open_memory(clock);
  WorkerBook book(**store->table(kWorkersTable), "q");
  Memory memory;
  for (std::uint64_t generation : {1u, 2u}) {
    Worker worker;
    worker.generation = generation;
    worker.name = "q-local-" + std::to_string(generation);
    worker.state = WorkerState::active;
    ASSERT_TRUE(book.insert(Context(), worker, memory).ok());
  }
  const auto now = clock.wall_time();
  const TenantId ada("ada");
  ASSERT_TRUE(book.take(Context(), 1, ada, "one", now).ok());
  ASSERT_TRUE(book.take(Context(), 1, ada, "one", now).ok());  // An answer that got lost.
  EXPECT_EQ(book.take(Context(), 2, ada, "two", now).error().code(), Code::conflict);
  EXPECT_EQ(book.take(Context(), 1, TenantId("bea"), "three", now).error().code(), Code::conflict);
  ASSERT_TRUE(book.finish(Context(), 1, "one", now + seconds(5)).ok());
  ASSERT_TRUE(book.finish(Context(), 1, "one", now + seconds(5)).ok());
  ASSERT_TRUE(book.take(Context(), 2, ada, "two", now + seconds(6)).ok());
  Worker first = book.load(Context())->workers.at(1);
  ASSERT_EQ(first.spans.size(), 1u);
  EXPECT_EQ(first.spans[0].to - first.spans[0].from, seconds(5));
  first.state = WorkerState::draining;
  ASSERT_TRUE(book.update(Context(), first).ok());
  EXPECT_EQ(book.take(Context(), 1, TenantId("bea"), "three", now).error().code(), Code::conflict);
  EXPECT_EQ(book.heartbeat(Context(), 1, now).error().code(), Code::conflict);
  EXPECT_EQ(book.finish(Context(), 2, "other", now).error().code(), Code::conflict);
}

TEST(Usage, cuts_a_workers_time_without_gap_or_overlap) {
  const WallTime t0 = ManualClock().wall_time();
  Worker worker;
  worker.tenant = TenantId("ada");
  worker.accepted_at = t0;
  worker.deleting_at = t0 + seconds(900);
  worker.spans = {{TenantId("ada"), "one", t0 + seconds(60), t0 + seconds(100)},
                  {TenantId("bea"), "two", t0 + seconds(150), t0 + seconds(300)}};
  const auto parts = usage_parts(worker, t0 + seconds(1'000));
  ASSERT_EQ(parts.size(), 6u);
  WallTime at = t0;
  std::string shape;
  for (const UsagePart& part : parts) {
    EXPECT_EQ(part.from, at);
    at = part.to;
    shape += std::string(to_string(part.part)) + ":" + part.tenant.str() + " ";
  }
  EXPECT_EQ(at, t0 + seconds(1'000));
  EXPECT_EQ(shape, "start:ada work:ada idle:ada work:bea idle:bea stuck: ");
  worker.spans.clear();
  EXPECT_EQ(usage_parts(worker, t0 + seconds(1'000)).size(), 2u);  // Waiting, then stuck.
  worker.accepted_at = {};
  EXPECT_TRUE(usage_parts(worker, t0).empty());
}

}  // namespace
}  // namespace cloudfolio::capacity

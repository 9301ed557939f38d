#include "capacity/planner.h"

#include <gtest/gtest.h>

namespace cloudfolio::capacity {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const WallTime kNow = ManualClock().wall_time() + std::chrono::hours(12);

template <class E>
std::vector<E> all(const std::vector<Effect>& effects) {
  std::vector<E> found;
  for (const Effect& effect : effects)
    if (const E* one = std::get_if<E>(&effect)) found.push_back(*one);
  return found;
}

std::string notes(const std::vector<Effect>& effects) {
  std::string text;
  for (const Note& note : all<Note>(effects)) text += note.text + "\n";
  return text;
}

class Planner : public testing::Test {
 protected:
  Planner() {
    policy_.regions = {"westeurope", "northeurope"};
    policy_.workers_max = 3;
    view_.complete = true;
  }
  Worker& worker(std::uint64_t generation, WorkerState state) {
    Worker one;
    one.generation = generation;
    one.name = worker_name(policy_, "westeurope", generation);
    one.state = state;
    one.intended_at = one.asked_at = one.accepted_at = kNow - seconds(20);
    if (state == WorkerState::active) {
      one.started_at = one.heartbeat_at = one.idle_since = kNow - seconds(10);
    }
    return book_.workers[generation] = one;
  }
  void show(const Worker& worker, GroupState state = GroupState::running) {
    view_.groups.push_back({worker.name, state});
  }
  void wait(const std::string& tenant, int count = 1) {
    for (int i = 0; i < count; ++i) {
      const std::string id = tenant + "-" + std::to_string(view_.jobs.size());
      view_.jobs.push_back({id, TenantId(tenant), kNow - seconds(5)});
    }
  }
  void hold(Worker& worker, const std::string& tenant) {
    wait(tenant);
    worker.held_job = view_.jobs.back().id;
    worker.held_tenant = TenantId(tenant);
    worker.held_since = kNow - seconds(5);
  }
  std::vector<Effect> planned(WallTime now = kNow) { return plan(policy_, book_, view_, now); }

  Policy policy_;
  Book book_;
  View view_;
};

TEST_F(Planner, makes_one_worker_for_one_message_however_long_its_start_takes) {
  wait("ada");
  EXPECT_EQ(all<CreateWorker>(planned()).size(), 1u);
  show(worker(1, WorkerState::creating), GroupState::pending);
  for (int poll = 0; poll < 10; ++poll)
    EXPECT_TRUE(all<CreateWorker>(planned(kNow + seconds(10 * poll))).empty());
}

TEST_F(Planner, makes_no_more_workers_than_the_maximum_and_one_a_tenant) {
  for (int i = 0; i < 20; ++i) wait("tenant" + std::to_string(i), 5);
  EXPECT_EQ(all<CreateWorker>(planned()).size(), 3u);
  view_.jobs.clear();
  wait("ada", 100);
  EXPECT_EQ(all<CreateWorker>(planned()).size(), 1u);
  Worker& one = worker(1, WorkerState::active);
  show(one);
  hold(one, "ada");
  EXPECT_TRUE(all<CreateWorker>(planned()).empty());
}

TEST_F(Planner, serves_first_whom_it_served_longest_ago) {
  wait("ada", 3);
  wait("bea");
  wait("cleo");
  book_.tenants[TenantId("ada")] = {TenantId("ada"), kNow - minutes(1)};
  book_.tenants[TenantId("bea")] = {TenantId("bea"), kNow - minutes(5)};
  policy_.workers_max = 2;
  const auto created = all<CreateWorker>(planned());
  ASSERT_EQ(created.size(), 2u);
  EXPECT_EQ(created[0].worker.tenant.str(), "cleo");  // Never yet.
  EXPECT_EQ(created[1].worker.tenant.str(), "bea");
}

TEST_F(Planner, decides_nothing_on_an_incomplete_view) {
  wait("ada");
  worker(1, WorkerState::active).idle_since = kNow - minutes(30);
  worker(2, WorkerState::deleting);
  view_.groups.push_back({"somebody-elses-9", GroupState::running});
  view_.complete = false;
  view_.trouble = "status 500";
  const auto effects = planned();
  EXPECT_EQ(effects.size(), 1u);
  EXPECT_EQ(notes(effects), "view incomplete: status 500\n");
}

TEST_F(Planner, drains_what_is_idle_and_never_what_holds_work) {
  Worker& idle = worker(1, WorkerState::active);
  Worker& busy = worker(2, WorkerState::active);
  show(idle);
  show(busy);
  hold(busy, "ada");
  idle.idle_since = busy.idle_since = kNow - seconds(601);
  const auto effects = planned();
  ASSERT_EQ(all<Drain>(effects).size(), 1u);
  EXPECT_EQ(all<Drain>(effects)[0].generation, 1u);
  EXPECT_TRUE(all<Delete>(effects).empty());
}

TEST_F(Planner, keeps_an_idle_worker_for_work_that_just_came) {
  Worker& idle = worker(1, WorkerState::active);
  show(idle);
  idle.idle_since = kNow - seconds(700);
  wait("ada");
  EXPECT_TRUE(planned().empty());
}

TEST_F(Planner, asks_again_for_a_deletion_every_half_minute_and_tells_people_after_a_quarter_hour) {
  Worker& stuck = worker(1, WorkerState::deleting);
  show(stuck);
  stuck.asked_at = stuck.deleting_at = kNow - seconds(29);
  EXPECT_TRUE(planned().empty());
  stuck.asked_at = kNow - seconds(30);
  EXPECT_EQ(all<Delete>(planned()).size(), 1u);
  stuck.deleting_at = kNow - seconds(901);
  EXPECT_NE(notes(planned()).find("it is paid for"), std::string::npos);
  view_.groups.clear();
  EXPECT_EQ(all<Close>(planned()).size(), 1u);
}

TEST_F(Planner, removes_a_group_that_no_row_explains) {
  view_.groups.push_back({"model-training-queue-westeurope-99", GroupState::running});
  ASSERT_EQ(all<DeleteOrphan>(planned()).size(), 1u);
}

TEST_F(Planner, replaces_a_worker_that_never_speaks_within_four_minutes) {
  wait("ada");
  Worker& silent = worker(1, WorkerState::creating);
  silent.accepted_at = kNow - seconds(180);
  show(silent);
  const auto effects = planned();
  ASSERT_EQ(all<Delete>(effects).size(), 1u);
  EXPECT_EQ(all<Delete>(effects)[0].blame, Blame::start);
  silent.state = WorkerState::deleting;
  silent.deleting_at = silent.asked_at = kNow;
  EXPECT_EQ(all<CreateWorker>(planned(kNow + seconds(15))).size(), 1u);  // The slot is free.
}

TEST_F(Planner, replaces_a_worker_that_speaks_and_takes_nothing) {
  wait("ada");
  view_.jobs[0].queued_at = kNow - seconds(181);
  Worker& deaf = worker(1, WorkerState::active);
  deaf.idle_since = kNow - seconds(300);
  show(deaf);
  EXPECT_EQ(all<Drain>(planned()).size(), 1u);
}

TEST_F(Planner, believes_the_heartbeat_about_work_and_the_platform_about_money) {
  Worker& one = worker(1, WorkerState::active);
  hold(one, "ada");
  show(one, GroupState::failed);
  auto effects = planned();
  EXPECT_TRUE(all<Delete>(effects).empty() && all<Drain>(effects).empty());
  EXPECT_NE(notes(effects).find("works on, whatever the platform says"), std::string::npos);
  view_.groups.clear();
  effects = planned();
  EXPECT_TRUE(all<Delete>(effects).empty());
  EXPECT_EQ(all<NoteAbsent>(effects).size(), 1u);  // Nobody pays from here on.
  one.heartbeat_at = kNow - seconds(91);
  EXPECT_EQ(all<Delete>(planned()).size(), 1u);
}

TEST_F(Planner, frees_the_work_of_a_process_that_ended_at_once) {
  policy_.endings = Endings::certain;
  Worker& one = worker(1, WorkerState::active);
  hold(one, "ada");
  show(one, GroupState::ended);
  EXPECT_EQ(all<Delete>(planned()).size(), 1u);
}

TEST_F(Planner, counts_a_worker_that_spoke_and_ended_before_its_work_as_a_failed_start) {
  policy_.endings = Endings::certain;
  wait("ada");
  Worker& one = worker(1, WorkerState::active);
  view_.groups.push_back({one.name, GroupState::ended, "local", "exit status 1", Ending::failed});
  const auto gone = all<Delete>(planned());
  ASSERT_EQ(gone.size(), 1u);
  EXPECT_EQ(gone[0].blame, Blame::start);
  EXPECT_EQ(gone[0].reason, "it ended before it took work: exit status 1");
  // Nobody came for what it was made for: that is no failure of its own.
  view_.groups[0].ending = Ending::in_order;
  EXPECT_TRUE(all<Delete>(planned()).empty());
  EXPECT_EQ(all<Drain>(planned()).size(), 1u);
}

TEST_F(Planner, believes_in_starts_again_when_a_later_worker_took_work) {
  book_.memory.gate.failures = 3;
  book_.memory.gate.failed_generation = 5;
  Worker& before = worker(4, WorkerState::active);
  hold(before, "ada");
  show(before);
  Worker& idle = worker(6, WorkerState::active);
  show(idle);
  EXPECT_TRUE(all<NoteWorked>(planned()).empty());
  hold(idle, "bea");
  EXPECT_EQ(all<NoteWorked>(planned()).size(), 1u);
}

TEST_F(Planner, leaves_running_work_alone_when_the_image_changes) {
  Worker& one = worker(1, WorkerState::active);
  one.image = "trainer:1";
  hold(one, "ada");
  show(one);
  policy_.image = "trainer:2";
  wait("bea");
  const auto effects = planned();
  ASSERT_EQ(effects.size(), 1u);
  ASSERT_EQ(all<CreateWorker>(effects).size(), 1u);
  EXPECT_EQ(all<CreateWorker>(effects)[0].worker.image, "trainer:2");
}

TEST_F(Planner, creates_nothing_beyond_the_days_money_and_says_so) {
  policy_.nanos_per_second = 1'000'000;  // A thousandth of the currency.
  policy_.day_limit_micros = 1'000'000;
  book_.memory.day = day_of(kNow);
  book_.memory.spent_nanos = 1'000'000'000 - 59'000'000;  // A minute would be more.
  wait("ada");
  const auto effects = planned();
  EXPECT_TRUE(all<CreateWorker>(effects).empty());
  EXPECT_NE(notes(effects).find("spend limit"), std::string::npos);
  EXPECT_EQ(all<CreateWorker>(planned(kNow + std::chrono::hours(24))).size(), 1u);
}

TEST_F(Planner, stops_running_work_at_its_budget_only_where_the_policy_says_so) {
  policy_.nanos_per_second = 1'000'000;
  policy_.tenant_limit_micros = 4'000;
  Worker& one = worker(1, WorkerState::active);
  hold(one, "ada");
  show(one);
  wait("ada");
  EXPECT_TRUE(all<AskStop>(planned()).empty());
  policy_.over_budget = OverBudget::checkpoint_stop;
  EXPECT_EQ(all<AskStop>(planned()).size(), 1u);
  one.stop_asked = true;
  one.asked_at = kNow - seconds(59);
  EXPECT_TRUE(all<Delete>(planned()).empty());
  one.asked_at = kNow - seconds(60);  // At most a minute more.
  EXPECT_EQ(all<Delete>(planned()).size(), 1u);
}

TEST_F(Planner, gives_every_generation_and_region_a_name_of_its_own) {
  wait("ada");
  wait("bea");
  book_.memory.next_generation = 7;
  book_.memory.gate.choice = 2;  // The first size of the second region.
  const auto created = all<CreateWorker>(planned());
  ASSERT_EQ(created.size(), 2u);
  EXPECT_EQ(created[0].worker.name, "model-training-queue-northeurope-7");
  EXPECT_EQ(created[1].worker.name, "model-training-queue-northeurope-8");
  policy_.queue = std::string(80, 'q');
  EXPECT_EQ(worker_name(policy_, "westeurope", 12).size(), 63u);
}

TEST(CreationGate, keeps_below_90_in_5_minutes_and_270_in_an_hour) {
  const Policy policy;
  CreationGate gate;
  Random random(1);
  std::vector<WallTime> made;
  for (WallTime now = kNow; now < kNow + std::chrono::hours(3); now += seconds(1)) {
    if (!gate.refusal(policy, now).empty()) continue;
    gate.note_asked(policy, now);
    made.push_back(now);
  }
  const auto most = [&made](std::chrono::seconds window) {
    std::size_t highest = 0;
    for (std::size_t from = 0, to = 0; to < made.size(); ++to) {
      while (made[to] - made[from] >= window) ++from;
      highest = std::max(highest, to - from + 1);
    }
    return highest;
  };
  EXPECT_EQ(most(seconds(300)), 90u);
  EXPECT_EQ(most(seconds(3'600)), 270u);
}

TEST(CreationGate, tells_throttling_capacity_and_quota_apart) {
  Policy policy;
  policy.sizes = {{2, 4}, {1, 2}};
  policy.regions = {"a", "b"};
  Random random(1);
  CreationGate gate;
  gate.note_answer(policy, Answer::throttled, seconds(10), "slow", kNow, random);
  EXPECT_FALSE(gate.refusal(policy, kNow + seconds(9)).empty());
  EXPECT_TRUE(gate.refusal(policy, kNow + seconds(15)).empty());
  gate = {};
  gate.note_answer(policy, Answer::no_capacity, seconds(0), "none", kNow, random);
  EXPECT_EQ(gate.choice, 1u);  // A smaller one, at once …
  EXPECT_TRUE(gate.refusal(policy, kNow).empty());
  for (int i = 0; i < 3; ++i)
    gate.note_answer(policy, Answer::no_capacity, seconds(0), "none", kNow, random);
  EXPECT_FALSE(gate.refusal(policy, kNow).empty());  // … and when all were tried, later.
  gate = {};
  gate.note_answer(policy, Answer::quota, seconds(0), "quota reached", kNow, random);
  EXPECT_NE(gate.refusal(policy, kNow + seconds(299)).find("quota"), std::string::npos);
  EXPECT_TRUE(gate.refusal(policy, kNow + seconds(300)).empty());
}

TEST(CreationGate, opens_after_failed_starts_for_1_2_4_8_minutes_and_lets_one_try) {
  const Policy policy;
  CreationGate gate;
  for (std::size_t i = 0; i < policy.failures_to_open; ++i) gate.note_failed(policy, kNow);
  for (const int pause : {1, 2, 4, 8, 8}) {
    EXPECT_FALSE(gate.refusal(policy, kNow + minutes(pause) - seconds(1)).empty());
    EXPECT_TRUE(gate.refusal(policy, kNow + minutes(pause)).empty());
    gate.note_asked(policy, kNow + minutes(pause));
    EXPECT_FALSE(gate.refusal(policy, kNow + minutes(pause)).empty());  // One is enough.
    gate.note_failed(policy, kNow);
  }
  gate.note_worked();
  EXPECT_TRUE(gate.refusal(policy, kNow + minutes(9)).empty());
}

TEST(CreationGate, survives_being_written_and_read) {
  Policy policy;
  CreationGate gate;
  Random random(1);
  gate.note_asked(policy, kNow);
  gate.note_failed(policy, kNow);
  gate.note_answer(policy, Answer::quota, seconds(0), "why", kNow, random);
  const auto read = CreationGate::from_text(gate.to_text());
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->to_text(), gate.to_text());
  EXPECT_EQ(read->created, gate.created);
  EXPECT_FALSE(CreationGate::from_text("{").ok());
}

}  // namespace
}  // namespace cloudfolio::capacity

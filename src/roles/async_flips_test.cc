// ENABLE_ASYNC_MODEL_TRAINING turned while trainings are asked for: every run ends, none is done
// twice, and each is done where the value says that its run began with.

#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "durable/embedded/testing/scheduler_fixture.h"
#include "durable/orchestration.h"
#include "flags/definition.h"
#include "roles/orchestrator_role.h"
#include "roles/platform.h"
#include "roles/remote_work.h"
#include "training/train_model.h"

namespace cloudfolio::roles {
namespace {

class AsyncFlips : public durable::testing::SchedulerTest {
 protected:
  AsyncFlips() {
    config.data = (directory.path() / "data").string();
    config.log_level = "off";
    auto opened = Platform::open(config, time);
    if (!opened) throw std::runtime_error(opened.error().message());
    platform = *std::move(opened);
    registry.pool(training::kTrainingPool, 1);
    registry.orchestration(
        "ask",
        [](durable::OrchestrationContext& context, std::string input) -> durable::Orchestration<> {
          co_return co_await context.call(kStartOrchestration, input);
        });
    registry.orchestration(
        training::kTrainModel,
        [](durable::OrchestrationContext& context, std::string input) -> durable::Orchestration<> {
          co_return co_await context.call(training::kRunTraining, input);
        });
    register_start_orchestration(registry, slot, platform->flags());
    train_in(registry, "here");
    train_in(worker_registry, "away");
  }
  ~AsyncFlips() override {
    worker.reset();
    close();
  }

  void train_in(durable::Registry& place, const std::string& name) {
    place.activity(
        training::kRunTraining,
        [this, name](const Context&, const durable::ActivityInfo& info,
                     const std::string& input) -> Result<std::string> {
          const auto began_with = training::recorded_decision(input);
          const std::lock_guard lock(mutex);
          runs[info.instance_id].push_back(name);
          if (!began_with || began_with->value != (name == "away")) ++misplaced;
          return name;
        },
        durable::ActivityOptions().pool(training::kTrainingPool));
  }
  void open_both() {
    options.directory = directory.path() / "orchestrations";
    options.around_pools =
        around_pools(work, *platform, registry, *RoleSet::parse("gateway,orchestrator"));
    auto opened = durable::Embedded::open(options, registry, time, Random(7), platform->log(),
                                          platform->metrics());
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    scheduler = *std::move(opened);
    slot.set(scheduler.get());
    auto at_work = open_training_worker(config, *platform, worker_registry, {}, 2);
    ASSERT_TRUE(at_work.ok()) << at_work.error().message();
    worker = *std::move(at_work);
  }
  // By the clock that the scheduler has.
  std::string end_of(const std::string& id) {
    return text(scheduler->wait(Context().with_deadline(time.now() + std::chrono::seconds(60)),
                                InstanceId(id)));
  }
  void set(bool on) {
    ASSERT_TRUE(platform->flag_desk().store().set({}, flags::kAsyncModelTraining,
                                                  flags::Share(on ? flags::kEverybody : 0),
                                                  {"test", "flip"}));
    ASSERT_TRUE(platform->flags().refresh({}));
  }

  SystemClock time;
  Config config;
  std::unique_ptr<Platform> platform;
  ClientSlot slot;
  RemoteWork work;
  durable::Registry worker_registry;
  std::unique_ptr<durable::ActivityWorker> worker;
  std::mutex mutex;
  std::map<std::string, std::vector<std::string>> runs;  // By instance: where.
  int misplaced = 0;
};

TEST_F(AsyncFlips, fifty_under_load_end_every_training_and_do_none_twice) {
  constexpr int kRuns = 100;
  constexpr int kFlips = 50;
  open_both();
  for (int i = 0; i < kRuns; ++i) {
    if (i % (kRuns / kFlips) == 0) set(i / 2 % 2 == 1);
    const std::string number = std::to_string(i);
    start("ask", "ask-" + number,
          R"({"name":"train_model","instance":"train:)" + number + R"(","input":{"login":"t)" +
              number + R"(","fingerprint":"f"}})");
  }
  std::map<std::string, int> ended;
  for (int i = 0; i < kRuns; ++i) {
    EXPECT_EQ(end_of("ask-" + std::to_string(i)), "Completed: {\"started\":true}");
    ++ended[end_of("train:" + std::to_string(i))];
  }
  EXPECT_EQ(ended["Completed: here"] + ended["Completed: away"], kRuns);
  EXPECT_GT(ended["Completed: here"], 0);
  EXPECT_GT(ended["Completed: away"], 0);
  const std::lock_guard lock(mutex);
  EXPECT_EQ(runs.size(), std::size_t{kRuns});
  for (const auto& [instance, places] : runs) EXPECT_EQ(places.size(), 1u) << instance;
  EXPECT_EQ(misplaced, 0);
}

}  // namespace
}  // namespace cloudfolio::roles

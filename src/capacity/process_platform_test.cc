// What only processes have: parents that die, children that linger, limits.

#include "capacity/process_platform.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "capacity/process_limits.h"
#include "capacity/provisioner.h"
#include "capacity/testing/simulation.h"

namespace cloudfolio::capacity {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

class ProcessWorkers : public testing::Test {
 protected:
  ProcessWorkers() {
    static int count = 0;
    folder_ = fs::temp_directory_path() /
              ("process-workers-" + std::to_string(getpid()) + "-" + std::to_string(++count));
    fs::create_directories(folder_);
  }
  ~ProcessWorkers() override {
    auto platform = open("true");
    const auto groups = *platform->list(Context());
    for (const Group& group : groups) (void)platform->remove(Context(), group.name);
    fs::remove_all(folder_);
  }
  std::unique_ptr<ProcessPlatform> open(const std::string& script) {
    ProcessOptions options;
    options.folder = folder_;
    options.command = {"/bin/sh", "-c", script};
    options.environment = {"PATH=/usr/bin:/bin", "FOLDER=" + folder_.string()};
    return *ProcessPlatform::open(options);
  }
  static CreateRequest request(const std::string& name) {
    return {.name = name, .generation = 1, .size = {1, 1}, .job = "job-of-" + name};
  }
  std::string text_of(const std::string& file) {
    std::ifstream in(folder_ / file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  template <class Done>
  bool comes(Done done) {
    for (int i = 0; i < 500; ++i) {
      if (done()) return true;
      std::this_thread::sleep_for(milliseconds(10));
    }
    return false;
  }
  fs::path folder_;
};

TEST_F(ProcessWorkers, survive_the_process_that_created_them_and_are_adopted) {
  const pid_t parent = fork();
  if (parent == 0) {
    auto platform = open("echo $$ > $FOLDER/pid; exec sleep 600");
    (void)platform->create(Context(), request("w-1"));
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(parent, &status, 0), parent);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_TRUE(comes([&] { return text_of("pid").ends_with("\n"); }));
  auto platform = open("exec sleep 600");
  const auto groups = *platform->list(Context());
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].state, GroupState::running);
  EXPECT_EQ(platform->create(Context(), request("w-1")).answer, Answer::exists);
  EXPECT_TRUE(platform->remove(Context(), "w-1").ok());
  EXPECT_TRUE(platform->list(Context())->empty());
}

TEST_F(ProcessWorkers, see_their_name_job_and_nothing_of_our_environment) {
  auto platform = open("env > $FOLDER/env; echo {job} {name} {generation} > $FOLDER/words");
  ASSERT_EQ(platform->create(Context(), request("w-1")).answer, Answer::accepted);
  ASSERT_TRUE(comes([&] { return text_of("words").ends_with("\n"); }));
  EXPECT_EQ(text_of("words"), "job-of-w-1 w-1 1\n");
  EXPECT_NE(text_of("env").find("CLOUDFOLIO_WORKER=w-1\n"), std::string::npos);
  EXPECT_EQ(text_of("env").find("HOME="), std::string::npos);
}

TEST_F(ProcessWorkers, keep_the_whole_of_their_log) {
  auto platform = open("head -c 10485760 /dev/zero | tr '\\0' x; echo end >&2; exit 3");
  ASSERT_EQ(platform->create(Context(), request("w-1")).answer, Answer::accepted);
  ASSERT_TRUE(comes([&] {
    const auto groups = platform->list(Context());
    return groups && groups->size() == 1 && (*groups)[0].state == GroupState::ended;
  }));
  const Group ended = (*platform->list(Context()))[0];
  EXPECT_EQ(ended.ending, Ending::failed);
  EXPECT_TRUE(ended.detail.starts_with("exit status 3; it wrote: xxx")) << ended.detail;
  EXPECT_TRUE(ended.detail.ends_with("xend")) << ended.detail;
  EXPECT_LT(ended.detail.size(), 500u);
  ASSERT_TRUE(platform->remove(Context(), "w-1").ok());
  EXPECT_EQ(fs::file_size(folder_ / "w-1.log"), 10'485'760u + 4u);
}

TEST_F(ProcessWorkers, say_what_cannot_be_run_and_leave_nothing) {
  ProcessOptions options;
  options.folder = folder_;
  options.command = {(folder_ / "no-such-program").string()};
  auto platform = *ProcessPlatform::open(options);
  const CreateAnswer answer = platform->create(Context(), request("w-1"));
  EXPECT_EQ(answer.answer, Answer::refused);
  EXPECT_NE(answer.detail.find("No such file"), std::string::npos);
  EXPECT_TRUE(platform->list(Context())->empty());
  EXPECT_EQ(platform->create(Context(), request("../w")).answer, Answer::refused);
  options.command.clear();
  EXPECT_FALSE(ProcessPlatform::open(options).ok());
}

TEST_F(ProcessWorkers, have_limits_and_the_platform_says_by_what) {
  auto platform = open("ulimit -d > $FOLDER/memory; nproc > $FOLDER/processors");
  ASSERT_EQ(platform->create(Context(), request("w-1")).answer, Answer::accepted);
  ASSERT_TRUE(comes([&] { return text_of("processors").ends_with("\n"); }));
  if (platform->limits() == "cgroup v2")
    GTEST_SKIP() << "limits are the cgroup's here; what the kernel enforces is not visible to it";
#ifdef __SANITIZE_ADDRESS__
  EXPECT_EQ(text_of("memory"), "unlimited\n") << "a sanitized worker would not start";
#else
  EXPECT_EQ(text_of("memory"), "1048576\n");  // KiB.
#endif
  EXPECT_EQ(text_of("processors"), "1\n");
  EXPECT_NE(platform->limits().find("RLIMIT_DATA"), std::string::npos);
}

TEST_F(ProcessWorkers, are_ended_beyond_their_memory_and_the_platform_says_so) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "skipped: a sanitized build sets no limit of memory";
#endif
  auto platform = open("exec dd if=/dev/zero of=/dev/null bs=2G count=1");
  if (platform->limits() == "cgroup v2")
    platform = open("exec tail -c 2000000000 /dev/zero");  // Counted as it is touched.
  ASSERT_EQ(platform->create(Context(), request("w-1")).answer, Answer::accepted);
  ASSERT_TRUE(comes([&] { return (*platform->list(Context()))[0].state == GroupState::ended; }));
  const Group ended = (*platform->list(Context()))[0];
  EXPECT_EQ(ended.ending, Ending::failed);
  if (platform->limits() == "cgroup v2")
    EXPECT_NE(ended.detail.find("Killed"), std::string::npos) << ended.detail;
  else
    EXPECT_NE(ended.detail.find("memory exhausted"), std::string::npos) << ended.detail;
}

// A real tree of cgroup v2, with whatever controller this machine's has.
TEST_F(ProcessWorkers, get_groups_beside_the_services_of_a_delegated_group) {
  fs::path tree;
  std::string controller;
  for (const char* root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"})
    if (std::ifstream in(fs::path(root) / "cgroup.subtree_control"); in >> controller) tree = root;
  const fs::path group = tree / ("cloudfolio-test-" + std::to_string(getpid()));
  std::error_code failed;
  if (!tree.empty()) fs::create_directory(group, failed);
  if (tree.empty() || failed)
    GTEST_SKIP() << "skipped: no tree of cgroup v2 that hands on a controller and may be written";
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  std::ofstream(group / "cgroup.procs") << child;
  const Status none = hand_on(group, {"no-such-controller"});
  EXPECT_EQ(none.error().code(), Code::unavailable);
  EXPECT_FALSE(fs::exists(group / kServicesGroup));
  const Status done = hand_on(group, {controller});
  EXPECT_TRUE(done.ok()) << done.error().message();
  std::ifstream moved(group / kServicesGroup / "cgroup.procs");
  pid_t there = 0;
  EXPECT_TRUE(moved >> there);
  EXPECT_EQ(there, child);
  std::string handed;
  std::ifstream(group / "cgroup.subtree_control") >> handed;
  EXPECT_EQ(handed, controller);
  fs::create_directory(group / "w-1", failed);
  remove_cgroup(group, "w-1");
  EXPECT_FALSE(fs::exists(group / "w-1"));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(comes([&] { return fs::remove(group / kServicesGroup, failed); }));
  fs::remove(group, failed);
}

TEST_F(ProcessWorkers, leave_the_first_processor_to_what_serves_and_give_way_on_the_others) {
  cpu_set_t ours;
  ASSERT_EQ(sched_getaffinity(0, sizeof ours, &ours), 0);
  if (CPU_COUNT(&ours) < 2) GTEST_SKIP() << "skipped: there is one processor";
  std::size_t first = 0;
  while (!CPU_ISSET(first, &ours)) ++first;
  auto platform = open("echo $$ > $FOLDER/$CLOUDFOLIO_WORKER.pid; exec sleep 600");
  for (std::uint64_t generation = 1; generation <= 3; ++generation) {
    CreateRequest one = request("w-" + std::to_string(generation));
    one.generation = generation;
    ASSERT_EQ(platform->create(Context(), one).answer, Answer::accepted);
    ASSERT_TRUE(comes([&] { return text_of(one.name + ".pid").ends_with("\n"); }));
    const pid_t pid = std::stoi(text_of(one.name + ".pid"));
    cpu_set_t theirs;
    ASSERT_EQ(sched_getaffinity(pid, sizeof theirs, &theirs), 0);
    EXPECT_EQ(CPU_COUNT(&theirs), 1);
    EXPECT_FALSE(CPU_ISSET(first, &theirs));
    EXPECT_GE(getpriority(PRIO_PROCESS, static_cast<id_t>(pid)), kWorkerNiceness);
  }
}

TEST_F(ProcessWorkers, give_way_in_a_group_by_its_weight) {
  const auto procs = make_cgroup(folder_, "w-1", {3, 2});  // A plain folder stands in.
  ASSERT_TRUE(procs) << procs.error().message();
  EXPECT_EQ(*procs, folder_ / "w-1" / "cgroup.procs");
  EXPECT_EQ(text_of("w-1/cpu.max"), "300000 100000");
  EXPECT_EQ(text_of("w-1/memory.max"), "2147483648");
  EXPECT_EQ(text_of("w-1/cpu.weight.nice"), "10");
}

TEST_F(ProcessWorkers, are_gone_within_a_second_of_their_job_with_all_that_they_started) {
  const SystemClock clock;
  auto store = storage::open_memory(clock);
  auto platform = open(
      "sh -c 'trap \"\" TERM; while :; do sleep 0.05; echo x >> $FOLDER/alive; done' & "
      "while [ ! -e $FOLDER/go ]; do sleep 0.02; done; exit 0");
  simulated::MemoryUsage usage;
  Policy policy;
  policy.liveness = Liveness::platform;
  policy.idle_limit = std::chrono::seconds(0);
  policy.sizes = {{1, 1}};
  Provisioner provisioner(policy, **store->table(kWorkersTable), store->leases(), *platform, usage,
                          clock, Random(1));
  Demand demand;
  demand.jobs.push_back({"train-1", TenantId("ada"), clock.wall_time()});
  ASSERT_TRUE(comes([&] {
    (void)provisioner.ensure(Context(), demand);
    return fs::exists(folder_ / "alive");
  }));
  std::ofstream(folder_ / "go") << "1";
  const auto ended = clock.now();
  demand.jobs.clear();
  ASSERT_TRUE(provisioner.release(Context(), "train-1").ok());
  ASSERT_TRUE(comes([&] {
    (void)provisioner.ensure(Context(), demand);
    return provisioner.observe(Context())->empty();
  }));
  EXPECT_LT(clock.now() - ended, std::chrono::seconds(1));
  const auto size = fs::file_size(folder_ / "alive");
  std::this_thread::sleep_for(milliseconds(150));
  EXPECT_EQ(fs::file_size(folder_ / "alive"), size);  // Nothing writes any more.
  EXPECT_EQ(usage.by_name.size(), 1u);
}

}  // namespace
}  // namespace cloudfolio::capacity

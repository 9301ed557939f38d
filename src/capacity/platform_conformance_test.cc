// Processes of this machine, and container groups of a fake Resource Manager behind a real server.

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "capacity/process_platform.h"
#include "capacity/testing/fake_arm.h"
#include "capacity/testing/platform_conformance.h"
#include "capacity/testing/simulation.h"
#include "http/server.h"

namespace cloudfolio::capacity {
namespace {

namespace fs = std::filesystem;

class Processes final : public PlatformUnderTest {
 public:
  Processes() {
    folder_ = fs::temp_directory_path() /
              ("capacity-" + std::to_string(getpid()) + "-" + std::to_string(++count_));
    fs::create_directories(folder_);
    reopen();
  }
  ~Processes() override {
    if (auto groups = platform_->list(Context()))
      for (const Group& group : *groups) (void)platform_->remove(Context(), group.name);
    fs::remove_all(folder_);
  }
  Platform& platform() override { return *platform_; }
  void reopen() override {
    ProcessOptions options;
    options.folder = folder_ / "workers";
    // A child of the worker lives on when the worker ends; it must go too.
    options.command = {"/bin/sh", "-c",
                       "sleep 600 & echo $! > " + folder_.string() +
                           "/{name}.child; while [ ! -e " + folder_.string() +
                           "/{name}.end ]; do sleep 0.02; done; exit 3"};
    options.environment = {"PATH=/usr/bin:/bin"};
    auto opened = ProcessPlatform::open(options);
    ASSERT_TRUE(opened.ok());
    platform_ = *std::move(opened);
  }
  // The machine's own time: a short turn for others is all that passing means here.
  void pass() override { std::this_thread::sleep_for(std::chrono::milliseconds(10)); }
  bool runs(const std::string& name) override {
    std::ifstream in(folder_ / (name + ".child"));
    int pid = 0;
    in >> pid;
    if (pid == 0 || kill(pid, 0) != 0) return false;
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    const std::string text((std::istreambuf_iterator<char>(stat)), {});
    return text.find(") Z") == std::string::npos && !text.empty();
  }
  void finish(const std::string& name) override { std::ofstream(folder_ / (name + ".end")) << "1"; }
  bool use_up_quota() override {
    // Of processes: the next fork fails. A superuser's is not counted.
    if (geteuid() == 0) return false;
    const rlimit none{0, 0};
    return setrlimit(RLIMIT_NPROC, &none) == 0;
  }
  std::string plant_orphan() override {
    const CreateRequest orphan{.name = "left-behind-7", .generation = 7, .size = {1, 1}};
    EXPECT_EQ(platform_->create(Context(), orphan).answer, Answer::accepted);
    reopen();
    return orphan.name;
  }

 private:
  static int count_;
  fs::path folder_;
  std::unique_ptr<ProcessPlatform> platform_;
};
int Processes::count_ = 0;

class ContainerGroups final : public PlatformUnderTest {
 public:
  ContainerGroups() {
    http::Server::Options options;
    server_ = *http::Server::open(
        options, [this](http::Request& request) { return arm_.handle(request); }, clock_, random_,
        log_, metrics_);
    client_ = *http::open_client({}, system_clock_);
    options_ = simulated::aci_options_for_tests();
    options_.url = server_->origin();
    reopen();
  }
  Platform& platform() override { return *platform_; }
  void reopen() override { platform_ = std::make_unique<AciPlatform>(options_, *client_, token_); }
  void pass() override { clock_.advance(std::chrono::seconds(5)); }
  bool runs(const std::string& name) override { return arm_.has(name); }
  void finish(const std::string& name) override { arm_.end(name); }
  bool use_up_quota() override {
    simulated::ArmFaults faults;
    faults.quota_groups = 0;
    arm_.set_faults(faults);
    return true;
  }
  std::string plant_orphan() override {
    const CreateRequest orphan{.name = "model-training-queue-westeurope-77",
                               .generation = 77,
                               .queue = "model-training-queue",
                               .region = "westeurope"};
    arm_.plant(orphan.name, container_group_json(options_, orphan));
    return orphan.name;
  }

 private:
  ManualClock clock_;
  SystemClock system_clock_;
  simulated::FakeArm arm_{clock_, 1};
  SharedRandom random_{Random(1)};
  telemetry::MemoryLogSink sink_;
  telemetry::Log log_{sink_, clock_, telemetry::Level::info};
  telemetry::MetricRegistry metrics_;
  simulated::FixedToken token_;
  AciOptions options_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<AciPlatform> platform_;
};

INSTANTIATE_TEST_SUITE_P(
    every_platform, PlatformConformance,
    testing::Values(PlatformCase{"process", [] { return std::make_unique<Processes>(); }},
                    PlatformCase{"aci", [] { return std::make_unique<ContainerGroups>(); }}),
    [](const testing::TestParamInfo<PlatformCase>& one) { return one.param.name; });

}  // namespace
}  // namespace cloudfolio::capacity

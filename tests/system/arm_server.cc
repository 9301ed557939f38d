// arm_server: a simulated Resource Manager with one container group that nobody knows, for the test
// of the runbook. It prints its origin and the version of its interface, and ends with its input.
#include <cstdio>

#include "capacity/aci_platform.h"
#include "capacity/testing/fake_arm.h"
#include "http/server.h"
#include "telemetry/log.h"

int main() {
  using namespace cloudfolio;
  const SystemClock clock;
  SharedRandom random(Random(1));
  telemetry::MemoryLogSink sink;
  telemetry::Log log(sink, clock, telemetry::Level::error);
  telemetry::MetricRegistry metrics;
  capacity::simulated::FakeArm arm(clock, 1);
  capacity::simulated::ArmFaults faults;
  faults.delete_seconds = 0;
  arm.set_faults(faults);
  arm.plant("model-training-queue-westeurope-7",
            R"({"tags":{"cloudfolio-owner":"example","cloudfolio-generation":"7"}})");
  arm.plant("somebody-elses", R"({"tags":{"cost-service":"web"}})");
  const auto server = http::Server::open(
      {}, [&arm](http::Request& request) { return arm.handle(request); }, clock, random, log,
      metrics);
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().message().c_str());
    return 1;
  }
  std::printf("%s %s\n", (*server)->origin().c_str(),
              std::string(capacity::kContainerGroupsApi).c_str());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return 0;
}

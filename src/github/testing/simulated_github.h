#pragma once
// A client of the simulator over real HTTP, on a clock that waits move forward, so that an hour's
// limit passes at once and an early request would still be seen.

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "github/client.h"
#include "http/client.h"
#include "json/json.h"
#include "simulator/simulator.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cloudfolio::github {

// tests/fixtures/github-sample: four small repositories of one person who does not exist.
std::filesystem::path sample_corpus();
// The corpus beside the source tree (or CLOUDFOLIO_CORPUS); empty if there is none.
std::filesystem::path shared_corpus();

class SimulatedGithub : public testing::Test {
 protected:
  void serve(simulator::Options options = {});
  // Against the running simulator.
  std::unique_ptr<Client> open_client(Options options = {});
  Options client_options() const;
  // Serves the sample and opens a client.
  void SetUp() override;

  // POST /_sim/<name>; the answer's body.
  json::Value control(const std::string& name, const json::Object& body);
  void fault(const std::string& spec) { ASSERT_TRUE(github->set_fault(spec).ok()) << spec; }
  std::vector<Repository> all_repositories(Transport transport = Transport::graphql);
  std::vector<RepositoryRef> all_refs();
  // The details of one repository, by name; fails the test if there are none.
  Details details_of(const std::string& name, Transport transport = Transport::graphql);
  FetchedRepository fetch_one(const std::string& name, Transport transport = Transport::graphql);

  const Context ctx;
  ManualClock clock;
  SharedRandom random{Random(7)};
  telemetry::MemoryLogSink sink;
  telemetry::Log log{sink, clock, telemetry::Level::debug};
  telemetry::MetricRegistry metrics;
  AdvancingPause pause{clock};
  std::string login = "mira-lind";
  std::unique_ptr<simulator::Simulator> github;
  std::unique_ptr<http::Client> http;
  std::unique_ptr<Client> client;
};

}  // namespace cloudfolio::github

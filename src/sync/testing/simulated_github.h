#pragma once
// The bundled GitHub over real HTTP on loopback, with the sample portfolio or another corpus; its
// client, and sync over both. One clock that tests move is everybody's.

#include <memory>
#include <string>

#include "github/client.h"
#include "github/pause.h"
#include "http/client.h"
#include "http/message.h"
#include "simulator/simulator.h"
#include "sync/source.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cloudfolio::sync::testing {

class SimulatedGitHub {
 public:
  // `corpus` is a path below the source folder, or absolute.
  explicit SimulatedGitHub(ManualClock& clock, const std::string& corpus = "samples/portfolio",
                           github::Transport transport = github::Transport::graphql);

  Source& source() { return *source_; }
  simulator::Simulator& simulator() { return *simulator_; }

  // Requests since the last call of this.
  std::int64_t take_requests();
  // One of the simulator's own routes: control("push", R"({"owner":…})").
  void control(const std::string& route, std::string body);
  void fault(const std::string& spec);

 private:
  ManualClock& clock_;
  SystemClock real_clock_;
  SharedRandom random_{Random(7)};
  telemetry::MetricRegistry metrics_;
  telemetry::MemoryLogSink lines_;
  telemetry::Log log_{lines_, clock_};
  github::AdvancingPause pause_;
  std::unique_ptr<simulator::Simulator> simulator_;
  std::unique_ptr<http::Client> http_;
  std::unique_ptr<github::Client> client_;
  std::unique_ptr<GitHubSource> source_;
};

}  // namespace cloudfolio::sync::testing

#pragma once
// The bundled GitHub over real HTTP on loopback, with the sample portfolio or another corpus; its
// client, and sync over both. One clock that tests move is everybody's.

#include <gtest/gtest.h>

#include <cstdlib>
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
                           github::Transport transport = github::Transport::graphql)
      : clock_(clock), pause_(clock) {
    const char* source_folder = std::getenv("CLOUDFOLIO_SOURCE_DIR");
    simulator::Options options;
    options.corpus = std::filesystem::path(source_folder ? source_folder : ".") / corpus;
    auto opened = simulator::Simulator::open(options, clock_, random_, log_, metrics_);
    EXPECT_TRUE(opened.ok()) << opened.error().message();
    simulator_ = *std::move(opened);
    auto http = http::open_client({}, real_clock_);
    EXPECT_TRUE(http.ok());
    http_ = *std::move(http);
    github::Options client_options;
    client_options.api_url = simulator_->origin();
    client_options.token = Secret("token");
    auto client =
        github::Client::open(client_options, *http_, clock_, Random(1), log_, metrics_, pause_);
    EXPECT_TRUE(client.ok());
    client_ = *std::move(client);
    source_ = std::make_unique<GitHubSource>(*client_, client_options.api_url,
                                             [transport] { return transport; });
  }

  Source& source() { return *source_; }
  simulator::Simulator& simulator() { return *simulator_; }

  // Requests since the last call of this.
  std::int64_t take_requests() {
    const std::int64_t count = simulator_->counters().requests_count();
    simulator_->reset_counters();
    return count;
  }
  // One of the simulator's own routes: control("push", R"({"owner":…})").
  void control(const std::string& route, std::string body) {
    http::ClientRequest request;
    request.method = http::Method::post;
    request.url = simulator_->origin() + "/_sim/" + route;
    request.body = http::Body(std::move(body));
    const auto answer = http_->send(Context(), request);
    ASSERT_TRUE(answer.ok()) << answer.error().message();
    ASSERT_LT(static_cast<int>(answer->status), 300) << route;
  }
  void fault(const std::string& spec) {
    const Status set = simulator_->set_fault(spec);
    ASSERT_TRUE(set.ok()) << set.error().message();
  }

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

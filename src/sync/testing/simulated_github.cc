#include "sync/testing/simulated_github.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <utility>

namespace cloudfolio::sync::testing {

SimulatedGitHub::SimulatedGitHub(ManualClock& clock, const std::string& corpus,
                                 github::Transport transport)
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

std::int64_t SimulatedGitHub::take_requests() {
  const std::int64_t count = simulator_->counters().requests_count();
  simulator_->reset_counters();
  return count;
}

void SimulatedGitHub::control(const std::string& route, std::string body) {
  http::ClientRequest request;
  request.method = http::Method::post;
  request.url = simulator_->origin() + "/_sim/" + route;
  request.body = http::Body(std::move(body));
  const auto answer = http_->send(Context(), request);
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  ASSERT_LT(static_cast<int>(answer->status), 300) << route;
}

void SimulatedGitHub::fault(const std::string& spec) {
  const Status set = simulator_->set_fault(spec);
  ASSERT_TRUE(set.ok()) << set.error().message();
}

}  // namespace cloudfolio::sync::testing

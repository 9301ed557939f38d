#pragma once
// Simulator: a GitHub of its own, served over HTTP from a corpus folder, for `cloudfolio
// github-sim` and for tests.
//
// Serves GitHub's REST and GraphQL answers for what a mirror calls, with its rules: tokens, primary
// and secondary limits, cost, ETags and 304, redirects after renames; and its failures, each by
// name (see faults.h and README.md). POST /_sim/… changes the world while it runs.
//
// Threads: thread-safe. Lifetime: the destructor stops the server.

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "simulator/budgets.h"

namespace cloudfolio::http {
struct Request;
struct Response;
}  // namespace cloudfolio::http
namespace cloudfolio::telemetry {
class Log;
class MetricRegistry;
}  // namespace cloudfolio::telemetry

namespace cloudfolio::simulator {

struct Options {
  // The folder of owners, or of one owner's repositories.
  std::filesystem::path corpus = {};
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: a free one.
  // Served over TLS if both are named (PEM).
  std::filesystem::path certificate_chain_file = {};
  std::filesystem::path private_key_file = {};
  // Before each answer.
  std::chrono::milliseconds latency{0};
  // As in faults.h.
  std::vector<std::string> faults = {};
  // Token → login. Empty: any token is good, and is the first owner's. A token sees the private
  // repositories of its login; with ":public" behind the login it sees none.
  std::map<std::string, std::string> tokens = {};
  BudgetLimits limits = {};
};

class Simulator {
 public:
  // Errors: those of the corpus (corpus.h) and of http::Server::open; invalid_argument for a fault.
  // `clock`, `random`, `log` and `metrics` outlive the simulator.
  static Result<std::unique_ptr<Simulator>> open(Options options, const Clock& clock,
                                                 SharedRandom& random, telemetry::Log& log,
                                                 telemetry::MetricRegistry& metrics);
  ~Simulator();

  // "http://127.0.0.1:41234": what github.api_url is to be.
  std::string origin() const;
  std::uint16_t port() const;

  // What it serves.
  std::vector<std::string> owners() const;
  std::size_t repositories_count() const;
  static std::vector<std::string> fault_names();

  // The answer to one request, as the server gives it, without a socket or latency.
  http::Response answer(http::Request& request);
  // Sets a fault as --fault does.
  Status set_fault(const std::string& spec);
  void clear_faults();

  // Since open() or the last reset: by kind ("graphql", "core", "control"), and not answered 304.
  struct Counters {
    std::int64_t graphql_count = 0;
    std::int64_t core_count = 0;
    std::int64_t not_modified_count = 0;
    std::int64_t points = 0;
    std::int64_t while_limited_count = 0;  // That came although a limit said to wait.
    std::int64_t requests_count() const { return graphql_count + core_count; }
  };
  Counters counters() const;
  void reset_counters();

 private:
  struct State;
  explicit Simulator(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cloudfolio::simulator

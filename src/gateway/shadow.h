#pragma once
// Shadow: asks a second app what a first one has just answered, beside the caller's way, and counts
// how often both say the same.
//
// Promises:
//  - offer() never waits for a candidate: it puts the question into a bounded queue, dropping the
//    oldest where that is full of questions or bytes, and counts what it drops.
//  - Only what the caller says is a read is asked, and each question has a deadline.
//  - Every tenth question is also asked of the first app once more: how often that differs is the
//    noise that a candidate's differences are judged against.
// Threads: thread-safe; its own threads ask. Lifetime: the destructor gives up what is under way.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/context.h"
#include "base/limits.h"
#include "base/result.h"
#include "http/message.h"

namespace cloudfolio::telemetry {
class Log;
class MetricRegistry;
}  // namespace cloudfolio::telemetry

namespace cloudfolio::gateway {

class Shadow {
 public:
  struct Options {
    std::size_t queued_max = 256;
    std::size_t queued_bytes_max = 64 * kMiB;  // Of requests and the first app's answers.
    std::size_t answer_bytes_max = 8 * kMiB;   // Of both; a larger one is counted, not compared.
    std::size_t threads_count = 2;
    std::chrono::milliseconds candidate_longest{10'000};
  };
  // Asks one side; may block.
  using Ask = std::function<Result<http::Response>(const Context&, http::Request&)>;

  struct Question {
    http::Request request;  // With its route.
    http::Response answer;  // The first app's; shares its body.
    Ask candidate;
    Ask again;  // The first app.
  };

  // Log, metrics and clock outlive it. `routes` are those that are counted.
  Shadow(Options options, std::vector<std::string> routes, const Clock& clock, telemetry::Log& log,
         telemetry::MetricRegistry& metrics);
  ~Shadow();
  Shadow(const Shadow&) = delete;
  Shadow& operator=(const Shadow&) = delete;

  void offer(Question question);
  // {"routes": [{route, eligible, compared, coverage, different, failed, dropped, too_large,
  // again_compared, again_different, noise, promotable}], "rules": {…}}. `promotable`: coverage is
  // at least 0.95 and candidates differ no more often than the first app from itself.
  std::string report() const;
  // Until the queue is empty and nothing is under way; false after `longest`.
  bool settle(std::chrono::milliseconds longest);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cloudfolio::gateway

#include "gateway/shadow.h"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <stop_token>
#include <thread>

#include "base/clock.h"
#include "gateway/comparison.h"
#include "json/json.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cloudfolio::gateway {
namespace {

constexpr std::uint64_t kAskAgainEvery = 10;
constexpr double kCoverageLeast = 0.95;

// What became of a route's questions since the process began.
struct Tally {
  std::int64_t eligible = 0;
  std::int64_t compared = 0;
  std::int64_t different = 0;
  std::int64_t failed = 0;
  std::int64_t dropped = 0;
  std::int64_t too_large = 0;
  std::int64_t again_compared = 0;
  std::int64_t again_different = 0;
};

std::size_t bytes_of(const Shadow::Question& question) {
  return question.request.body.size() + question.answer.body.size_bytes();
}

double share(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

json::Value shown(const std::string& route, const Tally& tally) {
  const double coverage = share(tally.compared, tally.eligible);
  const double noise = share(tally.again_different, tally.again_compared);
  const bool promotable = tally.compared > 0 && tally.again_compared > 0 &&
                          coverage >= kCoverageLeast &&
                          share(tally.different, tally.compared) <= noise;
  return json::Object{{"route", route},
                      {"eligible", tally.eligible},
                      {"compared", tally.compared},
                      {"coverage", coverage},
                      {"different", tally.different},
                      {"failed", tally.failed},
                      {"dropped", tally.dropped},
                      {"too_large", tally.too_large},
                      {"again_compared", tally.again_compared},
                      {"again_different", tally.again_different},
                      {"noise", noise},
                      {"promotable", promotable}};
}

}  // namespace

struct Shadow::State {
  State(Options given, std::vector<std::string> routes, const Clock& the_clock,
        telemetry::Log& the_log, telemetry::MetricRegistry& metrics)
      : options(given),
        clock(the_clock),
        log(the_log),
        counted(metrics.counters("cloudfolio_gateway_shadow_total",
                                 "Questions for a shadow, by what became of them.",
                                 {{"route", std::move(routes)},
                                  {"outcome",
                                   {"same", "different", "failed", "dropped", "too_large",
                                    "again_same", "again_different"}}})) {}

  void count(const Question& question, std::int64_t Tally::*member, std::string_view outcome) {
    counted.with({question.request.route, outcome}).add();
    const std::lock_guard lock(mutex);
    ++(tallies[question.request.route].*member);
  }

  void offer(Question question) {
    const std::size_t bytes = bytes_of(question);
    std::deque<Question> dropped;
    {
      const std::lock_guard lock(mutex);
      ++tallies[question.request.route].eligible;
      if (bytes <= options.answer_bytes_max) {
        queued_bytes += bytes;
        queue.push_back(std::move(question));
        while (queue.size() > options.queued_max || queued_bytes > options.queued_bytes_max) {
          queued_bytes -= bytes_of(queue.front());
          dropped.push_back(std::move(queue.front()));
          queue.pop_front();
        }
        changed.notify_one();
      }
    }
    if (bytes > options.answer_bytes_max) count(question, &Tally::too_large, "too_large");
    for (const Question& old : dropped) count(old, &Tally::dropped, "dropped");
  }

  void run(std::stop_token stop) {
    while (true) {
      std::unique_lock lock(mutex);
      if (!changed.wait(lock, stop, [&] { return !queue.empty(); })) return;
      Question question = std::move(queue.front());
      queue.pop_front();
      queued_bytes -= bytes_of(question);
      ++running;
      const bool ask_again = ++asked % kAskAgainEvery == 0;
      lock.unlock();
      compare(question, stop);
      if (ask_again) compare_again(question, stop);
      lock.lock();
      --running;
      settled.notify_all();
    }
  }

  Result<http::Response> ask(const Ask& side, Question& question, const std::stop_token& stop) {
    const Context ctx(TenantId(), clock.now() + options.candidate_longest, stop);
    question.request.context = ctx;
    return side(ctx, question.request);
  }

  void compare(Question& question, const std::stop_token& stop) {
    const std::string route = question.request.route;  // A router may write another.
    const auto answer = ask(question.candidate, question, stop);
    question.request.route = route;
    if (!answer) {
      log.info({}, "shadow.failed", {{"route", route}, {"error", answer.error()}});
      return count(question, &Tally::failed, "failed");
    }
    const Comparison found = compare_answers(question.answer, *answer);
    {
      const std::lock_guard lock(mutex);
      ++tallies[route].compared;
      for (const std::string_view rule : found.rules) ++rules[std::string(rule)];
    }
    if (found.same) return counted.with({route, "same"}).add();
    log.info({}, "shadow.different",
             {{"route", route},
              {"path", question.request.path},
              {"where", found.where},
              {"status", question.answer.status},
              {"candidate_status", answer->status},
              {"request_id", question.request.request_id}});
    count(question, &Tally::different, "different");
  }

  void compare_again(Question& question, const std::stop_token& stop) {
    const std::string route = question.request.route;
    const auto answer = ask(question.again, question, stop);
    question.request.route = route;
    if (!answer) return;
    const bool same = compare_answers(question.answer, *answer).same;
    count(question, &Tally::again_compared, same ? "again_same" : "again_different");
    if (same) return;
    const std::lock_guard lock(mutex);
    ++tallies[route].again_different;
  }

  const Options options;
  const Clock& clock;
  telemetry::Log& log;
  telemetry::CounterFamily& counted;
  mutable std::mutex mutex;
  std::condition_variable_any changed;
  std::condition_variable settled;
  std::deque<Question> queue;
  std::size_t queued_bytes = 0;
  std::size_t running = 0;
  std::uint64_t asked = 0;
  std::map<std::string, Tally> tallies;
  std::map<std::string, std::int64_t> rules;
  std::vector<std::jthread> threads;  // Last: they use all of the above.
};

Shadow::Shadow(Options options, std::vector<std::string> routes, const Clock& clock,
               telemetry::Log& log, telemetry::MetricRegistry& metrics)
    : state_(std::make_unique<State>(options, std::move(routes), clock, log, metrics)) {
  for (std::size_t i = 0; i < options.threads_count; ++i)
    state_->threads.emplace_back(
        [state = state_.get()](std::stop_token stop) { state->run(std::move(stop)); });
}
Shadow::~Shadow() {
  for (std::jthread& thread : state_->threads) thread.request_stop();
}

void Shadow::offer(Question question) {
  state_->offer(std::move(question));
}

bool Shadow::settle(std::chrono::milliseconds longest) {
  std::unique_lock lock(state_->mutex);
  return state_->settled.wait_for(lock, longest,
                                  [&] { return state_->queue.empty() && state_->running == 0; });
}

std::string Shadow::report() const {
  const std::lock_guard lock(state_->mutex);
  json::Array routes;
  for (const auto& [route, tally] : state_->tallies) routes.push_back(shown(route, tally));
  json::Object rules;
  for (const auto& [rule, uses] : state_->rules) rules[rule] = uses;
  return json::write(json::Object{{"routes", std::move(routes)}, {"rules", std::move(rules)}});
}

}  // namespace cloudfolio::gateway

#include "durable_crash_worker.h"

#include <unistd.h>

#include "base/clock.h"
#include "durable/embedded/scheduler.h"
#include "durable/testing/kitchen_sink.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cloudfolio::crash {
namespace {

using durable::Orchestration;
using durable::OrchestrationContext;
using durable::StartOptions;
using durable::testing::SinkInput;

// In one life; what is open goes on meanwhile.
constexpr std::uint32_t kStartsPerLifeMax = 12;

Orchestration<> collect(OrchestrationContext& ctx, std::string list) {
  for (int i = 0; i < 5; ++i) {
    auto word = ctx.external_event("word");
    auto end = ctx.external_event("end");
    const auto first = co_await durable::when_any(word, end);
    if (first == 1) co_return list;
    list += *word.result() + " ";
    CF_CO_CHECK(co_await ctx.call("add", "1"));
  }
  co_return ctx.continue_as_new(list);
}

bool say(int pipe, DurableReport::Said said, std::uint32_t number) {
  const DurableReport report{said, number};
  return ::write(pipe, &report, sizeof report) == ssize_t(sizeof report);
}

}  // namespace

std::string started_id(std::uint32_t number) {
  return "sink-" + std::to_string(number);
}

void register_crash(durable::Registry& registry) {
  durable::testing::register_sink(registry);
  registry.orchestration("collect", collect);
}

int orchestrate_until_killed(const std::filesystem::path& directory, std::uint32_t first,
                             int pipe) {
  durable::Registry registry;
  register_crash(registry);
  const SystemClock clock;
  telemetry::MemoryLogSink sink;
  telemetry::Log log(sink, clock, telemetry::Level::off);
  telemetry::MetricRegistry metrics;
  durable::EmbeddedOptions options;
  options.directory = directory;
  options.live_bytes_max = first % 2 == 0 ? 1 : kMiB;  // Every other life replays every turn.
  auto engine =
      durable::Embedded::open(options, registry, clock, Random::from_system(), log, metrics);
  if (!engine) return 2;
  StartOptions collector;
  collector.name = "collect";
  collector.instance = InstanceId(kCollector);
  const auto begun = (*engine)->start({}, collector);
  if (!begun && begun.error().code() != Code::conflict) return 3;
  if (!say(pipe, DurableReport::Said::opened, first)) return 4;
  for (std::uint32_t number = first;; ++number) {
    if (number < first + kStartsPerLifeMax) {
      StartOptions start;
      start.name = "sink";
      start.instance = InstanceId(started_id(number));
      start.input = SinkInput{number}.text();
      const auto started = (*engine)->start({}, start);
      // A start that was written and not answered before the kill is there already.
      if (!started && started.error().code() != Code::conflict) return 5;
      if (!say(pipe, DurableReport::Said::started, number)) return 4;
    }
    if (!(*engine)->raise_event({}, InstanceId(kCollector), "word", std::to_string(number)))
      return 6;
    if (!say(pipe, DurableReport::Said::raised, number)) return 4;
  }
}

}  // namespace cloudfolio::crash

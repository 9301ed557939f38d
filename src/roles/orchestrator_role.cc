#include "roles/orchestrator_role.h"

#include <filesystem>

#include "flags/definition.h"
#include "flags/report.h"
#include "json/json.h"
#include "training/train_model.h"

namespace cloudfolio::roles {
namespace {

constexpr char kAgain[] = "again";

// Decided where a chain of runs begins (refresh, index, training), and carried by all of it.
flags::Decision async_training(const Context& ctx, const flags::Flags& flags,
                               const durable::Tags& tags) {
  if (const auto tag = tags.find(kAsyncTrainingTag); tag != tags.end()) {
    if (const auto carried = json::parse(tag->second)) {
      if (auto decision = flags::decision_from(*carried)) return *std::move(decision);
    }
  }
  return flags.decide(flags::kAsyncModelTraining, ctx.tenant());
}

Result<std::string> start_orchestration(const Context& ctx, const ClientSlot& slot,
                                        const flags::Flags& flags,
                                        const durable::ActivityInfo& info,
                                        const std::string& input) {
  CF_TRY(const auto request, json::parse_object(input));
  CF_TRY(durable::Client* const client, slot.get());
  durable::StartOptions options;
  options.name = json::find_string(request, "name").value_or("");
  options.instance = InstanceId(std::string(json::find_string(request, "instance").value_or("")));
  const json::Value* payload = json::find(request, "input");
  options.input = payload == nullptr     ? "{}"
                  : payload->is_string() ? std::string(json::view(payload->get_string()))
                                         : json::write(*payload);
  const flags::Decision asynchronous = async_training(ctx, flags, info.tags);
  options.tags[kAsyncTrainingTag] = json::write(flags::to_json(asynchronous));
  if (options.name == training::kTrainModel)
    options.input = training::with_decision(options.input, asynchronous);
  const InstanceId instance = options.instance;
  const std::string again = options.input;
  const auto started = client->start(ctx, std::move(options));
  if (!started && started.error().code() == Code::conflict) {
    CF_CHECK(client->raise_event(ctx, instance, kAgain, again));
    return std::string(R"({"started":false})");
  }
  if (!started) return started.error();
  if (!asynchronous.value) CF_CHECK(client->wait(ctx, instance));
  return std::string(R"({"started":true})");
}

}  // namespace

void register_start_orchestration(durable::Registry& registry, const ClientSlot& slot,
                                  const flags::Flags& flags) {
  registry.activity(kStartOrchestration,
                    [&slot, &flags](const Context& ctx, const durable::ActivityInfo& info,
                                    const std::string& input) {
                      return start_orchestration(ctx, slot, flags, info, input);
                    });
}

Result<std::unique_ptr<durable::Embedded>> open_orchestrator(
    const Config& config, Platform& platform, const durable::Registry& registry, ClientSlot& slot,
    durable::EmbeddedOptions::AroundPools around_pools) {
  durable::EmbeddedOptions options;
  options.around_pools = std::move(around_pools);
  options.directory = std::filesystem::path(config.data) / "orchestrations";
  options.activity_threads_count = static_cast<int>(config.durable_activity_threads);
  auto opened =
      durable::Embedded::open(options, registry, platform.clock(), Random(platform.random().next()),
                              platform.log(), platform.metrics());
  slot.set(opened ? opened->get() : nullptr);
  return opened;
}

}  // namespace cloudfolio::roles

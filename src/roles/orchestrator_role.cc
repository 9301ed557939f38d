#include "roles/orchestrator_role.h"

#include <filesystem>

#include "json/json.h"

namespace cloudfolio::roles {
namespace {

constexpr char kAgain[] = "again";

Result<std::string> start_orchestration(const Context& ctx, const ClientSlot& slot,
                                        AfterStart after, const std::string& input) {
  CF_TRY(const auto request, json::parse_object(input));
  CF_TRY(durable::Client* const client, slot.get());
  durable::StartOptions options;
  options.name = json::find_string(request, "name").value_or("");
  options.instance = InstanceId(std::string(json::find_string(request, "instance").value_or("")));
  const json::Value* payload = json::find(request, "input");
  options.input = payload == nullptr     ? "{}"
                  : payload->is_string() ? std::string(json::view(payload->get_string()))
                                         : json::write(*payload);
  const InstanceId instance = options.instance;
  const std::string again = options.input;
  const auto started = client->start(ctx, std::move(options));
  if (!started && started.error().code() == Code::conflict) {
    CF_CHECK(client->raise_event(ctx, instance, kAgain, again));
    return std::string(R"({"started":false})");
  }
  if (!started) return started.error();
  if (after == AfterStart::wait_for_its_end) CF_CHECK(client->wait(ctx, instance));
  return std::string(R"({"started":true})");
}

}  // namespace

void register_start_orchestration(durable::Registry& registry, const ClientSlot& slot,
                                  AfterStart after) {
  registry.activity(
      kStartOrchestration,
      [&slot, after](const Context& ctx, const durable::ActivityInfo&, const std::string& input) {
        return start_orchestration(ctx, slot, after, input);
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

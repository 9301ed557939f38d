#include "roles/platform.h"

#include "storage/azure/azure.h"
#include "storage/embedded/embedded.h"
#include "tenancy/login.h"

namespace cloudfolio::roles {
namespace {

Result<std::unique_ptr<storage::Storage>> open_storage(const Config& config, const Clock& clock) {
  if (config.storage_backend == "azure") {
    CF_TRY(auto options, azure_options(config.azure));
    return storage::azure::open(std::move(options), clock);
  }
  storage::embedded::Options options;
  options.directory = config.data;
  return storage::embedded::open(options, clock);
}

}  // namespace

Result<std::unique_ptr<Platform>> Platform::open(const Config& config, const Clock& clock) {
  std::unique_ptr<Platform> platform(new Platform(clock));
  CF_TRY(const auto level, telemetry::level_from(config.log_level));
  std::unique_ptr<telemetry::LogSink> sink = telemetry::make_stderr_sink();
  if (!config.log_file.empty()) {
    CF_TRY(sink, telemetry::open_file_sink(config.log_file));
  }
  platform->run_log_ = std::make_unique<RunLog>(std::move(sink));
  platform->log_ = std::make_unique<telemetry::Log>(*platform->run_log_, clock, level);
  CF_TRY(platform->storage_, open_storage(config, clock));
  http::ClientOptions client;
  client.user_agent = "cloudfolio";
  client.ca_file = config.github_ca_file;
  CF_TRY(platform->http_, http::open_client(client, clock));
  CF_TRY(platform->flag_desk_,
         FlagDesk::open(config, *platform->storage_, clock, *platform->log_, platform->metrics_));
  CF_TRY(platform->tenancy_,
         TenancyDesk::open(config, *platform->storage_, clock, &platform->flag_desk_->flags()));
  cache::Cache::Options options{
      .memory_bytes_max = static_cast<std::size_t>(config.cache_memory_bytes),
      .log = platform->log_.get()};
  if (config.compatibility_old_app) {
    options.old_app.writes = cache::OldAppSharing::Writes::yes;
    if (!config.compatibility_model_slot_login.empty()) {
      CF_TRY(options.old_app.model_slot,
             tenancy::tenant_from_login(config.compatibility_model_slot_login));
    }
  }
  platform->cache_ = std::make_unique<cache::Cache>(platform->tenancy_->guarded_blobs(), clock,
                                                    platform->metrics_, options);
  CF_TRY(storage::Table* const rights, platform->storage_->table(cache::kRightsTable));
  platform->rights_ = std::make_unique<cache::Rights>(
      *rights, clock, std::chrono::minutes(config.github_private_right_minutes));
  return platform;
}

}  // namespace cloudfolio::roles

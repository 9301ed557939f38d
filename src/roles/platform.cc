#include "roles/platform.h"

#include "storage/embedded/embedded.h"

namespace cloudfolio::roles {

Result<std::unique_ptr<Platform>> Platform::open(const Config& config, const Clock& clock) {
  std::unique_ptr<Platform> platform(new Platform(clock));
  CF_TRY(const auto level, telemetry::level_from(config.log_level));
  if (config.log_file.empty()) {
    platform->sink_ = telemetry::make_stderr_sink();
  } else {
    CF_TRY(platform->sink_, telemetry::open_file_sink(config.log_file));
  }
  platform->log_ = std::make_unique<telemetry::Log>(*platform->sink_, clock, level);
  storage::embedded::Options store;
  store.directory = config.data;
  CF_TRY(platform->storage_, storage::embedded::open(store, clock));
  http::ClientOptions client;
  client.user_agent = "cloudfolio";
  client.ca_file = config.github_ca_file;
  CF_TRY(platform->http_, http::open_client(client, clock));
  CF_TRY(storage::BlobStore* const blobs, platform->storage_->blobs(cache::kContainer));
  platform->cache_ = std::make_unique<cache::Cache>(*blobs, clock, platform->metrics_);
  return platform;
}

}  // namespace cloudfolio::roles

#include "roles/named_store.h"

#include <filesystem>

#include "roles/azure_settings.h"
#include "roles/config.h"
#include "storage/azure/azure.h"
#include "storage/embedded/embedded.h"

namespace cloudfolio::roles {

namespace {

constexpr std::string_view kEmbedded = "embedded:";
constexpr std::string_view kAzure = "azure:";
constexpr std::string_view kFromConfiguration = "env";

Result<NamedStore> open_embedded(const std::filesystem::path& folder, IfMissing missing,
                                 const Clock& clock) {
  std::error_code ignored;
  if (missing == IfMissing::refuse &&
      !std::filesystem::exists(folder / storage::embedded::kDatabaseFile, ignored))
    return Error(Code::not_found, "no embedded store in '" + folder.string() + "'");
  storage::embedded::Options options;
  options.directory = folder;
  NamedStore store;
  CF_TRY(store.storage, storage::embedded::open(options, clock));
  store.name = std::string(kEmbedded) + std::filesystem::weakly_canonical(folder, ignored).string();
  return store;
}

Result<NamedStore> open_azure(std::string_view connection, const Config& config,
                              const Clock& clock) {
  storage::azure::Options options;
  if (connection == kFromConfiguration) {
    CF_TRY(options, azure_options(config.azure));
  } else {
    CF_TRY(options.account, storage::azure::parse_connection_string(connection));
    options.ca_file = config.azure.ca_file;
  }
  NamedStore store;
  store.name = std::string(kAzure) + options.account.blob_url;
  CF_TRY(store.storage, storage::azure::open(std::move(options), clock));
  return store;
}

}  // namespace

Result<NamedStore> open_named_store(std::string_view name, IfMissing missing, const Config& config,
                                    const Clock& clock) {
  if (name.starts_with(kEmbedded) && name.size() > kEmbedded.size())
    return open_embedded(std::string(name.substr(kEmbedded.size())), missing, clock);
  if (name.starts_with(kAzure)) return open_azure(name.substr(kAzure.size()), config, clock);
  return Error(Code::invalid_argument,
               "'" + std::string(name.substr(0, name.find(':'))) +
                   "' is no kind of store; write embedded:DIR, azure:CONNECTION or azure:env");
}

}  // namespace cloudfolio::roles

#include "roles/named_store.h"

#include <filesystem>

#include "storage/azure/azure.h"
#include "storage/embedded/embedded.h"

namespace cloudfolio::roles {

namespace {

constexpr std::string_view kEmbedded = "embedded:";
constexpr std::string_view kAzure = "azure:";

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

Result<NamedStore> open_azure(std::string_view connection, const Clock& clock) {
  storage::azure::Options options;
  CF_TRY(options.account, storage::azure::parse_connection_string(connection));
  NamedStore store;
  store.name = std::string(kAzure) + options.account.blob_url;
  CF_TRY(store.storage, storage::azure::open(std::move(options), clock));
  return store;
}

}  // namespace

Result<NamedStore> open_named_store(std::string_view name, IfMissing missing, const Clock& clock) {
  if (name.starts_with(kEmbedded) && name.size() > kEmbedded.size())
    return open_embedded(std::string(name.substr(kEmbedded.size())), missing, clock);
  if (name.starts_with(kAzure)) return open_azure(name.substr(kAzure.size()), clock);
  return Error(Code::invalid_argument,
               "'" + std::string(name.substr(0, name.find(':'))) +
                   "' is no kind of store; write embedded:DIR or azure:CONNECTION");
}

}  // namespace cloudfolio::roles

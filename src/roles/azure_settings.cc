#include "roles/azure_settings.h"

#include "roles/config.h"

namespace cloudfolio::roles {
namespace {

using storage::azure::Account;
using storage::azure::Credential;
using storage::azure::EntraTokens;
using storage::azure::SharedAccess;
using storage::azure::SharedKey;

Error wrong(std::string message) {
  return Error(Code::invalid_argument, std::move(message));
}

EntraTokens entra_of(const AzureConfig& config) {
  EntraTokens entra;
  entra.client_id = config.client_id;
  entra.tenant_id = config.tenant_id;
  entra.federated_token_file = config.federated_token_file;
  if (!config.authority_host.empty()) entra.authority = config.authority_host;
  entra.identity_endpoint = config.identity_endpoint;
  entra.identity_header = config.identity_header;
  return entra;
}

SharedAccess shared_access_of(const AzureConfig& config) {
  std::string token = config.sas_token.reveal();
  if (token.starts_with('?')) token.erase(0, 1);
  return SharedAccess{Secret(std::move(token))};
}

Result<Credential> credential_of(const AzureConfig& config) {
  const std::string& kind = config.credential;
  if (kind == "key" || (kind == "auto" && !config.account_key.empty())) {
    if (config.account_key.empty()) return wrong("azure.account_key is not set");
    return Credential(SharedKey{config.account_key});
  }
  if (kind == "sas" || (kind == "auto" && !config.sas_token.empty())) {
    if (config.sas_token.empty()) return wrong("azure.sas_token is not set");
    return Credential(shared_access_of(config));
  }
  if (kind == "entra" || kind == "auto") return Credential(entra_of(config));
  return wrong("azure.credential: expected auto, key, sas or entra");
}

Result<Account> account_of(const AzureConfig& config) {
  if (config.blob_url.empty() && config.account.empty()) {
    if (config.connection_string.empty())
      return wrong(
          "storage.backend is azure: set azure.connection_string, or azure.account or "
          "azure.blob_url with a credential");
    auto account = storage::azure::parse_connection_string(config.connection_string.reveal());
    if (!account) return std::move(account).error().while_doing("azure.connection_string");
    return account;
  }
  CF_TRY(Credential credential, credential_of(config));
  const std::string blob_url = config.blob_url.empty()
                                   ? "https://" + config.account + ".blob.core.windows.net"
                                   : config.blob_url;
  auto account = storage::azure::account_at(blob_url, std::move(credential));
  if (!account) return std::move(account).error().while_doing("azure.blob_url");
  if (!config.account.empty()) account->name = config.account;
  return account;
}

}  // namespace

storage::azure::EntraTokens entra_tokens(const AzureConfig& config, std::string resource) {
  EntraTokens entra = entra_of(config);
  entra.resource = std::move(resource);
  return entra;
}

const std::vector<Setting>& azure_settings() {
  using T = Setting::Target;
  static const std::vector<Setting> kSettings{
      {"azure.connection_string", "AZURE_STORAGE_CONNECTION_STRING",
       "Connection string of the storage account. Keep it in the environment.",
       [](Config& c) -> T { return &c.azure.connection_string; }, 0, 0, "AzureWebJobsStorage"},
      {"azure.account", "AZURE_STORAGE_ACCOUNT",
       "Name of the storage account, where its services are at the usual addresses.",
       [](Config& c) -> T { return &c.azure.account; }},
      {"azure.blob_url", "BLOB_SERVICE_URI", "Address of the blob service.",
       [](Config& c) -> T { return &c.azure.blob_url; }, 0, 0,
       "AzureWebJobsStorage__blobServiceUri"},
      {"azure.queue_url", "QUEUE_SERVICE_URI", "Address of the queue service.",
       [](Config& c) -> T { return &c.azure.queue_url; }, 0, 0,
       "AzureWebJobsStorage__queueServiceUri"},
      {"azure.table_url", "TABLE_SERVICE_URI", "Address of the table service.",
       [](Config& c) -> T { return &c.azure.table_url; }, 0, 0,
       "AzureWebJobsStorage__tableServiceUri"},
      {"azure.credential", "CLOUDFOLIO_AZURE_CREDENTIAL",
       "What is shown to an account that is named by address: auto, key, sas or entra.",
       [](Config& c) -> T { return &c.azure.credential; }},
      {"azure.account_key", "AZURE_STORAGE_KEY", "The account's key.",
       [](Config& c) -> T { return &c.azure.account_key; }},
      {"azure.sas_token", "AZURE_STORAGE_SAS_TOKEN", "A shared access signature.",
       [](Config& c) -> T { return &c.azure.sas_token; }},
      {"azure.client_id", "AZURE_CLIENT_ID",
       "Which identity asks for tokens; empty: the system-assigned one.",
       [](Config& c) -> T { return &c.azure.client_id; }},
      {"azure.tenant_id", "AZURE_TENANT_ID", "Entra tenant of a workload identity.",
       [](Config& c) -> T { return &c.azure.tenant_id; }},
      {"azure.federated_token_file", "AZURE_FEDERATED_TOKEN_FILE",
       "File with a workload identity's own token; read again as it changes.",
       [](Config& c) -> T { return &c.azure.federated_token_file; }},
      {"azure.authority_host", "AZURE_AUTHORITY_HOST", "Where a workload identity gets its tokens.",
       [](Config& c) -> T { return &c.azure.authority_host; }},
      {"azure.identity_endpoint", "IDENTITY_ENDPOINT",
       "Where App Service, Functions and Container Apps give out tokens.",
       [](Config& c) -> T { return &c.azure.identity_endpoint; }},
      {"azure.identity_header", "IDENTITY_HEADER", "The secret that goes with that address.",
       [](Config& c) -> T { return &c.azure.identity_header; }},
      {"azure.ca_file", "CLOUDFOLIO_AZURE_CA_FILE",
       "PEM file of authorities to trust instead of the system's.",
       [](Config& c) -> T { return &c.azure.ca_file; }},
  };
  return kSettings;
}

Result<storage::azure::Options> azure_options(const AzureConfig& config) {
  CF_TRY(Account account, account_of(config));
  if (!config.queue_url.empty()) account.queue_url = config.queue_url;
  if (!config.table_url.empty()) account.table_url = config.table_url;
  CF_CHECK(storage::azure::check_account(account));
  storage::azure::Options options;
  options.account = std::move(account);
  options.ca_file = config.ca_file;
  return options;
}

}  // namespace cloudfolio::roles

#pragma once
// Which storage account, where its services answer, and by what right we ask.
//
// Connection strings are the ones that Azure's portal and SDKs write: `Name=Value` pairs parted by
// semicolons.

#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "base/secret.h"

namespace cloudfolio::storage::azure {

// The account's key, in base64, as the portal shows it.
struct SharedKey {
  Secret key;
};

// A shared access signature: the query string, without `?`.
struct SharedAccess {
  Secret token;
};

// Tokens of Microsoft Entra, from the first of these that is configured: workload identity, the
// identity endpoint of App Service, Functions and Container Apps, and else the machine's metadata
// service. Goes over TLS only, unless `endpoint` is on this machine.
struct EntraTokens {
  std::string client_id = {};  // Empty: the system-assigned identity.

  std::string tenant_id = {};             // Workload identity: AZURE_TENANT_ID,
  std::string federated_token_file = {};  // AZURE_FEDERATED_TOKEN_FILE,
  std::string authority = "https://login.microsoftonline.com";  // AZURE_AUTHORITY_HOST.

  std::string identity_endpoint = {};  // IDENTITY_ENDPOINT and
  Secret identity_header = {};         // IDENTITY_HEADER.

  std::string metadata_url = "http://169.254.169.254";
  std::string resource = "https://storage.azure.com";  // What the tokens are for.
};

using Credential = std::variant<SharedKey, SharedAccess, EntraTokens>;

struct Account {
  std::string name;
  // Without a trailing slash: "https://octo.blob.core.windows.net", or path style,
  // "http://127.0.0.1:10000/devstoreaccount1".
  std::string blob_url;
  std::string queue_url;
  std::string table_url;
  Credential credential;
};

// Reads DefaultEndpointsProtocol, AccountName, AccountKey, SharedAccessSignature, EndpointSuffix,
// BlobEndpoint, QueueEndpoint and TableEndpoint; others are ignored. What has no endpoint of its
// own gets the account's usual one. Errors (invalid_argument) name what is missing, never a value.
Result<Account> parse_connection_string(std::string_view text);

// The account whose blob service is `blob_url` ("https://octo.blob.core.windows.net"); its queues
// and tables are at the neighbouring names. For a path-style URL those must be given after.
Result<Account> account_at(std::string_view blob_url, Credential credential);

// What is missing or impossible in `account` (invalid_argument).
Status check_account(const Account& account);

}  // namespace cloudfolio::storage::azure

#pragma once
// The settings of the Azure Storage backend, and the account that they name.
//
// The variables are those that Azure's own tools, Functions and the old app read. As in the old
// app, a service's address goes before a connection string.

#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "storage/azure/azure.h"

namespace cloudfolio::roles {

struct Config;
struct Setting;

struct AzureConfig {
  Secret connection_string;
  std::string account;
  std::string blob_url;
  std::string queue_url;
  std::string table_url;
  std::string credential = "auto";
  Secret account_key;
  Secret sas_token;
  std::string client_id;
  std::string tenant_id;
  std::string federated_token_file;
  std::string authority_host;
  std::string identity_endpoint;
  Secret identity_header;
  std::string ca_file;
};

// Part of settings().
const std::vector<Setting>& azure_settings();

// The identity that the settings name, for tokens of `resource`.
storage::azure::EntraTokens entra_tokens(const AzureConfig& config, std::string resource);

// Errors: invalid_argument, naming the setting to change.
Result<storage::azure::Options> azure_options(const AzureConfig& config);

}  // namespace cloudfolio::roles

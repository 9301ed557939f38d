#pragma once
// Everything that can be configured, with its default; one list (settings()) from which the file is
// read, the environment is read, unknown keys are refused and the documentation is checked.
//
// The file is JSON with // comments allowed. Precedence, strongest first: command line,
// environment, file, default. Secrets never print.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "roles/azure_settings.h"
#include "roles/capacity_settings.h"

namespace cloudfolio::roles {

struct TokenConfig {
  std::string sha256;      // Lower-case hex of the token's SHA-256.
  std::string tenant;      // The login it speaks for, or
  bool operator_ = false;  // an operator's.
};

struct Config {
  std::string data = "./cloudfolio-data";
  std::string storage_backend = "embedded";
  AzureConfig azure;
  std::string durable_backend = "embedded";
  std::int64_t durable_activity_threads = 8;
  std::int64_t durable_claim_seconds = 60;
  CapacityConfig capacity;

  std::string github_api_url = "https://api.github.com";
  Secret github_token;
  std::string github_ca_file;
  std::int64_t github_timeout_seconds = 15;
  bool github_private_repositories = true;
  std::int64_t github_private_right_minutes = 60;

  std::string server_listen = "127.0.0.1:7071";
  std::int64_t server_threads = 4;
  std::int64_t server_connections_max = 1024;
  std::int64_t server_body_bytes_max = 1 << 20;
  std::int64_t server_request_timeout_seconds = 30;
  std::int64_t server_drain_seconds = 0;
  std::string server_public_url;
  std::string gateway_upstream;  // The old app; empty: none.
  Secret server_token;           // Sent by the command line to a server that owns the store.
  std::vector<TokenConfig> auth_tokens;
  Secret webhook_secret;

  std::string encoder_model;  // Empty: the per-user cache of the base model.

  bool training_enabled = true;
  std::int64_t training_tokens_max = 200'000;
  std::int64_t training_steps_max = 0;  // 0: as many as the recipe wants.
  std::int64_t training_checkpoint_steps = 50;
  std::int64_t training_seed = 42;
  std::string training_precision = "automatic";

  std::string costs_prices;  // File; empty: the built-in price table.

  std::int64_t cache_memory_bytes = 128ll << 20;
  std::int64_t search_memory_bytes = 512ll << 20;

  // What a tenant may use unless it was granted otherwise; 0: no limit.
  std::int64_t quota_storage_bytes = 100'000'000;
  std::int64_t quota_orchestrations_per_day = 50;
  std::int64_t quota_trainings_per_week = 2;
  std::int64_t quota_github_calls_per_hour = 0;
  std::int64_t quota_patience_ms = 0;  // 0: by the store, quota_patience().
  std::int64_t idempotency_kept_hours = 72;

  bool compatibility_old_app = false;
  std::string compatibility_model_slot_login;  // Empty: nobody's.

  std::string log_level = "info";
  std::string log_file;  // Empty: standard error.

  // What was set explicitly, by flag name; flags() adds the defaults.
  std::map<std::string, bool> flags;
};

// One setting: how it is named in the file and in the environment, and where it goes.
struct Setting {
  using Target = std::variant<std::string*, Secret*, bool*, std::int64_t*>;
  std::string_view key;          // "github.api_url"
  std::string_view environment;  // "CLOUDFOLIO_GITHUB_URL"
  std::string_view help;
  Target (*target)(Config&);
  std::int64_t least = 0;  // For numbers.
  std::int64_t most = 0;
  std::string_view fallback = {};  // A variable that is read where `environment` is not set.
};
const std::vector<Setting>& settings();

// A feature flag: its value, and where that comes from ("default", "configuration", "environment").
struct FlagValue {
  std::string name;
  bool value = false;
  std::string source;
  std::string about;
};

// Reads the file's text into `config`. Errors name the key, and for an unknown one the nearest
// name.
Status apply_file(Config& config, std::string_view text);
// Reads the environment through `lookup` (nullopt: not set). Errors name the variable.
using Environment = std::function<std::optional<std::string>(const std::string&)>;
Status apply_environment(Config& config, const Environment& lookup);
// How long a decision about a quota waits for the store.
std::chrono::milliseconds quota_patience(const Config& config);
// What no single setting can know: ranges, combinations, backends that are not there.
Status validate(const Config& config);
// Every flag with its value under this configuration.
std::vector<FlagValue> flags(const Config& config);
bool flag(const Config& config, std::string_view name);

// The name in `known` closest to `wrong` by edit distance; empty where none is near.
std::string nearest_name(std::string_view wrong, const std::vector<std::string>& known);

}  // namespace cloudfolio::roles

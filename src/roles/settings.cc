#include "roles/config.h"

namespace cloudfolio::roles {
namespace {

using T = Setting::Target;

// Where things are, and how the outside is reached.
std::vector<Setting> settings_of_surroundings() {
  return {
      {"data", "CLOUDFOLIO_DATA", "Folder of the embedded store.",
       [](Config& c) -> T { return &c.data; }},
      {"storage.backend", "CLOUDFOLIO_STORAGE_BACKEND", "Where the cache lives: embedded or azure.",
       [](Config& c) -> T { return &c.storage_backend; }},
      {"durable.backend", "CLOUDFOLIO_DURABLE_BACKEND", "What runs orchestrations: embedded.",
       [](Config& c) -> T { return &c.durable_backend; }},
      {"durable.activity_threads", "CLOUDFOLIO_DURABLE_ACTIVITY_THREADS",
       "Activities that run at once. They mostly wait for GitHub.",
       [](Config& c) -> T { return &c.durable_activity_threads; }, 1, 256},
      {"durable.claim_seconds", "CLOUDFOLIO_DURABLE_CLAIM_SECONDS",
       "Where roles are apart: how long after a worker's last word another takes its work over.",
       [](Config& c) -> T { return &c.durable_claim_seconds; }, 2, 3600},
      {"github.api_url", "CLOUDFOLIO_GITHUB_URL",
       "GitHub's REST address; a simulator's or an Enterprise server's works too.",
       [](Config& c) -> T { return &c.github_api_url; }},
      {"github.token", "GITHUB_TOKEN",
       "The token that GitHub is asked with. Keep it in the environment.",
       [](Config& c) -> T { return &c.github_token; }},
      {"github.ca_file", "CLOUDFOLIO_GITHUB_CA_FILE",
       "PEM file of authorities to trust besides the system's, for an Enterprise server.",
       [](Config& c) -> T { return &c.github_ca_file; }},
      {"github.timeout_seconds", "CLOUDFOLIO_GITHUB_TIMEOUT_SECONDS",
       "Longest wait for one answer. GitHub itself gives up after 10 s.",
       [](Config& c) -> T { return &c.github_timeout_seconds; }, 1, 300},
      {"github.private_repositories", "CLOUDFOLIO_GITHUB_PRIVATE_REPOSITORIES",
       "Mirror the private repositories of the token's own account, for that account alone.",
       [](Config& c) -> T { return &c.github_private_repositories; }},
      {"github.private_right_minutes", "CLOUDFOLIO_GITHUB_PRIVATE_RIGHT_MINUTES",
       "How long private text may be read after GitHub last confirmed the right to it.",
       [](Config& c) -> T { return &c.github_private_right_minutes; }, 1, 1440},
      {"server.listen", "CLOUDFOLIO_LISTEN",
       "HOST:PORT of the HTTP server; port 0 picks a free one.",
       [](Config& c) -> T { return &c.server_listen; }},
      {"server.public_url", "CLOUDFOLIO_PUBLIC_URL",
       "What clients see in front of a proxy: the base of the status links.",
       [](Config& c) -> T { return &c.server_public_url; }},
      {"gateway.upstream", "CLOUDFOLIO_GATEWAY_UPSTREAM",
       "The old app's URL, while tenants move from it; empty: there is none.",
       [](Config& c) -> T { return &c.gateway_upstream; }},
      {"server.token", "CLOUDFOLIO_TOKEN",
       "What the command line sends to a running server that wants a token.",
       [](Config& c) -> T { return &c.server_token; }},
      {"server.threads", "CLOUDFOLIO_SERVER_THREADS", "Threads that answer requests.",
       [](Config& c) -> T { return &c.server_threads; }, 1, 256},
      {"server.connections_max", "CLOUDFOLIO_SERVER_CONNECTIONS_MAX", "Open connections at once.",
       [](Config& c) -> T { return &c.server_connections_max; }, 1, 100'000},
      {"server.body_bytes_max", "CLOUDFOLIO_SERVER_BODY_BYTES_MAX", "Largest request body taken.",
       [](Config& c) -> T { return &c.server_body_bytes_max; }, 1024, 1 << 30},
      {"server.request_timeout_seconds", "CLOUDFOLIO_SERVER_REQUEST_TIMEOUT_SECONDS",
       "Longest time for one request, its arrival included.",
       [](Config& c) -> T { return &c.server_request_timeout_seconds; }, 1, 3600},
      {"server.drain_seconds", "CLOUDFOLIO_SERVER_DRAIN_SECONDS",
       "After SIGTERM: how long to go on answering, as not ready, so that load balancers leave.",
       [](Config& c) -> T { return &c.server_drain_seconds; }, 0, 600},
  };
}

std::vector<Setting> settings_of_work() {
  return {
      {"webhook.secret", "CLOUDFOLIO_WEBHOOK_SECRET",
       "Secret of GitHub's webhook; without it webhook calls are refused.",
       [](Config& c) -> T { return &c.webhook_secret; }},
      {"encoder.model", "CLOUDFOLIO_BASE_MODEL",
       "Folder of the base model; empty: the per-user cache that ./dev setup fills.",
       [](Config& c) -> T { return &c.encoder_model; }},
      {"training.enabled", "CLOUDFOLIO_TRAINING_ENABLED", "Fine-tune when content changed.",
       [](Config& c) -> T { return &c.training_enabled; }},
      {"training.max_tokens", "CLOUDFOLIO_TRAINING_MAX_TOKENS", "Tokens that one run may train on.",
       [](Config& c) -> T { return &c.training_tokens_max; }, 1000, 1'000'000'000},
      {"training.max_steps", "CLOUDFOLIO_TRAINING_MAX_STEPS",
       "Optimiser steps that one run may take; 0: as many as the recipe wants.",
       [](Config& c) -> T { return &c.training_steps_max; }, 0, 1'000'000},
      {"training.checkpoint_steps", "CLOUDFOLIO_TRAINING_CHECKPOINT_STEPS",
       "Optimiser steps between two checkpoints, which a killed run goes on from; 0: none.",
       [](Config& c) -> T { return &c.training_checkpoint_steps; }, 0, 1'000'000},
      {"training.seed", "CLOUDFOLIO_TRAINING_SEED", "Seed of shuffling, hold-out and dropout.",
       [](Config& c) -> T { return &c.training_seed; }, 0, 0x7fffffff},
      {"training.precision", "CLOUDFOLIO_TRAINING_PRECISION",
       "Numbers that models are trained in: automatic (16 bits where that is faster) or fp32.",
       [](Config& c) -> T { return &c.training_precision; }},
      {"costs.prices", "CLOUDFOLIO_COSTS_PRICES",
       "Price table that the ledger counts money by; empty: the built-in one.",
       [](Config& c) -> T { return &c.costs_prices; }},
      {"cache.memory_bytes", "CLOUDFOLIO_CACHE_MEMORY_BYTES",
       "Memory for published entries that queries read again and again.",
       [](Config& c) -> T { return &c.cache_memory_bytes; }, 1 << 20, 1ll << 40},
      {"search.memory_bytes", "CLOUDFOLIO_SEARCH_MEMORY_BYTES",
       "Memory for loaded portfolios and models.",
       [](Config& c) -> T { return &c.search_memory_bytes; }, 1 << 20, 1ll << 40},
      {"quota.storage_bytes", "CLOUDFOLIO_QUOTA_STORAGE_BYTES",
       "Bytes of content that a tenant may keep; 0: no limit, as for all quotas.",
       [](Config& c) -> T { return &c.quota_storage_bytes; }, 0, 1ll << 50},
      {"quota.orchestrations_per_day", "CLOUDFOLIO_QUOTA_ORCHESTRATIONS_PER_DAY",
       "Refreshes that a tenant may start in any 24 hours.",
       [](Config& c) -> T { return &c.quota_orchestrations_per_day; }, 0, 1'000'000},
      {"quota.trainings_per_week", "CLOUDFOLIO_QUOTA_TRAININGS_PER_WEEK",
       "Trainings that a tenant may start in any 7 days.",
       [](Config& c) -> T { return &c.quota_trainings_per_week; }, 0, 1'000'000},
      {"quota.github_calls_per_hour", "CLOUDFOLIO_QUOTA_GITHUB_CALLS_PER_HOUR",
       "Requests to GitHub for one tenant in any hour before a refresh is refused.",
       [](Config& c) -> T { return &c.quota_github_calls_per_hour; }, 0, 1'000'000},
      {"quota.patience_ms", "CLOUDFOLIO_QUOTA_PATIENCE_MS",
       "Longest wait for the store before a quota is decided without it; 0: 5 over the embedded "
       "store, 500 over a storage account.",
       [](Config& c) -> T { return &c.quota_patience_ms; }, 0, 10'000},
      {"idempotency.kept_hours", "CLOUDFOLIO_IDEMPOTENCY_KEPT_HOURS",
       "How long the answer to a request with an Idempotency-Key is kept, at least.",
       [](Config& c) -> T { return &c.idempotency_kept_hours; }, 24, 24 * 365},
      {"compatibility.old_app", "CLOUDFOLIO_COMPATIBILITY_OLD_APP",
       "The old app shares this cache: write what it reads, keep its defaults.",
       [](Config& c) -> T { return &c.compatibility_old_app; }},
      {"compatibility.model_slot_login", "CLOUDFOLIO_COMPATIBILITY_MODEL_SLOT_LOGIN",
       "Whose published models the old app finds in its one global slot; empty: nobody's.",
       [](Config& c) -> T { return &c.compatibility_model_slot_login; }},
      {"log.level", "CLOUDFOLIO_LOG_LEVEL", "debug, info, warn, error or off.",
       [](Config& c) -> T { return &c.log_level; }},
      {"log.file", "CLOUDFOLIO_LOG_FILE", "File for log lines; empty: standard error.",
       [](Config& c) -> T { return &c.log_file; }},
  };
}

}  // namespace

// The one list of settings. docs/operating/configuration.md describes the same keys; a test
// compares.
const std::vector<Setting>& settings() {
  static const std::vector<Setting> kSettings = [] {
    std::vector<Setting> all = settings_of_surroundings();
    for (const Setting& setting : settings_of_work()) all.push_back(setting);
    all.insert(all.end(), azure_settings().begin(), azure_settings().end());
    all.insert(all.end(), capacity_settings().begin(), capacity_settings().end());
    return all;
  }();
  return kSettings;
}

}  // namespace cloudfolio::roles

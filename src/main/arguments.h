#pragma once
// The command line as values: which command, with which options. Names here are an interface that
// scripts rely on (docs/operating/cli.md); a test runs every example of --help.

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"

namespace cloudfolio::main {

// How a command prints its answer.
enum class Output { text, json };

struct ServeCommand {
  std::string listen;         // HOST:PORT; empty: from the configuration.
  std::string roles;          // Joined by commas; empty: all.
  bool take_over = false;     // From the process that serves the same folder.
  bool once = false;          // A trainer that ends with its first training.
  bool check_config = false;  // Nothing is opened or started.
};
struct SyncCommand {
  std::string login;
  bool force = false;
};
struct TrainCommand {
  std::string login;
  std::optional<long> steps_max;
  std::optional<long> tokens_max;
};
struct TrainingCommand {
  enum class Verb { ls, show, run, cancel, retry, logs };
  Verb verb = Verb::ls;
  std::string login;     // ls: empty: all; run.
  std::string instance;  // show, cancel, retry, logs.
};
struct SearchCommand {
  std::string login;
  std::string query;
  int limit = 10;
  int hits_per_repository = 1;
  bool explain = false;
  bool with_private = false;
};
struct StatusCommand {
  std::string login;
};
struct CacheCommand {
  enum class Verb { ls, show, rm, adopt };
  Verb verb = Verb::ls;
  std::string login;              // ls: only this tenant's entries (empty: all); adopt: as spelled.
  std::vector<std::string> keys;  // show: one; rm: one or more.
};
struct UsageCommand {
  std::string login;    // Empty: every tenant.
  bool verify = false;  // Compare totals with raw events and stored entries.
};
struct QuotaCommand {
  std::string login;
  std::string meter;
  std::optional<long> amount;  // Absent: the default again.
};
struct TenantCommand {
  enum class Verb { remove, settings };
  Verb verb = Verb::remove;
  std::string login;
  std::string include_private;  // Of `settings`: "on", "off"; empty: only show them.
};
struct EncodeCommand {
  std::string model;  // A sentence-transformers folder or zip; empty: the base model.
};
struct EvalCommand {
  std::string login;
  std::string queries;      // A query set's file; empty: the headings that training holds out.
  std::string write;        // Write the set into this file instead of measuring.
  unsigned long seed = 42;  // Of the intervals.
  unsigned long split_seed = 42;  // Which headings are held out.
};
struct ModelsCommand {
  std::string login;
  std::string plot;   // Write the curve into this file, as SVG.
  std::string model;  // Of this one (the beginning of its fingerprint); empty: the newest.
};
struct FlagsCommand {
  enum class Verb { ls, set, history, rearm };
  Verb verb = Verb::ls;
  std::string flag;    // history: empty: all.
  std::string value;   // on, off, default, or a share such as 25%.
  std::string tenant;  // set: only this tenant's value.
  std::string by;      // Empty: the name of the user that runs the command.
  std::string reason;
};
struct CostsCommand {
  std::string login;  // Empty: all tenants.
  std::string since;  // A day; empty: the last 30 days.
};
struct GithubSimCommand {
  std::string corpus;
  std::string listen = "127.0.0.1:0";
  long latency_ms = 0;
  std::vector<std::string> faults;
  std::vector<std::string> tokens;  // "TOKEN=LOGIN"; none: any is the first owner's.
  std::string tls_certificate;      // PEM files: serve HTTPS instead of HTTP.
  std::string tls_key;
  bool list_faults = false;
};
struct MigrateCommand {
  enum class Verb { plan, run, verify, rollback };
  Verb verb = Verb::plan;
  std::string from;  // Stores by name (roles/named_store.h).
  std::string to;
  std::string journal = "./cloudfolio-migration";
  std::vector<std::string> containers;
  std::vector<std::string> tables;
  long at_once = 16;
  long memory_mib = 256;
  double rate_mib_per_second = 0;  // 0: as fast as it goes.
  long rate_per_second = 0;
  bool replace = false;
};
struct HealthCommand {
  std::string url;  // Empty: the server of the data folder.
};
struct VersionCommand {};

using Command =
    std::variant<ServeCommand, SyncCommand, TrainCommand, TrainingCommand, SearchCommand,
                 StatusCommand, CacheCommand, CostsCommand, UsageCommand, QuotaCommand,
                 TenantCommand, EncodeCommand, EvalCommand, FlagsCommand, ModelsCommand,
                 GithubSimCommand, HealthCommand, MigrateCommand, VersionCommand>;

struct Arguments {
  std::string config_file;  // Empty: $CLOUDFOLIO_CONFIG, else none.
  std::string data;         // Empty: from configuration or environment.
  std::string github_url;   // Likewise.
  Output output = Output::text;
  std::string log_level;  // Empty: from the configuration.
  Command command;
};

// What parse() found: arguments to run with, or a text to print and the exit code to leave with
// (help is 0, a usage error is 2 and goes to standard error).
struct Printed {
  std::string text;
  int exit_code = 0;
};

std::variant<Arguments, Printed> parse_arguments(int argc, const char* const* argv);

}  // namespace cloudfolio::main

#include "main/arguments.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <sstream>
#include <tuple>

namespace cloudfolio::main {
namespace {

constexpr const char* kAbout =
    "CloudFolio keeps a developer's GitHub portfolio answerable: it mirrors the repositories' "
    "documents,\n"
    "fine-tunes a sentence-embedding model on them, and answers searches and questions.";

constexpr const char* kExamples =
    "Examples:\n"
    "  cloudfolio github-sim --corpus samples/portfolio --listen 127.0.0.1:8800\n"
    "  cloudfolio sync sample-dev --github-url http://127.0.0.1:8800 --data ./data\n"
    "  cloudfolio search sample-dev how are firmware updates verified --data ./data\n"
    "  cloudfolio serve --data ./data --listen 127.0.0.1:7071\n"
    "\n"
    "Exit codes: 0 done; 1 failed; 2 wrong usage or configuration; 3 not found; 4 not allowed "
    "(token);\n"
    "5 try again later (limit, network, another process holds the store); 6 stored data is "
    "damaged.";

// One subcommand with its examples below its options.
CLI::App* add(CLI::App& app, const char* name, const char* about, const std::string& examples) {
  CLI::App* command = app.add_subcommand(name, about);
  command->footer("Examples:\n" + examples);
  // Options of the program may stand behind the command's own.
  command->fallthrough();
  return command;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// Everything that CLI11 fills in; `chosen` is set by the callback of the command that was named.
struct Parsing {
  Arguments arguments;
  bool json = false;
  ServeCommand serve;
  SyncCommand sync;
  TrainCommand train;
  TrainingCommand training;
  SearchCommand search;
  std::vector<std::string> query_words;
  StatusCommand status;
  CacheCommand cache;
  CostsCommand costs;
  std::string cache_key;
  UsageCommand usage;
  QuotaCommand quota;
  std::string quota_amount;
  TenantCommand tenant;
  EncodeCommand encode;
  EvalCommand eval;
  ModelsCommand models;
  FlagsCommand flags;
  GithubSimCommand simulator;
  HealthCommand health;
  MigrateCommand migrate;
};

void add_program_options(CLI::App& app, Parsing& parsing) {
  app.add_option("--config", parsing.arguments.config_file,
                 "Configuration file (docs/operating/configuration.md)")
      ->type_name("FILE");
  app.add_option("--data", parsing.arguments.data, "Folder of the embedded store")
      ->type_name("DIR");
  app.add_option("--github-url", parsing.arguments.github_url,
                 "GitHub's REST address; a simulator's or an Enterprise server's works too")
      ->type_name("URL");
  app.add_option("--log-level", parsing.arguments.log_level, "debug, info, warn, error or off")
      ->type_name("LEVEL");
  app.add_flag("--json", parsing.json, "Print one JSON object (JSON lines for encode)");
}

void add_portfolio_commands(CLI::App& app, Parsing& parsing) {
  CLI::App* sync = add(app, "sync", "Mirror a login's repositories into the cache",
                       "  cloudfolio sync octocat\n  cloudfolio sync octocat --force --json");
  sync->add_option("login", parsing.sync.login, "GitHub login")->required();
  sync->add_flag("--force", parsing.sync.force, "Fetch every repository again");
  sync->callback([&parsing] { parsing.arguments.command = parsing.sync; });

  CLI::App* train =
      add(app, "train", "Fine-tune the model on a synced portfolio",
          "  cloudfolio train octocat\n  cloudfolio train octocat --max-steps 20 --json");
  train->add_option("login", parsing.train.login, "GitHub login")->required();
  train->add_option("--max-steps", parsing.train.steps_max, "Stop after so many optimiser steps")
      ->check(CLI::PositiveNumber);
  train->add_option("--max-tokens", parsing.train.tokens_max, "Train on at most so many tokens")
      ->check(CLI::PositiveNumber);
  train->callback([&parsing] { parsing.arguments.command = parsing.train; });

  CLI::App* search = add(app, "search", "Search a portfolio",
                         "  cloudfolio search octocat retry with backoff\n"
                         "  cloudfolio search octocat 'lang:go topic:cli config files' --explain");
  search->add_option("login", parsing.search.login, "GitHub login")->required();
  search
      ->add_option("query", parsing.query_words, "Words; repo: lang: topic: file: -word \"exact\"")
      ->required();
  search->add_option("--limit", parsing.search.limit, "Results at most")->check(CLI::Range(1, 100));
  search->add_option("--hits", parsing.search.hits_per_repository, "Passages a repository at most")
      ->check(CLI::Range(1, 20));
  search->add_flag("--private", parsing.search.with_private,
                   "Search the private repositories of the token's account too");
  search->add_flag("--explain", parsing.search.explain, "Say how each score came about");
  search->callback([&parsing] {
    parsing.search.query = joined(parsing.query_words);
    parsing.arguments.command = parsing.search;
  });

  CLI::App* status = add(app, "status", "Show what is known of a portfolio and what runs for it",
                         "  cloudfolio status octocat");
  status->add_option("login", parsing.status.login, "GitHub login")->required();
  status->callback([&parsing] { parsing.arguments.command = parsing.status; });
}

void add_eval_command(CLI::App& app, Parsing& parsing) {
  CLI::App* eval =
      add(app, "eval", "Measure how well a portfolio's questions are answered",
          "  cloudfolio eval octocat\n"
          "  cloudfolio eval sample-dev --queries samples/query-sets/passages.json --json\n"
          "  cloudfolio eval octocat --write held-out.json");
  eval->add_option("login", parsing.eval.login, "GitHub login")->required();
  eval->add_option("--queries", parsing.eval.queries,
                   "A query set (docs/formats/query-set.md); without it, the headings that "
                   "training holds out")
      ->type_name("FILE");
  eval->add_option("--write", parsing.eval.write, "Write the query set instead of measuring")
      ->type_name("FILE");
  eval->add_option("--seed", parsing.eval.seed, "Of the intervals");
  eval->add_option("--split-seed", parsing.eval.split_seed,
                   "Which headings are held out; training uses 42");
  eval->callback([&parsing] { parsing.arguments.command = parsing.eval; });
}

void add_models_command(CLI::App& app, Parsing& parsing) {
  CLI::App* models = add(app, "models", "Show the models that were trained, and how well they do",
                         "  cloudfolio models octocat\n"
                         "  cloudfolio models octocat --plot curve.svg --json");
  models->add_option("login", parsing.models.login, "GitHub login")->required();
  models->add_option("--plot", parsing.models.plot, "Write a training's curve as SVG")
      ->type_name("FILE");
  models->add_option("--model", parsing.models.model,
                     "Whose curve: the beginning of a fingerprint; without it, the newest");
  models->callback([&parsing] { parsing.arguments.command = parsing.models; });
}

void add_training_command(CLI::App& app, Parsing& parsing) {
  CLI::App* training = add(app, "training", "Look at trainings and their workers, or end one",
                           "  cloudfolio training ls octocat\n"
                           "  cloudfolio training show train:octocat:9f2c\n"
                           "  cloudfolio training run octocat\n"
                           "  cloudfolio training cancel train:octocat:9f2c\n"
                           "  cloudfolio training retry train:octocat:9f2c\n"
                           "  cloudfolio training logs train:octocat:9f2c");
  training->require_subcommand(1);
  using Verb = TrainingCommand::Verb;
  const auto add_verb = [training, &parsing](const char* name, const char* about, Verb which) {
    CLI::App* verb = training->add_subcommand(name, about)->fallthrough();
    verb->callback([&parsing, which] {
      parsing.training.verb = which;
      parsing.arguments.command = parsing.training;
    });
    return verb;
  };
  add_verb("ls", "List trainings, workers, and messages that were put aside", Verb::ls)
      ->add_option("login", parsing.training.login, "Only this tenant's");
  add_verb("run", "Train on what is published now, and wait for it", Verb::run)
      ->add_option("login", parsing.training.login, "GitHub login")
      ->required();
  const std::tuple<const char*, const char*, Verb> of_one[] = {
      {"show", "One training, and the end of its log", Verb::show},
      {"cancel", "End one; its worker stops after its present step", Verb::cancel},
      {"retry", "Begin one that has ended once more", Verb::retry},
      {"logs", "What its workers wrote, whole", Verb::logs}};
  for (const auto& [name, about, which] : of_one)
    add_verb(name, about, which)
        ->add_option("instance", parsing.training.instance, "As training ls names it")
        ->required();
}

void add_cache_command(CLI::App& app, Parsing& parsing) {
  CLI::App* cache = add(app, "cache", "Look at the cache's entries, or remove some",
                        "  cloudfolio cache ls octocat\n"
                        "  cloudfolio cache show repos_bundle_context_octocat\n"
                        "  cloudfolio cache rm repos_bundle_context_octocat");
  cache->require_subcommand(1);
  const auto chosen = [&parsing](CacheCommand::Verb verb) {
    return [&parsing, verb] {
      parsing.cache.verb = verb;
      if (verb == CacheCommand::Verb::show) parsing.cache.keys = {parsing.cache_key};
      parsing.arguments.command = parsing.cache;
    };
  };
  CLI::App* list = cache->add_subcommand("ls", "List entries")->fallthrough();
  list->add_option("login", parsing.cache.login, "Only this tenant's");
  list->callback(chosen(CacheCommand::Verb::ls));
  CLI::App* show = cache->add_subcommand("show", "Print one entry")->fallthrough();
  show->add_option("key", parsing.cache_key, "Its key")->required();
  show->callback(chosen(CacheCommand::Verb::show));
  CLI::App* adopt =
      cache->add_subcommand("adopt", "Take over what only the old versions have of a login")
          ->fallthrough();
  adopt->add_option("login", parsing.cache.login, "In the spelling that they know")->required();
  adopt->callback(chosen(CacheCommand::Verb::adopt));
  CLI::App* remove = cache->add_subcommand("rm", "Remove entries")->fallthrough();
  remove->add_option("key", parsing.cache.keys, "Their keys")->required();
  remove->callback(chosen(CacheCommand::Verb::rm));
}

void add_tenant_commands(CLI::App& app, Parsing& parsing) {
  CLI::App* usage = add(app, "usage", "Show what tenants used of their quotas",
                        "  cloudfolio usage octocat\n  cloudfolio usage --verify --json");
  usage->add_option("login", parsing.usage.login, "Only this tenant's");
  usage->add_flag("--verify", parsing.usage.verify,
                  "Compare every total with its raw events and with what is stored");
  usage->callback([&parsing] { parsing.arguments.command = parsing.usage; });

  CLI::App* quota = add(app, "quota", "Grant a tenant more or less than the default",
                        "  cloudfolio quota set octocat orchestrations 100\n"
                        "  cloudfolio quota set octocat orchestrations default");
  quota->require_subcommand(1);
  CLI::App* set = quota->add_subcommand("set", "Set one quota of a tenant")->fallthrough();
  set->add_option("login", parsing.quota.login, "GitHub login")->required();
  set->add_option("meter", parsing.quota.meter, "What is limited")
      ->required()
      ->check(CLI::IsMember({"storage_bytes", "orchestrations", "trainings", "github_calls"}));
  set->add_option("amount", parsing.quota_amount, "A number (0: no limit), or 'default'")
      ->required()
      ->check(CLI::NonNegativeNumber | CLI::IsMember({"default"}));
  set->callback([&parsing] {
    if (parsing.quota_amount != "default") parsing.quota.amount = std::stol(parsing.quota_amount);
    parsing.arguments.command = parsing.quota;
  });

  CLI::App* tenant = add(app, "tenant", "A tenant's settings, and the deletion of its data",
                         "  cloudfolio tenant settings octocat --include-private on\n"
                         "  cloudfolio tenant delete octocat\n"
                         "  cloudfolio tenant delete octocat --json > receipt.json");
  tenant->require_subcommand(1);
  CLI::App* remove =
      tenant->add_subcommand("delete", "Delete everything kept of a tenant, and print a receipt")
          ->fallthrough();
  remove->add_option("login", parsing.tenant.login, "GitHub login")->required();
  remove->callback([&parsing] { parsing.arguments.command = parsing.tenant; });
  CLI::App* settings =
      tenant->add_subcommand("settings", "Show a tenant's settings, or change one")->fallthrough();
  settings->add_option("login", parsing.tenant.login, "GitHub login")->required();
  settings
      ->add_option("--include-private", parsing.tenant.include_private,
                   "Whether private text trains the tenant's own private model")
      ->check(CLI::IsMember({"on", "off"}));
  settings->callback([&parsing] {
    parsing.tenant.verb = TenantCommand::Verb::settings;
    parsing.arguments.command = parsing.tenant;
  });
}

void add_costs_command(CLI::App& app, Parsing& parsing) {
  CLI::App* costs = add(app, "costs", "Show what was used and what it cost, by tenant and day",
                        "  cloudfolio costs\n  cloudfolio costs octocat --since 2026-01-31 --json");
  costs->add_option("login", parsing.costs.login, "Only this tenant's");
  costs->add_option("--since", parsing.costs.since, "From this day on (the last 30 days)")
      ->type_name("DAY");
  costs->callback([&parsing] { parsing.arguments.command = parsing.costs; });
}

void add_flags_command(CLI::App& app, Parsing& parsing) {
  CLI::App* flags = add(
      app, "flags", "Show the feature flags, or change one while everything runs",
      "  cloudfolio flags\n"
      "  cloudfolio flags set ENABLE_GRAPHQL_BATCH_FETCH 25% --reason 'a quarter first'\n"
      "  cloudfolio flags set ENABLE_GRAPHQL_BATCH_FETCH off --tenant octocat --reason 'bad data'\n"
      "  cloudfolio flags history ENABLE_GRAPHQL_BATCH_FETCH\n"
      "  cloudfolio flags rearm ENABLE_GRAPHQL_BATCH_FETCH --reason 'mended in 1.2'");
  flags->require_subcommand(0, 1);
  const auto chosen = [&parsing](FlagsCommand::Verb verb) {
    return [&parsing, verb] {
      parsing.flags.verb = verb;
      parsing.arguments.command = parsing.flags;
    };
  };
  const auto author = [&parsing](CLI::App* command) {
    command->add_option("--reason", parsing.flags.reason, "Why; kept in the audit")->required();
    command->add_option("--by", parsing.flags.by, "Who; the user that runs this where not given");
  };
  flags->add_subcommand("ls", "List the flags")->fallthrough();
  CLI::App* set = flags->add_subcommand("set", "Change one flag")->fallthrough();
  set->add_option("flag", parsing.flags.flag, "Its name")->required();
  set->add_option("value", parsing.flags.value, "on, off, default, or a share such as 25%")
      ->required();
  set->add_option("--tenant", parsing.flags.tenant, "Only this login's value");
  author(set);
  CLI::App* history = flags->add_subcommand("history", "Who changed what, and why")->fallthrough();
  history->add_option("flag", parsing.flags.flag, "Only this one's");
  CLI::App* rearm =
      flags->add_subcommand("rearm", "Let the guard act again after it turned a flag back")
          ->fallthrough();
  rearm->add_option("flag", parsing.flags.flag, "Its name")->required();
  author(rearm);
  flags->callback([chosen, set, history, rearm] {
    chosen(set->parsed()       ? FlagsCommand::Verb::set
           : history->parsed() ? FlagsCommand::Verb::history
           : rearm->parsed()   ? FlagsCommand::Verb::rearm
                               : FlagsCommand::Verb::ls)();
  });
}

void add_service_commands(CLI::App& app, Parsing& parsing) {
  CLI::App* serve =
      add(app, "serve", "Run every service on this machine until told to stop",
          "  cloudfolio serve --data ./data\n  cloudfolio serve --listen 127.0.0.1:0\n"
          "  cloudfolio serve --data ./data --take-over");
  serve->add_option("--listen", parsing.serve.listen, "HOST:PORT; port 0 picks a free one");
  serve->add_option("--role", parsing.serve.roles,
                    "gateway, orchestrator, sync, trainer, joined by commas; without it, all");
  serve->add_flag("--take-over", parsing.serve.take_over,
                  "Replace the process that serves this data folder, without a failed request");
  serve->add_flag("--once", parsing.serve.once,
                  "With --role trainer: wait for one training, do it and end");
  serve->add_flag("--check-config", parsing.serve.check_config,
                  "Only say what would run; opens and starts nothing");
  serve->callback([&parsing] { parsing.arguments.command = parsing.serve; });

  CLI::App* encode = add(app, "encode", "Turn texts from standard input, one a line, into vectors",
                         "  echo 'a parser for TOML' | cloudfolio encode --json");
  encode->add_option("--model", parsing.encode.model, "A sentence-transformers folder or zip")
      ->type_name("FILE");
  encode->callback([&parsing] { parsing.arguments.command = parsing.encode; });

  CLI::App* simulator =
      add(app, "github-sim", "Serve a folder of repositories as GitHub would",
          "  cloudfolio github-sim --corpus samples/portfolio --listen 127.0.0.1:0\n"
          "  cloudfolio github-sim --corpus samples/portfolio --latency-ms 150 "
          "--fault secondary_limit");
  simulator->add_option("--corpus", parsing.simulator.corpus, "Folder of OWNER/REPOSITORY.json")
      ->type_name("DIR");
  simulator->add_option("--listen", parsing.simulator.listen, "HOST:PORT; port 0 picks a free one");
  simulator->add_option("--latency-ms", parsing.simulator.latency_ms, "Added to every answer")
      ->check(CLI::Range(0L, 60'000L));
  simulator->add_option("--fault", parsing.simulator.faults, "A fault by name; may be repeated")
      ->type_name("NAME");
  simulator
      ->add_option("--token", parsing.simulator.tokens,
                   "A token and whose it is; LOGIN:public sees no private repositories; may be "
                   "repeated. Without one any token is the first owner's")
      ->type_name("TOKEN=LOGIN");
  simulator->add_option("--tls-certificate", parsing.simulator.tls_certificate,
                        "PEM file: serve HTTPS");
  simulator->add_option("--tls-key", parsing.simulator.tls_key,
                        "PEM file of the certificate's key");
  simulator->add_flag("--list-faults", parsing.simulator.list_faults, "Print the faults' names");
  simulator->callback([&parsing] { parsing.arguments.command = parsing.simulator; });

  CLI::App* health =
      add(app, "health", "Ask a server whether it is ready; the exit code is the answer",
          "  cloudfolio health --data ./data\n  cloudfolio health --url http://127.0.0.1:7071");
  health->add_option("--url", parsing.health.url, "Its address; without it, the data folder's");
  health->callback([&parsing] { parsing.arguments.command = parsing.health; });

  add(app, "version", "Print the version", "  cloudfolio version --json")->callback([&parsing] {
    parsing.arguments.command = VersionCommand{};
  });
}

void add_migrate_options(CLI::App& verb, MigrateCommand& command) {
  verb.add_option("--from", command.from, "The store to copy from")->required()->type_name("STORE");
  verb.add_option("--to", command.to, "The store to copy to")->required()->type_name("STORE");
  verb.add_option("--journal", command.journal, "Folder that remembers what was written")
      ->type_name("DIR");
  verb.add_option("--container", command.containers, "A container of blobs; may be repeated")
      ->type_name("NAME");
  verb.add_option("--table", command.tables, "A table; may be repeated")->type_name("NAME");
  verb.add_option("--at-once", command.at_once, "Copies under way at once")
      ->check(CLI::Range(1L, 256L));
  verb.add_option("--memory-mib", command.memory_mib, "Contents in memory at once")
      ->check(CLI::Range(1L, 65'536L));
  verb.add_option("--rate-mib", command.rate_mib_per_second, "MiB a second at most")
      ->check(CLI::PositiveNumber);
  verb.add_option("--rate", command.rate_per_second, "Entries a second at most")
      ->check(CLI::PositiveNumber);
}

void add_migrate_command(CLI::App& app, Parsing& parsing) {
  CLI::App* migrate =
      add(app, "migrate", "Copy a store's entries to another store while both serve",
          "  cloudfolio migrate plan --from embedded:./data --to embedded:/mnt/data\n"
          "  cloudfolio migrate run --from embedded:./data --to embedded:/mnt/data --rate-mib 20\n"
          "  cloudfolio migrate verify --from embedded:./data --to embedded:/mnt/data\n"
          "  cloudfolio migrate rollback --from embedded:./data --to embedded:/mnt/data");
  migrate->require_subcommand(1);
  using Verb = MigrateCommand::Verb;
  const auto add_verb = [&](const char* name, const char* about, Verb which) {
    CLI::App* verb = migrate->add_subcommand(name, about)->fallthrough();
    add_migrate_options(*verb, parsing.migrate);
    verb->callback([&parsing, which] {
      parsing.migrate.verb = which;
      parsing.arguments.command = parsing.migrate;
    });
    return verb;
  };
  add_verb("plan", "Count what run would do; writes nothing", Verb::plan);
  add_verb("run", "Copy; run again to go on and to follow changes", Verb::run)
      ->add_flag("--replace", parsing.migrate.replace,
                 "Where both sides differ the source wins, with a backup");
  add_verb("verify", "Compare both sides by content", Verb::verify);
  add_verb("rollback", "Take back what run wrote", Verb::rollback);
}

}  // namespace

std::variant<Arguments, Printed> parse_arguments(int argc, const char* const* argv) {
  Parsing parsing;
  CLI::App app(kAbout, "cloudfolio");
  app.footer(kExamples);
  app.require_subcommand(1);
  add_program_options(app, parsing);
  add_service_commands(app, parsing);
  add_flags_command(app, parsing);
  add_portfolio_commands(app, parsing);
  add_training_command(app, parsing);
  add_tenant_commands(app, parsing);
  add_cache_command(app, parsing);
  add_eval_command(app, parsing);
  add_models_command(app, parsing);
  add_costs_command(app, parsing);
  add_migrate_command(app, parsing);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& stop) {
    std::ostringstream out, errors;
    const int code = app.exit(stop, out, errors);
    if (code == 0) return Printed{out.str(), 0};
    return Printed{"cloudfolio: " + errors.str(), 2};
  }
  parsing.arguments.output = parsing.json ? Output::json : Output::text;
  return std::move(parsing.arguments);
}

}  // namespace cloudfolio::main

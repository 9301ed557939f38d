#include "main/arguments.h"

#include <gtest/gtest.h>

#include <sstream>

namespace cloudfolio::main {
namespace {

std::variant<Arguments, Printed> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "cloudfolio");
  return parse_arguments(static_cast<int>(words.size()), words.data());
}

template <class Wanted>
Wanted command(std::vector<const char*> words) {
  const auto parsed = parse(std::move(words));
  if (const auto* printed = std::get_if<Printed>(&parsed)) {
    ADD_FAILURE() << printed->text;
    return {};
  }
  return std::get<Wanted>(std::get<Arguments>(parsed).command);
}

Printed printed(std::vector<const char*> words) {
  const auto parsed = parse(std::move(words));
  if (!std::holds_alternative<Printed>(parsed)) {
    ADD_FAILURE() << "was accepted";
    return {};
  }
  return std::get<Printed>(parsed);
}

TEST(Arguments, the_words_of_a_query_are_one_query) {
  const auto search = command<SearchCommand>({"search", "octocat", "retry", "with", "backoff"});
  EXPECT_EQ(search.login, "octocat");
  EXPECT_EQ(search.query, "retry with backoff");
}

TEST(Arguments, options_of_the_program_may_stand_behind_the_command) {
  const auto parsed =
      parse({"sync", "octocat", "--force", "--data", "d", "--json", "--github-url", "u"});
  const auto& arguments = std::get<Arguments>(parsed);
  EXPECT_EQ(arguments.data, "d");
  EXPECT_EQ(arguments.github_url, "u");
  EXPECT_EQ(arguments.output, Output::json);
  EXPECT_TRUE(std::get<SyncCommand>(arguments.command).force);
}

TEST(Arguments, faults_of_the_simulator_add_up) {
  const auto simulator =
      command<GithubSimCommand>({"github-sim", "--corpus", "c", "--listen", "127.0.0.1:0",
                                 "--latency-ms", "150", "--fault", "a", "--fault", "b=2"});
  EXPECT_EQ(simulator.faults, (std::vector<std::string>{"a", "b=2"}));
  EXPECT_EQ(simulator.latency_ms, 150);
}

TEST(Arguments, eval_measures_what_is_held_out_unless_a_set_is_named) {
  EXPECT_EQ(command<EvalCommand>({"eval", "octocat"}).queries, "");
  EXPECT_EQ(command<EvalCommand>({"eval", "octocat", "--queries", "q.json"}).queries, "q.json");
  EXPECT_EQ(command<EvalCommand>({"eval", "octocat", "--split-seed", "7"}).split_seed, 7U);
}

TEST(Arguments, cache_has_three_verbs) {
  EXPECT_EQ(command<CacheCommand>({"cache", "ls", "octocat"}).login, "octocat");
  EXPECT_EQ(command<CacheCommand>({"cache", "show", "k"}).keys, std::vector<std::string>{"k"});
  EXPECT_EQ(command<CacheCommand>({"cache", "rm", "a", "b"}).keys,
            (std::vector<std::string>{"a", "b"}));
}

TEST(Arguments, costs_are_of_all_or_of_one_from_a_day_on) {
  EXPECT_EQ(command<CostsCommand>({"costs"}).login, "");
  const auto one = command<CostsCommand>({"costs", "octocat", "--since", "2026-01-31"});
  EXPECT_EQ(one.login, "octocat");
  EXPECT_EQ(one.since, "2026-01-31");
}

TEST(Arguments, flags_are_listed_unless_something_else_is_asked) {
  EXPECT_EQ(command<FlagsCommand>({"flags"}).verb, FlagsCommand::Verb::ls);
  EXPECT_EQ(command<FlagsCommand>({"flags", "ls"}).verb, FlagsCommand::Verb::ls);
  const auto set = command<FlagsCommand>(
      {"flags", "set", "ENABLE_X", "25%", "--tenant", "octocat", "--reason", "why", "--json"});
  EXPECT_EQ(set.verb, FlagsCommand::Verb::set);
  EXPECT_EQ(set.flag, "ENABLE_X");
  EXPECT_EQ(set.value, "25%");
  EXPECT_EQ(set.tenant, "octocat");
  EXPECT_EQ(set.reason, "why");
  EXPECT_EQ(command<FlagsCommand>({"flags", "history"}).verb, FlagsCommand::Verb::history);
  EXPECT_EQ(command<FlagsCommand>({"flags", "rearm", "ENABLE_X", "--reason", "why"}).verb,
            FlagsCommand::Verb::rearm);
}

TEST(Arguments, wrong_usage_says_what_is_wrong_and_leaves_with_2) {
  EXPECT_EQ(printed({"sync"}).exit_code, 2);
  EXPECT_NE(printed({"sync"}).text.find("login is required"), std::string::npos);
  EXPECT_EQ(printed({"search", "octocat", "x", "--limit", "0"}).exit_code, 2);
  EXPECT_EQ(printed({"fly"}).exit_code, 2);
  EXPECT_EQ(printed({}).exit_code, 2);
}

TEST(Arguments, help_of_every_command_has_examples_that_parse) {
  for (const char* name : {"serve", "sync", "train", "search", "status", "cache", "costs", "encode",
                           "flags", "github-sim", "migrate", "version"}) {
    const Printed help = printed({name, "--help"});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_NE(help.text.find("Examples:\n  "), std::string::npos) << help.text;
  }
}

}  // namespace
}  // namespace cloudfolio::main

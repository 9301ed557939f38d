// The program: reads the command line, the environment and the configuration file, runs one
// command.

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "json/json.h"
#include "main/arguments.h"
#include "main/commands.h"
#include "main/exit_code.h"

namespace cloudfolio::main {
namespace {

// The only place where the environment is read.
std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

std::string default_base_model() {
  const std::string cache =
      environment("XDG_CACHE_HOME").value_or(environment("HOME").value_or(".") + "/.cache");
  return cache + "/cloudfolio/models/all-MiniLM-L6-v2";
}

Status apply_named_file(roles::Config& config, const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    return Error(Code::invalid_argument, "cannot read the configuration file '" + path + "'");
  }
  std::stringstream text;
  text << file.rdbuf();
  Status applied = roles::apply_file(config, text.str());
  if (!applied) return std::move(applied).error().while_doing(path);
  return Done{};
}

Result<roles::Config> configure(const Arguments& arguments) {
  roles::Config config;
  config.encoder_model = default_base_model();
  const std::string file = arguments.config_file.empty()
                               ? environment("CLOUDFOLIO_CONFIG").value_or("")
                               : arguments.config_file;
  if (!file.empty()) CF_CHECK(apply_named_file(config, file));
  CF_CHECK(roles::apply_environment(config, environment));
  if (!arguments.data.empty()) config.data = arguments.data;
  if (!arguments.github_url.empty()) config.github_api_url = arguments.github_url;
  if (!arguments.log_level.empty()) config.log_level = arguments.log_level;
  CF_CHECK(roles::validate(config));
  return config;
}

// An empty message: the command printed an answer that says what is wrong.
int report(const Error& error, Output output) {
  if (error.message().empty()) return exit_code(error.code());
  if (output == Output::json) {
    const json::Value answer = {
        {"error", {{"code", to_string(error.code())}, {"message", error.message()}}}};
    std::printf("%s\n", json::write(answer).c_str());
  }
  std::fprintf(stderr, "cloudfolio: %s\n", error.message().c_str());
  return exit_code(error.code());
}

// This program again, told where the store is: a worker has no use for GitHub's token.
roles::WorkerProgram worker_program(const Arguments& arguments) {
  roles::WorkerProgram program;
  std::error_code failed;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", failed);
  program.command = {self.string(), "serve", "--role", "trainer", "--once"};
  const auto add = [&program](const char* option, const std::string& value) {
    if (!value.empty()) program.command.insert(program.command.end(), {option, value});
  };
  add("--config", arguments.config_file);
  add("--data", arguments.data);
  add("--log-level", arguments.log_level);
  for (char** one = environ; *one != nullptr; ++one) {
    if (!std::string_view(*one).starts_with("GITHUB_TOKEN="))
      program.environment.emplace_back(*one);
  }
  return program;
}

std::optional<std::uint64_t> worker_generation() {
  const auto text = environment("CLOUDFOLIO_WORKER_GENERATION");
  if (!text) return std::nullopt;
  return std::strtoull(text->c_str(), nullptr, 10);
}

int run(const Arguments& arguments) {
  auto config = configure(arguments);
  if (!config) return report(config.error(), arguments.output);
  const SystemClock clock;
  const Invocation invocation{*std::move(config), arguments.output,          clock,
                              environment,        worker_program(arguments), worker_generation()};
  const Status done =
      std::visit([&invocation](const auto& command) { return run_command(invocation, command); },
                 arguments.command);
  if (!done) return report(done.error(), arguments.output);
  return kExitDone;
}

}  // namespace
}  // namespace cloudfolio::main

int main(int argc, char** argv) {
  using namespace cloudfolio::main;
  // A full file and a closed pipe are errors of one write, not the end of the process.
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  const auto parsed = parse_arguments(argc, argv);
  if (const auto* printed = std::get_if<Printed>(&parsed)) {
    std::fputs(printed->text.c_str(), printed->exit_code == 0 ? stdout : stderr);
    return printed->exit_code;
  }
  return run(std::get<Arguments>(parsed));
}

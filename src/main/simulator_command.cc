#include <cstdio>

#include "http/url.h"
#include "json/json.h"
#include "main/commands.h"
#include "roles/listen.h"
#include "runtime/shutdown.h"
#include "simulator/simulator.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cloudfolio::main {
namespace {

void list_faults(Output output) {
  const auto names = simulator::Simulator::fault_names();
  if (output == Output::json) {
    json::Array list;
    for (const std::string& name : names) list.emplace_back(name);
    const json::Value answer = {{"faults", std::move(list)}};
    std::printf("%s\n", json::write(answer).c_str());
    return;
  }
  for (const std::string& name : names) std::printf("%s\n", name.c_str());
}

}  // namespace

Status run_command(const Invocation& invocation, const GithubSimCommand& command) {
  if (command.list_faults) {
    list_faults(invocation.output);
    return Done{};
  }
  if (command.corpus.empty()) {
    return Error(Code::invalid_argument,
                 "--corpus DIR is missing; samples/portfolio is a folder that fits");
  }
  CF_TRY(const auto shutdown, runtime::Shutdown::open());
  CF_TRY(const roles::Listen listen, roles::parse_listen(command.listen));
  const auto sink = telemetry::make_stderr_sink();
  telemetry::Log log(*sink, invocation.clock, telemetry::Level::warn);
  telemetry::MetricRegistry metrics;
  SharedRandom random(Random::from_system());
  simulator::Options options;
  options.corpus = command.corpus;
  options.address = listen.address;
  options.port = listen.port;
  options.certificate_chain_file = command.tls_certificate;
  options.private_key_file = command.tls_key;
  options.latency = std::chrono::milliseconds(command.latency_ms);
  options.faults = command.faults;
  for (const std::string& token : command.tokens) {
    const auto at = token.find('=');
    if (at == std::string::npos || at == 0 || at + 1 == token.size())
      return Error(Code::invalid_argument, "--token wants TOKEN=LOGIN");
    options.tokens[token.substr(0, at)] = token.substr(at + 1);
  }
  CF_TRY(const auto simulator,
         simulator::Simulator::open(std::move(options), invocation.clock, random, log, metrics));
  std::string owners;
  for (const std::string& owner : simulator->owners()) {
    owners += (owners.empty() ? "" : " ") + owner;
  }
  std::printf("GitHub simulator at %s with %zu repositories of %s\n", simulator->origin().c_str(),
              simulator->repositories_count(), owners.c_str());
  std::fflush(stdout);
  shutdown->wait();
  return Done{};
}

}  // namespace cloudfolio::main

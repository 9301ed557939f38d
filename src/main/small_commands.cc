#include <cstdio>

#include "json/json.h"
#include "main/commands.h"

#ifndef CLOUDFOLIO_VERSION
#error "the build says the version"
#endif

namespace cloudfolio::main {

Status run_command(const Invocation& invocation, const VersionCommand&) {
  if (invocation.output == Output::json) {
    std::printf("{\"version\":\"%s\"}\n", CLOUDFOLIO_VERSION);
  } else {
    std::printf("cloudfolio %s\n", CLOUDFOLIO_VERSION);
  }
  return Done{};
}

Status run_command(const Invocation& invocation, const FlagsCommand&) {
  const auto flags = roles::flags(invocation.config);
  if (invocation.output == Output::json) {
    json::Array list;
    for (const roles::FlagValue& flag : flags) {
      list.push_back({{"name", flag.name},
                      {"value", flag.value},
                      {"source", flag.source},
                      {"about", flag.about}});
    }
    const json::Value answer = {{"flags", std::move(list)}};
    std::printf("%s\n", json::write(answer).c_str());
    return Done{};
  }
  for (const roles::FlagValue& flag : flags) {
    std::printf("%-28s %-4s %-36s %s\n", flag.name.c_str(), flag.value ? "on" : "off",
                ("(" + flag.source + ")").c_str(), flag.about.c_str());
  }
  return Done{};
}

}  // namespace cloudfolio::main

#include <cstdio>

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

}  // namespace cloudfolio::main

#include "flags/definition.h"

#include <array>

namespace cloudfolio::flags {
namespace {

constexpr std::array kDefinitions{
    Definition{kAsyncModelTraining, true, false,
               "Train in a run of its own; off: the refresh waits for the training"},
    Definition{kGraphqlBatchFetch, true, false,
               "Fetch repositories in GraphQL batches; off: one REST call at a time"},
    Definition{kQuotaEnforcement, false, false,
               "Answer 429 where a quota is used up; off: warn only", WhenStale::take_the_default},
    Definition{kNewGateway, false, false,
               "Answer a tenant here; off: the old app at gateway.upstream does"},
    Definition{kShadow, false, false,
               "Ask gateway.upstream and this program what one of both answers, and compare"},
};

}  // namespace

std::span<const Definition> definitions() {
  return kDefinitions;
}

const Definition* find_definition(std::string_view name) {
  for (const Definition& definition : kDefinitions) {
    if (definition.name == name) return &definition;
  }
  return nullptr;
}

Result<const Definition*> get_definition(std::string_view name) {
  if (const Definition* found = find_definition(name)) return found;
  std::string known;
  for (const Definition& definition : kDefinitions) {
    known += (known.empty() ? "" : ", ") + std::string(definition.name);
  }
  return Error(Code::invalid_argument,
               "no flag '" + std::string(name.substr(0, 100)) + "'; there are: " + known);
}

}  // namespace cloudfolio::flags

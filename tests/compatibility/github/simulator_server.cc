// simulator_server CORPUS: serves a corpus on a free port of 127.0.0.1, prints the address, and
// ends when standard input does. simulator_server --documents: prints what the client asks and what
// the simulator claims to serve, as JSON {"documents": [{"name", "text"}…], "schema": "…"}.

#include <cstdio>
#include <iostream>
#include <string>

#include "github/queries.h"
#include "json/json.h"
#include "simulator/graph_schema.h"
#include "simulator/simulator.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace {

using namespace cloudfolio;

int print_documents() {
  const std::vector<github::FollowUpRepository> both{{"R_1", {"a", "b"}, {"c"}},
                                                     {"R_2", {}, {"d"}}};
  const std::vector<github::FollowUpRepository> trees{{"R_1", {"a"}, {}}};
  const std::vector<github::FollowUpRepository> blobs{{"R_1", {}, {"a"}}};
  json::Array documents;
  const auto add = [&](const std::string& name, const std::string& text) {
    documents.push_back(json::Object{{"name", name}, {"text", text}});
  };
  add("list", github::list_query());
  add("detail", github::detail_query());
  add("follow_up of trees and blobs", github::follow_up_query(both));
  add("follow_up of trees", github::follow_up_query(trees));
  add("follow_up of blobs", github::follow_up_query(blobs));
  std::cout << json::write(json::Object{{"documents", std::move(documents)},
                                        {"schema", json::String(simulator::graph_schema_text())}})
            << '\n';
  return 0;
}

int serve(const std::string& corpus) {
  SystemClock clock;
  SharedRandom random{Random::from_system()};
  const auto sink = telemetry::make_stderr_sink();
  telemetry::Log log(*sink, clock, telemetry::Level::warn);
  telemetry::MetricRegistry metrics;
  simulator::Options options;
  options.corpus = corpus;
  auto opened = simulator::Simulator::open(options, clock, random, log, metrics);
  if (!opened) {
    std::cerr << opened.error().message() << '\n';
    return 1;
  }
  std::cout << (*opened)->origin() << std::endl;
  while (std::getchar() != EOF) {
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: simulator_server CORPUS | --documents\n";
    return 2;
  }
  const std::string argument = arguments[1];
  return argument == "--documents" ? print_documents() : serve(argument);
}

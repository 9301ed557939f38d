#pragma once
// A server on a free port of 127.0.0.1 with its own log and metrics, for tests.

#include <gtest/gtest.h>

#include <filesystem>

#include "http/client.h"
#include "http/server.h"

namespace cloudfolio::http {

class ServerFixture : public testing::Test {
 protected:
  ServerFixture();
  ~ServerFixture() override;

  void serve(Server::Options options, ServerHandler handler);
  std::uint16_t port() const { return server->port(); }
  std::string url(std::string_view path) const { return server->origin() + std::string(path); }
  Result<Response> get(std::string_view path);
  // The value of a metric line, by its beginning; -1 if there is none.
  double metric(std::string_view beginning) const;

  std::filesystem::path folder;  // Removed at the end.
  SystemClock clock;
  SharedRandom random{Random(1)};
  telemetry::MemoryLogSink sink;
  telemetry::Log log{sink, clock, telemetry::Level::debug};
  telemetry::MetricRegistry metrics;
  std::unique_ptr<Client> client;
  std::unique_ptr<Server> server;
};

}  // namespace cloudfolio::http

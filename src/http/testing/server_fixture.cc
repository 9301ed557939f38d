#include "http/testing/server_fixture.h"

#include <stdlib.h>

#include "base/ensure.h"

namespace cloudfolio::http {

ServerFixture::ServerFixture() {
  std::string made = testing::TempDir() + "http_XXXXXX";
  CF_ENSURE(mkdtemp(made.data()) != nullptr, made);
  folder = made;
  auto opened = open_client({}, clock);
  CF_ENSURE(opened.ok());
  client = *std::move(opened);
}

ServerFixture::~ServerFixture() {
  server.reset();
  std::filesystem::remove_all(folder);
}

void ServerFixture::serve(Server::Options options, ServerHandler handler) {
  auto opened = Server::open(std::move(options), std::move(handler), clock, random, log, metrics);
  CF_ENSURE(opened.ok(), opened ? "" : opened.error().message());
  server = *std::move(opened);
}

Result<Response> ServerFixture::get(std::string_view path) {
  ClientRequest request;
  request.url = url(path);
  return client->send({}, request);
}

double ServerFixture::metric(std::string_view beginning) const {
  const std::string text = "\n" + metrics.to_prometheus();
  const std::size_t at = text.find("\n" + std::string(beginning) + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + beginning.size() + 2));
}

}  // namespace cloudfolio::http

#include "storage/azure/testing/fault_proxy.h"

#include "base/ensure.h"
#include "http/url.h"

namespace cloudfolio::storage::azure {
namespace {

constexpr std::size_t kBodyBytesMax = 64 * kMiB;

http::Response made_up(const Fault& fault) {
  http::Response response;
  response.status = fault.status;
  if (!fault.code.empty()) response.headers.set("x-ms-error-code", fault.code);
  if (!fault.retry_after.empty()) response.headers.set("Retry-After", fault.retry_after);
  return response;
}

bool passes_on(std::string_view name) {
  for (const char* own :
       {"Host", "Content-Length", "Connection", "Transfer-Encoding", "Keep-Alive", "Expect"})
    if (http::same_name(name, own)) return false;
  return true;
}

}  // namespace

FaultProxy::Plan every(int n, Fault fault) {
  return [n, fault](const http::Request&, int number) { return number % n == 0 ? fault : Fault{}; };
}

FaultProxy::FaultProxy(const Account& account, Plan plan, Options options)
    : plan_(std::move(plan)), through_(account) {
  auto client = http::open_client({.idle_connections_max = 32}, clock_);
  CF_ENSURE(client.ok());
  client_ = *std::move(client);
  std::string* const urls[] = {&through_.blob_url, &through_.queue_url, &through_.table_url};
  for (int i = 0; i < 3; ++i) {
    const auto url = http::parse_url(*urls[i]);
    CF_ENSURE(url.ok(), *urls[i]);
    const std::string target = url->origin();
    http::Server::Options server;
    server.body_bytes_max = kBodyBytesMax;
    server.idle_timeout = options.idle_timeout;
    auto opened = http::Server::open(
        server, [this, target](http::Request& request) { return handle(target, request); }, clock_,
        random_, log_, metrics_);
    CF_ENSURE(opened.ok());
    servers_[i] = *std::move(opened);
    *urls[i] = servers_[i]->origin() + url->path;
  }
}

FaultProxy::~FaultProxy() {
  release();
}

void FaultProxy::set_plan(Plan plan) {
  const std::lock_guard lock(mutex_);
  plan_ = std::move(plan);
}

void FaultProxy::release() {
  {
    const std::lock_guard lock(mutex_);
    is_released_ = true;
  }
  released_.notify_all();
}

int FaultProxy::connection_count() const {
  const std::string name = "cloudfolio_http_connections ";
  const std::string text = metrics_.to_prometheus();
  const std::size_t at = text.find("\n" + name);
  return at == std::string::npos ? -1 : std::stoi(text.substr(at + 1 + name.size()));
}

http::Response FaultProxy::handle(const std::string& target, http::Request& request) {
  Plan plan;
  {
    const std::lock_guard lock(mutex_);
    plan = plan_;
  }
  const Fault fault = plan(request, ++count_);
  const http::Response broken{.status = http::kBrokenOff};
  switch (fault.kind) {
    case Fault::Kind::none:
      return forward(target, request);
    case Fault::Kind::answer:
      return made_up(fault);
    case Fault::Kind::no_answer:
      return broken;
    case Fault::Kind::lost_answer:
      (void)forward(target, request);
      return broken;
    case Fault::Kind::wrong_answer:
      (void)forward(target, request);
      return made_up(fault);
    case Fault::Kind::late_answer: {
      http::Response response = forward(target, request);
      std::unique_lock lock(mutex_);
      released_.wait(lock, [&] { return is_released_; });
      return response;
    }
  }
  return broken;
}

http::Response FaultProxy::forward(const std::string& target, const http::Request& request) {
  http::ClientRequest sent;
  sent.method = request.method;
  sent.url = target + request.target;
  for (const auto& [name, value] : request.headers)
    if (passes_on(name)) sent.headers.add(name, value);
  sent.body = request.body;
  sent.encoding = http::Encoding::raw;
  auto answer = client_->send({}, sent);
  if (!answer) return {.status = http::kBrokenOff};
  http::Response response;
  response.status = answer->status;
  response.body = std::move(answer->body);
  for (const auto& [name, value] : answer->headers)
    if (passes_on(name)) response.headers.add(name, value);
  return response;
}

}  // namespace cloudfolio::storage::azure

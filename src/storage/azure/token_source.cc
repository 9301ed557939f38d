#include "storage/azure/token_source.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <functional>
#include <sstream>

#include "http/url.h"
#include "json/json.h"
#include "storage/azure/backoff.h"
#include "storage/rules.h"

namespace cloudfolio::storage::azure {
namespace {

constexpr std::size_t kAnswerBytesMax = 256 * kKiB;
constexpr std::size_t kAssertionBytesMax = 64 * kKiB;
// A managed identity's endpoint is on the machine or next to it.
constexpr std::chrono::milliseconds kNearTimeout{5'000};
constexpr std::chrono::milliseconds kFarTimeout{30'000};
constexpr std::size_t kDetailBytesMax = 300;
// How often one who waits for another's fetch looks at its own deadline.
constexpr std::chrono::seconds kLookAgain{1};

// Seconds, which some endpoints write as text.
std::optional<std::int64_t> seconds_of(const json::Object& object, std::string_view name) {
  if (const auto number = json::find_int(object, name)) return number;
  const auto text = json::find_string(object, name).value_or("");
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<Token> token_from(std::string_view body, Clock::WallTime now) {
  const auto object = json::parse_object(body);
  const auto text = object ? json::find_string(*object, "access_token") : std::nullopt;
  if (!text || text->empty())
    return Error(Code::corrupt, "the answer of the identity endpoint holds no token");
  Token token{.text = Secret(std::string(*text)), .lifetime = {}};
  if (const auto length = seconds_of(*object, "expires_in")) {
    token.lifetime = std::chrono::seconds(*length);
  } else if (const auto end = seconds_of(*object, "expires_on")) {
    token.lifetime = std::chrono::seconds(*end) -
                     std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  }
  if (token.lifetime <= std::chrono::seconds(0))
    return Error(Code::corrupt, "the identity endpoint does not say how long its token is good");
  return token;
}

// "invalid_client: AADSTS700016: Application not found", without the trace ids that follow.
std::string detail_of(std::string_view body) {
  const auto object = json::parse_object(body);
  if (!object) return "";
  std::string detail(json::find_string(*object, "error").value_or(""));
  const std::string_view more = json::find_string(*object, "error_description").value_or("");
  if (!more.empty())
    detail += ": " + std::string(more.substr(0, std::min(more.find('\n'), kDetailBytesMax)));
  return detail;
}

Error refused(const http::Response& response, bool passing) {
  std::string message = "the identity endpoint answers " + std::to_string(response.status);
  if (const std::string detail = detail_of(response.body.view()); !detail.empty())
    message += " " + detail;
  return Error(passing ? Code::unavailable : Code::unauthenticated, message);
}

// Makes the request anew for each attempt.
using MakeRequest = std::function<Result<http::ClientRequest>()>;

class EndpointSource final : public TokenSource {
 public:
  EndpointSource(MakeRequest make, http::Client& http, const Clock& clock, TokenRetries retries)
      : make_(std::move(make)), http_(http), clock_(clock), retries_(retries) {}

  Result<Token> fetch(const Context& ctx) override {
    auto pause = retries_.pause_first;
    for (std::size_t count = 1, gone = 1;;) {
      CF_TRY(const http::ClientRequest request, make_());
      auto response = http_.send(ctx, request);
      if (!response && !response.error().retryable() &&
          response.error().code() != Code::deadline_exceeded)
        return std::move(response).error();
      if (response && response->status == 200)
        return token_from(response->body.view(), clock_.wall_time());
      const int status = response ? response->status : 0;
      const bool passing = status == 0 || status == 404 || status == 408 || status == 410 ||
                           status == 429 || status >= 500;
      Error problem = response ? refused(*response, passing) : std::move(response).error();
      const bool is_gone = status == 410;
      if (!passing || (is_gone && gone++ >= retries_.gone_attempts_max) ||
          (!is_gone && count++ >= retries_.attempts_max))
        return problem;
      CF_CHECK(wait(ctx, clock_, is_gone ? retries_.gone_pause : pause));
      if (!is_gone) pause *= 2;
    }
  }

 private:
  const MakeRequest make_;
  http::Client& http_;
  const Clock& clock_;
  const TokenRetries retries_;
};

http::ClientRequest near_request(std::string url, const EntraTokens& options, const char* version) {
  http::QueryParameters query = {{"api-version", version}, {"resource", options.resource}};
  if (!options.client_id.empty()) query.emplace_back("client_id", options.client_id);
  http::ClientRequest request;
  request.url = std::move(url) + "?" + http::build_query(query);
  request.response_bytes_max = kAnswerBytesMax;
  request.timeout = kNearTimeout;
  return request;
}

// App Service, Functions and Container Apps.
Result<http::ClientRequest> service_request(const EntraTokens& options) {
  auto request = near_request(options.identity_endpoint, options, "2019-08-01");
  request.headers.set("X-IDENTITY-HEADER", options.identity_header.reveal());
  return request;
}

// Virtual machines and container instances. `Metadata` shows that no proxy passed it on.
Result<http::ClientRequest> machine_request(const EntraTokens& options) {
  auto request =
      near_request(options.metadata_url + "/metadata/identity/oauth2/token", options, "2018-02-01");
  request.headers.set("Metadata", "true");
  return request;
}

// The file is replaced before what it says ends, so it is read for every token.
Result<std::string> read_assertion(const std::string& file) {
  std::ifstream stream(file);
  std::string text(kAssertionBytesMax, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (!text.empty()) return text;
  return Error(Code::unauthenticated, "cannot read the workload identity's token file " + file);
}

Result<http::ClientRequest> workload_request(const EntraTokens& options) {
  CF_TRY(const std::string assertion, read_assertion(options.federated_token_file));
  std::string authority = options.authority;
  while (authority.ends_with('/')) authority.pop_back();
  http::ClientRequest request;
  request.method = http::Method::post;
  request.url = authority + "/" + http::percent_encode(options.tenant_id) + "/oauth2/v2.0/token";
  request.headers.set("Content-Type", "application/x-www-form-urlencoded");
  request.body = http::build_query(
      {{"client_id", options.client_id},
       {"scope", options.resource + "/.default"},
       {"grant_type", "client_credentials"},
       {"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
       {"client_assertion", assertion}});
  request.response_bytes_max = kAnswerBytesMax;
  request.timeout = kFarTimeout;
  return request;
}

}  // namespace

std::unique_ptr<TokenSource> make_token_source(const EntraTokens& options, http::Client& http,
                                               const Clock& clock, TokenRetries retries) {
  const bool workload = !options.federated_token_file.empty() && !options.tenant_id.empty() &&
                        !options.client_id.empty();
  auto* const make = workload                             ? workload_request
                     : !options.identity_endpoint.empty() ? service_request
                                                          : machine_request;
  return std::make_unique<EndpointSource>([options, make] { return make(options); }, http, clock,
                                          retries);
}

Result<Secret> TokenCache::get(const Context& ctx) {
  std::unique_lock lock(mutex_);
  while (true) {
    const Clock::Instant now = clock_.now();
    const bool good = !token_.empty() && now < ends_;
    if (good && (now < renew_at_ || fetching_)) return token_;
    if (!fetching_) break;
    // Another thread fetches the first one.
    CF_CHECK(check_context(ctx, now));
    fetched_.wait_for(lock, ctx.stop_token(),
                      std::min<std::chrono::nanoseconds>(kLookAgain, ctx.deadline() - now),
                      [&] { return !fetching_; });
  }
  fetching_ = true;
  lock.unlock();
  const Clock::Instant asked = clock_.now();
  auto token = source_->fetch(ctx);
  lock.lock();
  fetching_ = false;
  fetched_.notify_all();
  if (!token) {
    if (token_.empty() || clock_.now() >= ends_)
      return std::move(token).error().while_doing("get a token for Azure Storage");
    renew_at_ = clock_.now() + kRenewAgain;
    return token_;
  }
  token_ = std::move(token->text);
  ends_ = asked + token->lifetime;
  renew_at_ = ends_ - std::min<std::chrono::seconds>(kRenewBefore, token->lifetime / 2);
  return token_;
}

void TokenCache::forget() {
  const std::lock_guard lock(mutex_);
  token_ = Secret();
}

}  // namespace cloudfolio::storage::azure

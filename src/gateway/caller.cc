#include "gateway/caller.h"

#include "http/url.h"

namespace cloudfolio::gateway {
namespace {

constexpr std::string_view kHowToSay = "; send 'Authorization: Bearer TOKEN'";

// A page on another site may make a visitor's browser send requests here, under a name of its own
// that resolves to this machine, or as a cross-origin POST. Where tokens are configured neither
// helps it: a browser adds none by itself.
Status check_origin(const http::Request& request, std::string_view public_url) {
  const auto host_field = request.headers.find("Host");
  if (!host_field) return Done{};
  const auto host = http::parse_url("http://" + std::string(*host_field));
  if (!host) return Error(Code::invalid_argument, "the Host header is no host");
  const auto own = http::parse_url(public_url);
  const bool ours = is_loopback(host->host) || (own && own->host == host->host);
  if (!ours)
    return Error(Code::permission_denied,
                 "host '" + host->host +
                     "' is not this server: without auth.tokens only loopback names and "
                     "server.public_url are answered");
  const auto origin_field = request.headers.find("Origin");
  const bool reads = request.method == http::Method::get || request.method == http::Method::head;
  if (!origin_field || reads) return Done{};
  const auto origin = http::parse_url(*origin_field);
  const bool same = origin && ((origin->host == host->host && origin->port == host->port) ||
                               (own && origin->origin() == own->origin()));
  if (same) return Done{};
  return Error(Code::permission_denied, "a page of another origin may not change anything here");
}

}  // namespace

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

Result<tenancy::Principal> caller_of(const http::Request& request,
                                     const tenancy::TokenTable& tokens,
                                     std::string_view public_url) {
  if (tokens.empty()) {
    CF_CHECK(check_origin(request, public_url));
    return tokens.principal_for(std::nullopt);
  }
  if (const auto field = request.headers.find("Authorization")) {
    constexpr std::string_view kScheme = "bearer ";
    if (!http::same_name(field->substr(0, kScheme.size()), kScheme))
      return Error(Code::unauthenticated, "only bearer tokens are known" + std::string(kHowToSay));
    return tokens.principal_for(field->substr(kScheme.size()));
  }
  if (const auto key = request.headers.find("x-functions-key")) return tokens.principal_for(*key);
  return tokens.principal_for(std::nullopt);
}

Status check_may_change(const tenancy::Principal& principal, const TenantId& tenant) {
  if (tenancy::may_change(principal, tenant)) return Done{};
  if (std::holds_alternative<tenancy::Anonymous>(principal))
    return Error(Code::unauthenticated, "this needs a token" + std::string(kHowToSay));
  return Error(Code::permission_denied,
               tenancy::to_string(principal) + " may not change " + tenant.str());
}

Result<Sight> sight_of(const tenancy::Principal& principal, const TenantId& tenant,
                       std::optional<std::string_view> asked) {
  if (asked && *asked != "true" && *asked != "false")
    return Error(Code::invalid_argument, "private must be true or false");
  if (asked && *asked == "false") return Sight::public_only;
  if (asked) {
    CF_CHECK(check_may_change(principal, tenant));
    return Sight::with_private;
  }
  const bool own = !tenancy::is_operator(principal) && tenancy::may_change(principal, tenant);
  return own ? Sight::with_private : Sight::public_only;
}

Status must_be_operator(const tenancy::Principal& principal) {
  if (tenancy::is_operator(principal)) return Done{};
  if (std::holds_alternative<tenancy::Anonymous>(principal))
    return Error(Code::unauthenticated, "this needs an operator's token" + std::string(kHowToSay));
  return Error(Code::permission_denied, "this needs an operator's token");
}

}  // namespace cloudfolio::gateway

#include "gateway/side.h"

#include <string_view>

#include "http/url.h"
#include "json/json.h"
#include "tenancy/login.h"

namespace cloudfolio::gateway {
namespace {

constexpr std::string_view kBundles = "/api/bundles/";
constexpr std::string_view kInstances = "/runtime/webhooks/durabletask/instances/";

TenantId tenant_or_nobody(std::string_view login) {
  auto tenant = tenancy::tenant_from_login(login);
  return tenant ? *std::move(tenant) : TenantId();
}

std::string first_segment(std::string_view rest) {
  return http::percent_decode(rest.substr(0, rest.find('/'))).value_or("");
}

TenantId tenant_in_body(const http::Request& request) {
  const auto body = json::parse_object(request.body);
  if (!body) return TenantId();
  if (const auto* repository = json::find_object(*body, "repository")) {
    const auto* owner = json::find_object(*repository, "owner");
    return owner ? tenant_or_nobody(json::find_string(*owner, "login").value_or("")) : TenantId();
  }
  return tenant_or_nobody(json::find_string(*body, "username").value_or(""));
}

// Ours are "refresh:ada", "private:index:ada", …; the old app's are random hexadecimal digits.
bool is_our_instance(std::string_view id) {
  return id.find(':') != std::string_view::npos;
}

}  // namespace

Ownership ownership_of(const http::Request& request) {
  const std::string_view path = request.path;
  Ownership found;
  if (path.starts_with(kInstances)) {
    found.only_here = is_our_instance(first_segment(path.substr(kInstances.size())));
    return found;
  }
  found.only_here = !path.starts_with("/api/") || path == "/api/health";
  if (found.only_here) return found;
  if (path.starts_with(kBundles))
    found.tenant = tenant_or_nobody(first_segment(path.substr(kBundles.size())));
  else if (request.method == http::Method::post)
    found.tenant = tenant_in_body(request);
  found.starts = request.method == http::Method::post &&
                 (path == "/api/orchestrator_start" ||
                  (path.starts_with(kBundles) && path.ends_with("/refresh")));
  found.reads = request.method == http::Method::get && path.starts_with(kBundles) &&
                !path.ends_with("/status");
  const bool whole = path.find('/', kBundles.size()) == std::string_view::npos;
  if (found.reads) found.route = whole ? "bundle" : "repository";
  return found;
}

}  // namespace cloudfolio::gateway

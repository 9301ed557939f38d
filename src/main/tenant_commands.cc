// usage, quota set and tenant delete: what an operator does about tenants.

#include <cstdio>

#include "json/json.h"
#include "main/commands.h"
#include "roles/system.h"
#include "tenancy/login.h"

namespace cloudfolio::main {
namespace {

// Log lines only where something is wrong.
roles::Config quiet(roles::Config config) {
  if (config.log_level == "info" && config.log_file.empty()) config.log_level = "error";
  return config;
}

Result<std::unique_ptr<roles::Session>> session_of(const Invocation& invocation,
                                                   roles::System::Work work) {
  return roles::open_session(quiet(invocation.config), invocation.clock, work);
}

std::string text_at(const json::Object& object, std::string_view key) {
  return std::string(json::find_string(object, key).value_or(""));
}
long long int_at(const json::Object& object, std::string_view key) {
  return json::find_int(object, key).value_or(0);
}

void show_tenant(const json::Object& tenant) {
  std::printf("%s  (%s%s)\n", text_at(tenant, "tenant").c_str(), text_at(tenant, "state").c_str(),
              json::find_bool(tenant, "enforced").value_or(false) ? "" : "; limits only warn");
  const json::Array* meters = json::find_array(tenant, "meters");
  for (const json::Value& value : meters ? *meters : json::Array()) {
    const json::Object* meter = value.if_object();
    if (meter == nullptr) continue;
    const long long limit = int_at(*meter, "limit");
    std::printf("  %-15s %12lld of %-12s total %-12lld %s %s\n", text_at(*meter, "meter").c_str(),
                int_at(*meter, "used"), limit == 0 ? "any" : std::to_string(limit).c_str(),
                int_at(*meter, "total"), text_at(*meter, "level").c_str(),
                text_at(*meter, "fits_at").c_str());
  }
}

Status show_usage(const std::string& text) {
  CF_TRY(const json::Object usage, json::parse_object(text));
  const json::Array* tenants = json::find_array(usage, "tenants");
  if (tenants == nullptr) {
    show_tenant(usage);
    return Done{};
  }
  for (const json::Value& tenant : *tenants)
    if (const json::Object* one = tenant.if_object()) show_tenant(*one);
  if (tenants->empty()) std::printf("nothing was used yet\n");
  return Done{};
}

Status show_verification(const std::string& text) {
  CF_TRY(const json::Object report, json::parse_object(text));
  const json::Array* problems = json::find_array(report, "problems");
  for (const json::Value& value : problems ? *problems : json::Array()) {
    const json::Object* problem = value.if_object();
    if (problem == nullptr) continue;
    std::printf("%s: %s should be %lld and is %lld\n", text_at(*problem, "tenant").c_str(),
                text_at(*problem, "what").c_str(), int_at(*problem, "expected"),
                int_at(*problem, "found"));
  }
  if (json::find_bool(report, "reconciles").value_or(false)) {
    std::printf("all totals of %lld tenants reconcile exactly\n", int_at(report, "tenants"));
    return Done{};
  }
  return Error(Code::corrupt, "usage does not reconcile; a refresh with --force counts anew");
}

}  // namespace

Status run_command(const Invocation& invocation, const UsageCommand& command) {
  std::optional<TenantId> tenant;
  if (!command.login.empty()) {
    CF_TRY(tenant, tenancy::tenant_from_login(command.login));
  }
  CF_TRY(const auto session, session_of(invocation, roles::System::Work::read_only));
  gateway::Administration& administration = session->administration();
  CF_TRY(const std::string text, command.verify ? administration.verify_usage({}, tenant)
                                                : administration.usage({}, tenant));
  if (invocation.output == Output::json) {
    std::printf("%s\n", text.c_str());
    return Done{};
  }
  return command.verify ? show_verification(text) : show_usage(text);
}

Status run_command(const Invocation& invocation, const QuotaCommand& command) {
  CF_TRY(const TenantId tenant, tenancy::tenant_from_login(command.login));
  CF_TRY(const auto session, session_of(invocation, roles::System::Work::read_only));
  CF_TRY(const std::string text,
         session->administration().set_quota({}, tenant, command.meter, command.amount));
  if (invocation.output == Output::json) {
    std::printf("%s\n", text.c_str());
    return Done{};
  }
  return show_usage(text);
}

namespace {

Status show_settings(const Invocation& invocation, const TenantCommand& command) {
  CF_TRY(const TenantId tenant, tenancy::tenant_from_login(command.login));
  const bool changes = !command.include_private.empty();
  CF_TRY(const auto session, session_of(invocation, changes ? roles::System::Work::orchestrations
                                                            : roles::System::Work::read_only));
  gateway::Administration& administration = session->administration();
  const auto value =
      command.include_private == "on" ? gateway::IncludePrivate::yes : gateway::IncludePrivate::no;
  CF_TRY(const std::string text,
         changes ? administration.set_include_private({}, tenant, value, "the command line")
                 : administration.settings({}, tenant));
  if (invocation.output == Output::json) {
    std::printf("%s\n", text.c_str());
    return Done{};
  }
  CF_TRY(const json::Object shown, json::parse_object(text));
  const json::Object* settings = json::find_object(shown, "settings");
  const json::Array* list = json::find_array(shown, "changes");
  if (settings == nullptr || list == nullptr)
    return Error(Code::internal, "an answer without settings");
  for (const auto& setting : *settings)
    std::printf("%s  %s\n", std::string(setting.key()).c_str(),
                json::write(setting.value()).c_str());
  for (const json::Value& change : *list)
    if (const json::Object* one = change.if_object())
      std::printf("  %s  %s set %s by %s\n", text_at(*one, "at").c_str(),
                  text_at(*one, "name").c_str(),
                  json::find_bool(*one, "value").value_or(false) ? "true" : "false",
                  text_at(*one, "by").c_str());
  return Done{};
}

}  // namespace

Status run_command(const Invocation& invocation, const TenantCommand& command) {
  if (command.verb == TenantCommand::Verb::settings) return show_settings(invocation, command);
  CF_TRY(const TenantId tenant, tenancy::tenant_from_login(command.login));
  CF_TRY(const auto session, session_of(invocation, roles::System::Work::orchestrations));
  CF_TRY(const std::string text, session->administration().delete_tenant({}, tenant));
  if (invocation.output == Output::json) {
    std::printf("%s\n", text.c_str());
    return Done{};
  }
  CF_TRY(const json::Object receipt, json::parse_object(text));
  const json::Object* removed = json::find_object(receipt, "removed");
  if (removed == nullptr) return Error(Code::internal, "a receipt without what was removed");
  std::printf(
      "%s is deleted: %lld blobs of %lld bytes, %lld rows, %lld messages, %lld runs; "
      "nothing is left\n  at    %s\n  proof %s\n",
      tenant.str().c_str(), int_at(*removed, "blobs"), int_at(*removed, "blob_bytes"),
      int_at(*removed, "rows"), int_at(*removed, "messages"), int_at(*removed, "instances"),
      text_at(receipt, "finished_at").c_str(), text_at(receipt, "proof").c_str());
  return Done{};
}

}  // namespace cloudfolio::main

#include "roles/config.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <numeric>

#include "flags/definition.h"
#include "http/url.h"
#include "tenancy/login.h"

namespace cloudfolio::roles {
namespace {

namespace bj = boost::json;

std::optional<bool> bool_from(std::string_view text) {
  if (text == "true" || text == "1" || text == "on" || text == "yes") return true;
  if (text == "false" || text == "0" || text == "off" || text == "no") return false;
  return std::nullopt;
}

Error bad_value(std::string_view name, std::string_view wanted) {
  return Error(Code::invalid_argument, std::string(name) + ": expected " + std::string(wanted));
}

Status assign_number(const Setting& setting, std::string_view name, std::int64_t* target,
                     std::int64_t value) {
  if (value < setting.least || (setting.most != 0 && value > setting.most)) {
    return bad_value(name, "a number from " + std::to_string(setting.least) + " to " +
                               std::to_string(setting.most));
  }
  *target = value;
  return Done{};
}

Status assign_text(const Setting& setting, std::string_view name, Config& config,
                   std::string text) {
  const Setting::Target target = setting.target(config);
  if (auto* const* string = std::get_if<std::string*>(&target)) {
    **string = std::move(text);
    return Done{};
  }
  if (auto* const* secret = std::get_if<Secret*>(&target)) {
    **secret = Secret(std::move(text));
    return Done{};
  }
  if (auto* const* truth = std::get_if<bool*>(&target)) {
    const auto value = bool_from(text);
    if (!value) return bad_value(name, "true or false");
    **truth = *value;
    return Done{};
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return bad_value(name, "a whole number");
  return assign_number(setting, name, std::get<std::int64_t*>(target), value);
}

Status assign_json(const Setting& setting, Config& config, const bj::value& value) {
  const Setting::Target target = setting.target(config);
  if (std::holds_alternative<std::string*>(target) || std::holds_alternative<Secret*>(target)) {
    if (!value.is_string()) return bad_value(setting.key, "a text in quotes");
    return assign_text(setting, setting.key, config, std::string(value.get_string()));
  }
  if (auto* const* truth = std::get_if<bool*>(&target)) {
    if (!value.is_bool()) return bad_value(setting.key, "true or false");
    **truth = value.get_bool();
    return Done{};
  }
  if (!value.is_int64()) return bad_value(setting.key, "a whole number");
  return assign_number(setting, setting.key, std::get<std::int64_t*>(target), value.get_int64());
}

Error unknown_key(const std::string& key, const std::vector<std::string>& known) {
  const std::string near = nearest_name(key, known);
  return Error(Code::invalid_argument,
               "unknown key '" + key + "'" +
                   (near.empty() ? "; docs/operating/configuration.md lists the keys"
                                 : "; did you mean '" + near + "'?"));
}

Result<TokenConfig> token_from(const bj::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr) return bad_value("auth.tokens", "a list of objects");
  TokenConfig token;
  for (const auto& [key, field] : *object) {
    if (key == "operator" && field.is_bool()) {
      token.operator_ = field.get_bool();
    } else if (key == "sha256" && field.is_string()) {
      token.sha256 = std::string(field.get_string());
    } else if (key == "tenant" && field.is_string()) {
      token.tenant = std::string(field.get_string());
    } else {
      return unknown_key(
          "auth.tokens[]." + std::string(key),
          {"auth.tokens[].sha256", "auth.tokens[].tenant", "auth.tokens[].operator"});
    }
  }
  const bool hex = std::all_of(token.sha256.begin(), token.sha256.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  if (token.sha256.size() != 64 || !hex) {
    return bad_value("auth.tokens[].sha256",
                     "64 lower-case hex digits (printf %s TOKEN | sha256sum)");
  }
  if (token.tenant.empty() != token.operator_) {
    return bad_value("auth.tokens[]", "either \"tenant\": \"LOGIN\" or \"operator\": true");
  }
  return token;
}

Status apply_tokens(Config& config, const bj::value& value) {
  const auto* list = value.if_array();
  if (list == nullptr) return bad_value("auth.tokens", "a list");
  for (const bj::value& item : *list) {
    CF_TRY(auto token, token_from(item));
    config.auth_tokens.push_back(std::move(token));
  }
  return Done{};
}

Status apply_flags(Config& config, const bj::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr) return bad_value("flags", "an object of NAME: true or false");
  std::vector<std::string> known;
  for (const flags::Definition& flag : flags::definitions())
    known.push_back("flags." + std::string(flag.name));
  for (const auto& [name, field] : *object) {
    const std::string key = "flags." + std::string(name);
    if (std::find(known.begin(), known.end(), key) == known.end()) return unknown_key(key, known);
    if (!field.is_bool()) return bad_value(key, "true or false");
    config.flags[std::string(name)] = field.get_bool();
  }
  return Done{};
}

Status apply_entry(Config& config, const std::string& key, const bj::value& value) {
  if (key == "flags") return apply_flags(config, value);
  if (key == "auth.tokens") return apply_tokens(config, value);
  std::vector<std::string> known{"flags", "auth.tokens"};
  bool is_section = false;
  for (const Setting& setting : settings()) {
    if (setting.key == key) return assign_json(setting, config, value);
    is_section = is_section || setting.key.starts_with(key + ".");
    known.emplace_back(setting.key);
  }
  is_section = is_section || key == "auth";
  if (!is_section) return unknown_key(key, known);
  const auto* section = value.if_object();
  if (section == nullptr) return bad_value(key, "an object");
  for (const auto& [name, field] : *section) {
    CF_CHECK(apply_entry(config, key + "." + std::string(name), field));
  }
  return Done{};
}

}  // namespace

Status apply_file(Config& config, std::string_view text) {
  bj::parse_options options;
  options.allow_comments = true;
  options.allow_trailing_commas = true;
  boost::system::error_code failed;
  const bj::value value = bj::parse({text.data(), text.size()}, failed, {}, options);
  if (failed) return Error(Code::invalid_argument, "not valid JSON: " + failed.message());
  const auto* object = value.if_object();
  if (object == nullptr) return Error(Code::invalid_argument, "expected one JSON object");
  for (const auto& [key, field] : *object) CF_CHECK(apply_entry(config, std::string(key), field));
  return Done{};
}

Status apply_environment(Config& config, const Environment& lookup) {
  for (const Setting& setting : settings()) {
    for (const std::string_view variable : {setting.environment, setting.fallback}) {
      const std::string name(variable);
      auto text = name.empty() ? std::nullopt : lookup(name);
      if (!text) continue;
      CF_CHECK(assign_text(setting, name, config, std::move(*text)));
      break;
    }
  }
  for (const flags::Definition& flag : flags::definitions()) {
    const std::string name(flag.name);
    const auto text = lookup(name);
    if (!text) continue;
    const auto value = bool_from(*text);
    if (!value) return bad_value(name, "true or false");
    config.flags[name] = *value;
  }
  return Done{};
}

std::chrono::milliseconds quota_patience(const Config& config) {
  // A decision reads a few rows, one after the other: microseconds each from a file of this
  // machine, milliseconds from an account across a network.
  if (config.quota_patience_ms > 0) return std::chrono::milliseconds(config.quota_patience_ms);
  return std::chrono::milliseconds(config.storage_backend == "azure" ? 500 : 5);
}

Status validate(const Config& config) {
  if (config.storage_backend == "azure") {
    CF_CHECK(azure_options(config.azure));
  } else if (config.storage_backend != "embedded") {
    return Error(Code::invalid_argument, "storage.backend: '" + config.storage_backend +
                                             "' is no backend; use \"embedded\" or \"azure\"");
  }
  if (config.durable_backend != "embedded") {
    return Error(
        Code::invalid_argument,
        "durable.backend: '" + config.durable_backend +
            "' is not available: this build runs orchestrations on its embedded scheduler; "
            "use \"embedded\"");
  }
  if (!config.github_api_url.starts_with("http://") &&
      !config.github_api_url.starts_with("https://")) {
    return bad_value("github.api_url", "an address that begins with http:// or https://");
  }
  if (const std::string& old = config.gateway_upstream;
      !old.empty() && (!http::parse_url(old) || old.ends_with('/')))
    return bad_value("gateway.upstream",
                     "an address such as https://old.example.net, without / at its end");
  if (const std::string& login = config.compatibility_model_slot_login;
      !login.empty() && !tenancy::tenant_from_login(login))
    return bad_value("compatibility.model_slot_login", "a GitHub login");
  if (config.training_precision != "automatic" && config.training_precision != "fp32")
    return bad_value("training.precision", "automatic or fp32");
  CF_CHECK(validate_capacity(config));
  if (config.data.empty()) return bad_value("data", "the folder of the embedded store");
  return Done{};
}

std::vector<FlagValue> flags(const Config& config) {
  std::vector<FlagValue> values;
  for (const flags::Definition& flag : flags::definitions()) {
    FlagValue value{std::string(flag.name), flag.value, "default", std::string(flag.about)};
    if (config.compatibility_old_app) {
      value.value = flag.value_with_old_app;
      value.source = "default while compatibility.old_app";
    }
    if (const auto set = config.flags.find(value.name); set != config.flags.end()) {
      value.value = set->second;
      value.source = "configuration";
    }
    values.push_back(std::move(value));
  }
  return values;
}

bool flag(const Config& config, std::string_view name) {
  const auto all = flags(config);
  const auto found = std::find_if(all.begin(), all.end(),
                                  [name](const FlagValue& value) { return value.name == name; });
  return found != all.end() && found->value;
}

std::string nearest_name(std::string_view wrong, const std::vector<std::string>& known) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(3, wrong.size() / 3) + 1;
  for (const std::string& name : known) {
    // Levenshtein's distance, one row at a time.
    std::vector<std::size_t> row(name.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= wrong.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= name.size(); ++j) {
        const std::size_t replace = diagonal + (wrong[i - 1] == name[j - 1] ? 0 : 1);
        diagonal = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, replace});
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = name;
    }
  }
  return best;
}

}  // namespace cloudfolio::roles

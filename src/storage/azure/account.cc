#include "storage/azure/account.h"

#include <map>

#include "http/url.h"

namespace cloudfolio::storage::azure {
namespace {

using Fields = std::map<std::string, std::string, std::less<>>;

Error wrong(std::string message) {
  return Error(Code::invalid_argument, std::move(message));
}

Result<Fields> split(std::string_view text) {
  Fields fields;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(';'), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0)
      return wrong("a storage connection string is Name=Value pairs parted by semicolons");
    fields[std::string(part.substr(0, equals))] = part.substr(equals + 1);
  }
  return fields;
}

std::string take(const Fields& fields, std::string_view name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string() : found->second;
}

std::string without_slash(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url;
}

std::string endpoint(const Fields& fields, std::string_view name, std::string_view service) {
  if (std::string given = take(fields, name); !given.empty()) return without_slash(given);
  std::string protocol = take(fields, "DefaultEndpointsProtocol");
  if (protocol.empty()) protocol = "https";
  std::string suffix = take(fields, "EndpointSuffix");
  if (suffix.empty()) suffix = "core.windows.net";
  return protocol + "://" + take(fields, "AccountName") + "." + std::string(service) + "." + suffix;
}

// "octo" of "octo.blob.core.windows.net", or of "127.0.0.1:10000/octo".
std::string name_at(const http::Url& url) {
  const std::string path = without_slash(url.path);
  if (path.size() > 1) return path.substr(1, path.find('/', 1) - 1);
  return url.host.substr(0, url.host.find('.'));
}

bool is_loopback(const http::Url& url) {
  return url.host == "localhost" || url.host == "::1" || url.host.starts_with("127.");
}

}  // namespace

Result<Account> parse_connection_string(std::string_view text) {
  CF_TRY(const Fields fields, split(text));
  Account account;
  account.name = take(fields, "AccountName");
  if (take(fields, "UseDevelopmentStorage") == "true")
    return wrong(
        "UseDevelopmentStorage is not supported: name the emulator's account, key and "
        "endpoints in the connection string");
  if (account.name.empty()) {
    CF_TRY(const http::Url url, http::parse_url(take(fields, "BlobEndpoint")));
    account.name = name_at(url);
  }
  account.blob_url = endpoint(fields, "BlobEndpoint", "blob");
  account.queue_url = endpoint(fields, "QueueEndpoint", "queue");
  account.table_url = endpoint(fields, "TableEndpoint", "table");
  std::string token = take(fields, "SharedAccessSignature");
  if (token.starts_with('?')) token.erase(0, 1);
  if (!token.empty()) {
    account.credential = SharedAccess{Secret(std::move(token))};
  } else {
    account.credential = SharedKey{Secret(take(fields, "AccountKey"))};
  }
  CF_CHECK(check_account(account));
  return account;
}

Result<Account> account_at(std::string_view blob_url, Credential credential) {
  const std::string text = without_slash(std::string(blob_url));
  CF_TRY(const http::Url url, http::parse_url(text));
  Account account;
  account.name = name_at(url);
  account.credential = std::move(credential);
  account.blob_url = text;
  const std::size_t service = url.host.find(".blob.");
  if (service != std::string::npos) {
    const auto neighbour = [&](const char* name) {
      http::Url other = url;
      other.host.replace(service, 6, std::string(".") + name + ".");
      return without_slash(other.str());
    };
    account.queue_url = neighbour("queue");
    account.table_url = neighbour("table");
  }
  return account;
}

Status check_account(const Account& account) {
  if (account.name.empty()) return wrong("the storage account has no name");
  for (const auto& [what, text] :
       {std::pair("blob", &account.blob_url), std::pair("queue", &account.queue_url),
        std::pair("table", &account.table_url)}) {
    auto url = http::parse_url(*text);
    if (!url) return std::move(url).error().while_doing(std::string(what) + " endpoint");
    if (std::holds_alternative<EntraTokens>(account.credential) && url->scheme != "https" &&
        !is_loopback(*url))
      return wrong(std::string(what) + " endpoint: tokens go over https only");
  }
  if (const auto* key = std::get_if<SharedKey>(&account.credential); key && key->key.empty())
    return wrong(
        "the storage account has neither key (AccountKey) nor signature "
        "(SharedAccessSignature)");
  if (const auto* shared = std::get_if<SharedAccess>(&account.credential);
      shared && shared->token.empty())
    return wrong("the shared access signature is empty");
  return Done{};
}

}  // namespace cloudfolio::storage::azure

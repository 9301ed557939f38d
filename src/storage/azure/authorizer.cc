#include "storage/azure/authorizer.h"

#include "storage/azure/shared_key.h"
#include "storage/azure/token_source.h"

namespace cloudfolio::storage::azure {
namespace {

class KeyAuthorizer final : public Authorizer {
 public:
  KeyAuthorizer(std::string account, Secret key)
      : account_(std::move(account)), key_(std::move(key)) {}

  Status authorize(const Context&, ServiceKind kind, std::string_view url_path,
                   WireRequest& request) override {
    CF_TRY(std::string value, shared_key_authorization(kind, account_, key_, url_path, request));
    request.headers.set("Authorization", std::move(value));
    return Done{};
  }

 private:
  const std::string account_;
  const Secret key_;
};

class SignatureAuthorizer final : public Authorizer {
 public:
  explicit SignatureAuthorizer(const Secret& token)
      : parameters_(http::parse_query(token.reveal())) {}

  Status authorize(const Context&, ServiceKind, std::string_view, WireRequest& request) override {
    request.query.insert(request.query.end(), parameters_.begin(), parameters_.end());
    return Done{};
  }

 private:
  const http::QueryParameters parameters_;
};

class TokenAuthorizer final : public Authorizer {
 public:
  TokenAuthorizer(std::unique_ptr<TokenSource> source, const Clock& clock)
      : tokens_(std::move(source), clock) {}

  Status authorize(const Context& ctx, ServiceKind, std::string_view,
                   WireRequest& request) override {
    CF_TRY(const Secret token, tokens_.get(ctx));
    request.headers.set("Authorization", "Bearer " + token.reveal());
    return Done{};
  }
  bool refused() override {
    tokens_.forget();
    return true;
  }

 private:
  TokenCache tokens_;
};

}  // namespace

Result<std::unique_ptr<Authorizer>> make_authorizer(const Account& account, http::Client& http,
                                                    const Clock& clock) {
  if (const auto* key = std::get_if<SharedKey>(&account.credential)) {
    CF_CHECK(sign(key->key, ""));
    return std::make_unique<KeyAuthorizer>(account.name, key->key);
  }
  if (const auto* shared = std::get_if<SharedAccess>(&account.credential))
    return std::make_unique<SignatureAuthorizer>(shared->token);
  return std::make_unique<TokenAuthorizer>(
      make_token_source(std::get<EntraTokens>(account.credential), http, clock), clock);
}

}  // namespace cloudfolio::storage::azure

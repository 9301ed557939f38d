#include "tenancy/tokens.h"

#include <algorithm>

#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "tenancy/login.h"

namespace cloudfolio::tenancy {

namespace {

Result<Principal> principal_of(const TokenEntry& entry) {
  if (entry.speaks == TokenEntry::Speaks::for_operator) {
    if (!entry.login.empty())
      return Error(Code::invalid_argument, "names a tenant and the operator: choose one");
    return Principal(Operator{});
  }
  CF_TRY(auto tenant, tenant_from_login(entry.login));
  return Principal(TenantPrincipal{std::move(tenant)});
}

}  // namespace

Result<TokenTable> TokenTable::parse(const std::vector<TokenEntry>& entries) {
  if (entries.size() > kTokensCountMax)
    return Error(Code::invalid_argument,
                 "more than " + std::to_string(kTokensCountMax) + " tokens");
  TokenTable table;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::string where = "token " + std::to_string(i + 1);
    const auto bytes = crypto::from_hex(entries[i].sha256);
    Row row;
    if (!bytes || bytes->size() != row.hash.size())
      return Error(Code::invalid_argument,
                   where + ": sha256 must be 64 hex digits, as sha256sum prints them");
    std::copy(bytes->begin(), bytes->end(), row.hash.begin());
    auto principal = principal_of(entries[i]);
    if (!principal) return std::move(principal).error().while_doing(where);
    row.principal = *std::move(principal);
    for (const Row& other : table.rows_)
      if (other.hash == row.hash)
        return Error(Code::invalid_argument, where + ": the same token stands above");
    table.rows_.push_back(std::move(row));
  }
  return table;
}

Result<Principal> TokenTable::principal_for(std::optional<std::string_view> token) const {
  if (!token) return empty() ? Principal(Operator{}) : Principal(Anonymous{});
  const Error unknown(Code::unauthenticated,
                      "unknown token; send one of auth.tokens as 'Authorization: Bearer …'");
  if (token->empty() || token->size() > kTokenBytesMax) return unknown;
  const crypto::Sha256Digest hash = crypto::sha256(*token);
  const Row* found = nullptr;
  for (const Row& row : rows_)  // All of them, whatever matches.
    if (crypto::equal_in_constant_time(crypto::as_view(row.hash), crypto::as_view(hash)))
      found = &row;
  if (!found) return unknown;
  return found->principal;
}

}  // namespace cloudfolio::tenancy

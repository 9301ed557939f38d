#pragma once
// TokenTable: which bearer token is whose. Only SHA-256 hashes are configured and kept.
//
// Threads: constant after parse(); thread-safe.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tenancy/principal.h"

namespace cloudfolio::tenancy {

inline constexpr std::size_t kTokensCountMax = 10'000;
inline constexpr std::size_t kTokenBytesMax = 1'024;

// As configured (auth.tokens): the hash, and either a login or the operator.
struct TokenEntry {
  std::string sha256;  // 64 hex digits of the token's SHA-256
  std::string login;   // empty for an operator
  enum class Speaks { for_tenant, for_operator } speaks = Speaks::for_tenant;
};

class TokenTable {
 public:
  // No tokens: the installation is a single person's on loopback, and whoever reaches it runs it.
  TokenTable() = default;
  // Errors: invalid_argument, naming the entry by number and never its hash: a hash of another
  // length, a login that is none, the same hash twice, more than kTokensCountMax.
  static Result<TokenTable> parse(const std::vector<TokenEntry>& entries);

  bool empty() const { return rows_.empty(); }
  // nullopt (no Authorization header): Anonymous, or the Operator where the table is empty. A token
  // that is not in the table is unauthenticated, never anonymous. Takes the same time whichever row
  // matches.
  Result<Principal> principal_for(std::optional<std::string_view> token) const;

 private:
  using Hash = std::array<std::uint8_t, 32>;
  struct Row {
    Hash hash;
    Principal principal;
  };
  std::vector<Row> rows_;
};

}  // namespace cloudfolio::tenancy

#pragma once
// Tokens of Microsoft Entra for Azure Storage: where they come from, and how long one is used.
//
// Requests are those of Microsoft's own clients: learn.microsoft.com/entra/identity-platform
// (client assertions), learn.microsoft.com/azure/app-service/overview-managed-identity and
// learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/context.h"
#include "base/result.h"
#include "base/secret.h"
#include "http/client.h"
#include "storage/azure/account.h"

namespace cloudfolio::storage::azure {

struct Token {
  Secret text;
  std::chrono::seconds lifetime{0};
};

// A source that is not ready answers 408, 429, 5xx, and for a new machine 404; one that is being
// updated answers 410, for up to 70 s.
struct TokenRetries {
  std::size_t attempts_max = 4;
  std::chrono::milliseconds pause_first{1'000};  // Doubles.
  std::size_t gone_attempts_max = 8;
  std::chrono::milliseconds gone_pause{10'000};
};

// Threads: thread-safe. Errors of fetch: unauthenticated (the identity is not there or may not),
// unavailable, corrupt (an answer that is no token).
class TokenSource {
 public:
  virtual ~TokenSource() = default;
  virtual Result<Token> fetch(const Context& ctx) = 0;
};

// `http` and the clock outlive the source.
std::unique_ptr<TokenSource> make_token_source(const EntraTokens& options, http::Client& http,
                                               const Clock& clock, TokenRetries retries = {});

// Keeps one token, and gets the next before it ends: kRenewBefore, or half its life if that is
// less. One thread fetches while the others go on with the token that there is. Threads:
// thread-safe. Errors: the source's, once there is no valid token left.
class TokenCache {
 public:
  TokenCache(std::unique_ptr<TokenSource> source, const Clock& clock)
      : source_(std::move(source)), clock_(clock) {}

  Result<Secret> get(const Context& ctx);
  // The service did not take it: the next get() fetches.
  void forget();

  static constexpr std::chrono::seconds kRenewBefore{300};
  // After a renewal that failed while the old token is still good.
  static constexpr std::chrono::seconds kRenewAgain{30};

 private:
  const std::unique_ptr<TokenSource> source_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any fetched_;
  bool fetching_ = false;
  Secret token_;
  Clock::Instant renew_at_{};
  Clock::Instant ends_{};
};

}  // namespace cloudfolio::storage::azure

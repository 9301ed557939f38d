#pragma once
// Source: what sync asks of GitHub. The values are github's own; the interface is small, so that
// tests answer it from memory and call by call decide what fails.
//
// Threads: thread-safe. Errors: github::Client's, each a message of its own: unauthenticated (bad
// token), permission_denied (missing scope), not_found (no such login), rate_limited, unavailable.

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/context.h"
#include "base/result.h"
#include "github/client.h"
#include "github/types.h"

namespace cloudfolio::sync {

class Source {
 public:
  virtual ~Source() = default;
  // With which credential it asks. An ETag, and what a probe says of the token's owner, are good
  // for the same tag only. The API's address is part of a private place's scope.
  struct Credential {
    std::string tag;  // "" without a token.
    std::string api_url;
  };
  virtual Credential credential() const = 0;
  // One conditional request, and once for a new token another; the 100 repositories pushed last,
  // the private ones among them where the token is the owner's. The source sets the visibility.
  virtual Result<github::Probe> probe(const Context& ctx, const std::string& login,
                                      github::ProbeOptions options) = 0;
  // Every repository of the owner; with all_visible only after a probe that had it.
  virtual Result<github::Listing> list(const Context& ctx, const std::string& login,
                                       github::Visibility visibility) = 0;
  // Everything about some of them, in the order asked.
  virtual Result<github::DetailsAnswer> fetch(const Context& ctx,
                                              std::span<const github::RepositoryRef> refs) = 0;
  // After rate_limited: when the limit ends, if GitHub said so.
  virtual std::optional<Clock::WallTime> resumes_at() const = 0;
};

// The client as a source.
class GitHubSource final : public Source {
 public:
  // `transport` is asked before each call, so that a flag can be turned while running.
  GitHubSource(github::Client& client, std::string api_url,
               std::function<github::Transport()> transport,
               github::Visibility visibility = github::Visibility::all_visible);

  Credential credential() const override;
  Result<github::Probe> probe(const Context& ctx, const std::string& login,
                              github::ProbeOptions options) override;
  Result<github::Listing> list(const Context& ctx, const std::string& login,
                               github::Visibility visibility) override;
  Result<github::DetailsAnswer> fetch(const Context& ctx,
                                      std::span<const github::RepositoryRef> refs) override;
  std::optional<Clock::WallTime> resumes_at() const override;

 private:
  github::Client& client_;
  const std::string api_url_;
  std::function<github::Transport()> transport_;
  const github::Visibility visibility_;
};

}  // namespace cloudfolio::sync

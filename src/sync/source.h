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
  // One request, conditional where `etag` is not empty; the 100 repositories pushed last.
  virtual Result<github::Probe> probe(const Context& ctx, const std::string& login,
                                      const std::string& etag) = 0;
  // Every repository of the owner.
  virtual Result<github::Listing> list(const Context& ctx, const std::string& login) = 0;
  // Everything about some of them, in the order asked.
  virtual Result<github::DetailsAnswer> fetch(const Context& ctx,
                                              std::span<const github::RepositoryRef> refs) = 0;
  // After rate_limited: when the limit ends, if GitHub said so.
  virtual std::optional<Clock::WallTime> resumes_at() const = 0;
};

// The client as a source. Only public repositories are asked for.
class GitHubSource final : public Source {
 public:
  // `transport` is asked before each call, so that a flag can be turned while running.
  GitHubSource(github::Client& client, std::function<github::Transport()> transport);

  Result<github::Probe> probe(const Context& ctx, const std::string& login,
                              const std::string& etag) override;
  Result<github::Listing> list(const Context& ctx, const std::string& login) override;
  Result<github::DetailsAnswer> fetch(const Context& ctx,
                                      std::span<const github::RepositoryRef> refs) override;
  std::optional<Clock::WallTime> resumes_at() const override;

 private:
  github::Client& client_;
  std::function<github::Transport()> transport_;
};

}  // namespace cloudfolio::sync

#include "sync/source.h"

#include <algorithm>

namespace cloudfolio::sync {

GitHubSource::GitHubSource(github::Client& client, std::function<github::Transport()> transport)
    : client_(client), transport_(std::move(transport)) {}

Result<github::Probe> GitHubSource::probe(const Context& ctx, const std::string& login,
                                          const std::string& etag) {
  github::ProbeOptions options;
  options.etag = etag;
  return client_.probe(ctx, login, options);
}

Result<github::Listing> GitHubSource::list(const Context& ctx, const std::string& login) {
  return client_.list_repositories(ctx, login, transport_());
}

Result<github::DetailsAnswer> GitHubSource::fetch(const Context& ctx,
                                                  std::span<const github::RepositoryRef> refs) {
  return client_.fetch_details(ctx, refs, transport_());
}

std::optional<Clock::WallTime> GitHubSource::resumes_at() const {
  const github::BudgetView budget = client_.budget();
  if (!budget.core_resumes_at) return budget.graphql_resumes_at;
  if (!budget.graphql_resumes_at) return budget.core_resumes_at;
  return std::max(*budget.core_resumes_at, *budget.graphql_resumes_at);
}

}  // namespace cloudfolio::sync

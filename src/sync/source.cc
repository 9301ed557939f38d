#include "sync/source.h"

#include <algorithm>

namespace cloudfolio::sync {

GitHubSource::GitHubSource(github::Client& client, std::string api_url,
                           std::function<github::Transport()> transport,
                           github::Visibility visibility)
    : client_(client),
      api_url_(std::move(api_url)),
      transport_(std::move(transport)),
      visibility_(visibility) {}

Source::Credential GitHubSource::credential() const {
  std::string tag = client_.token_tag();
  if (visibility_ == github::Visibility::public_only && !tag.empty()) tag += "-public";
  return {std::move(tag), api_url_};
}

Result<github::Probe> GitHubSource::probe(const Context& ctx, const std::string& login,
                                          github::ProbeOptions options) {
  options.visibility = visibility_;
  return client_.probe(ctx, login, std::move(options));
}

Result<github::Listing> GitHubSource::list(const Context& ctx, const std::string& login,
                                           github::Visibility visibility) {
  return client_.list_repositories(ctx, login, transport_(), visibility);
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

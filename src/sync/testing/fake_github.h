#pragma once
// GitHub in memory, as a Source: a list of repositories that tests change between refreshes, and
// faults.
//
// Counts as the client does: a probe or a page of 100 is a request, 25 details are one.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sync/source.h"

namespace cloudfolio::sync::testing {

github::Details repository(std::int64_t id, const std::string& name, std::string readme = "");

inline github::Document& document_of(github::Details& details, github::DocumentKind kind) {
  return details.documents[std::size_t(kind)];
}

class FakeGitHub final : public Source {
 public:
  // What anybody can change between two calls.
  std::map<std::int64_t, github::Details> repositories;
  std::map<std::int64_t, github::FetchedRepository> answers;  // instead of the details
  std::optional<Error> probe_error, list_error, fetch_error;
  std::size_t page_size = 100;
  github::Completeness listing = github::Completeness::whole;
  github::Owner owner{"U_1", "OctoCat", github::OwnerKind::user, ""};
  // After so many calls from now (-1: never) GitHub's limit is reached, until `limit_ends` on
  // `clock`.
  int calls_before_limit = -1;
  std::optional<Clock::WallTime> limit_ends;
  const Clock* clock = nullptr;
  // The n-th call from now (the first is 1) fails with unavailable; 0: none.
  int failing_call = 0;

  // What was asked.
  std::int64_t requests = 0;
  std::vector<std::string> calls;     // "probe", "probe 304", "list", "fetch 3"
  std::vector<std::int64_t> fetched;  // ids

  void add(github::Details details) {
    repositories[details.repository.database_id] = std::move(details);
  }
  // A push: another head, another README, and first in the list.
  void push(std::int64_t id, const std::string& readme);
  void forget_calls() {
    requests = 0;
    calls.clear();
    fetched.clear();
  }

  // Whose token asks. Where it is the owner's (number 1), private repositories are listed.
  Credential credential_now{"", "https://api.github.com"};
  github::TokenOwner token_owner;

  Credential credential() const override { return credential_now; }
  Result<github::Probe> probe(const Context&, const std::string&,
                              github::ProbeOptions options) override;
  Result<github::Listing> list(const Context&, const std::string&, github::Visibility) override;
  Result<github::DetailsAnswer> fetch(const Context&,
                                      std::span<const github::RepositoryRef> refs) override;
  std::optional<Clock::WallTime> resumes_at() const override { return limit_ends; }

 private:
  Status counted(std::string call);
  std::vector<github::Repository> listed() const;

  int pushes_ = 0;
};

}  // namespace cloudfolio::sync::testing

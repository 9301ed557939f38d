#include "sync/testing/fake_github.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace cloudfolio::sync::testing {

github::Details repository(std::int64_t id, const std::string& name, std::string readme) {
  github::Details details;
  github::Repository& r = details.repository;
  r.node_id = "R_" + std::to_string(id);
  r.database_id = id;
  r.name = name;
  r.owner = {"U_1", "OctoCat", github::OwnerKind::user, "https://api.github.com/users/OctoCat"};
  r.html_url = "https://github.com/OctoCat/" + name;
  r.created_at = "2024-01-01T00:00:00Z";
  r.updated_at = "2025-01-01T00:00:00Z";
  r.pushed_at = "2025-01-01T00:00:" + std::to_string(10 + id % 50) + "Z";
  r.visibility = "public";
  r.default_branch = "main";
  r.head_oid = "head-" + std::to_string(id);
  r.tree_oid = "tree-" + std::to_string(id);
  for (auto& document : details.documents) document.state = github::Document::State::absent;
  if (!readme.empty()) {
    github::Document& document = details.documents[std::size_t(github::DocumentKind::readme)];
    document.state = github::Document::State::present;
    document.path = "README.md";
    document.oid = "oid-of-" + readme;
    document.size_bytes = static_cast<std::int64_t>(readme.size());
    document.text = std::move(readme);
    details.tree = {
        {"README.md", 0100644, github::TreeEntry::Type::blob, document.oid, document.size_bytes}};
  }
  return details;
}

void FakeGitHub::push(std::int64_t id, const std::string& readme) {
  github::Details next = repository(id, repositories[id].repository.name, readme);
  next.repository.head_oid = "head-of-" + readme;
  next.repository.tree_oid = "tree-of-" + readme;
  next.repository.pushed_at = "2025-06-01T00:00:" + std::to_string(10 + pushes_++ % 50) + "Z";
  next.repository.updated_at = next.repository.pushed_at;
  repositories[id] = std::move(next);
}

Result<github::Probe> FakeGitHub::probe(const Context&, const std::string&,
                                        github::ProbeOptions options) {
  CF_CHECK(counted("probe"));
  if (probe_error) return *probe_error;
  const std::string& etag = options.etag;
  github::Probe answer;
  answer.token_owner = token_owner;
  answer.all_visible = token_owner.id == 1;
  const std::vector<github::Repository> all = listed();
  std::string now;
  for (const github::Repository& r : all)
    now += r.node_id + r.name + r.pushed_at + r.updated_at + r.description.value_or("") +
           (r.is_private ? "private|" : "|");
  now = std::to_string(std::hash<std::string>{}(now));  // As GitHub's: it tells nothing.
  if (now == etag) {
    calls.back() += " 304";
    answer.unchanged = true;
    answer.usage = {1, 0};
    return answer;
  }
  answer.etag = now;
  answer.page = all;
  answer.usage = {1, 1};
  if (all.size() > page_size) {
    answer.page.resize(page_size);
    answer.completeness = github::Completeness::partial;
  }
  for (github::Repository& r : answer.page) {  // As REST: without heads.
    r.head_oid.reset();
    r.tree_oid.reset();
  }
  return answer;
}

Result<github::Listing> FakeGitHub::list(const Context&, const std::string&, github::Visibility) {
  CF_CHECK(counted("list"));
  if (list_error) return *list_error;
  github::Listing answer;
  answer.owner = owner;
  answer.repositories = listed();
  answer.completeness = listing;
  if (listing == github::Completeness::partial)
    answer.repositories.resize(answer.repositories.size() / 2);
  const auto pages = static_cast<std::int64_t>(answer.repositories.size() / 100 + 1);
  requests += pages - 1;
  answer.usage = {pages, pages};
  return answer;
}

Result<github::DetailsAnswer> FakeGitHub::fetch(const Context&,
                                                std::span<const github::RepositoryRef> refs) {
  CF_CHECK(counted("fetch " + std::to_string(refs.size())));
  if (fetch_error) return *fetch_error;
  github::DetailsAnswer answer;
  for (const github::RepositoryRef& ref : refs) {
    fetched.push_back(ref.database_id);
    github::FetchedRepository one;
    if (const auto found = answers.find(ref.database_id); found != answers.end())
      one = found->second;
    else if (const auto remote = repositories.find(ref.database_id); remote != repositories.end())
      one.outcome = remote->second;
    else
      one.outcome = github::Gone{"not found"};
    one.node_id = ref.node_id;
    answer.repositories.push_back(std::move(one));
  }
  answer.usage = {1, 1};
  return answer;
}

Status FakeGitHub::counted(std::string call) {
  ++requests;
  calls.push_back(std::move(call));
  if (calls_before_limit == 0 && limit_ends && clock->wall_time() < *limit_ends)
    return Error(Code::rate_limited, "GitHub's limit is reached");
  if (calls_before_limit > 0) --calls_before_limit;
  if (failing_call > 0 && --failing_call == 0)
    return Error(Code::unavailable, "GitHub is out for lunch");
  return Done{};
}

std::vector<github::Repository> FakeGitHub::listed() const {
  std::vector<github::Repository> all;
  for (const auto& [id, details] : repositories) {
    all.push_back(details.repository);
    all.back().owner.node_id = owner.node_id;
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const github::Repository& one, const github::Repository& other) {
                     return one.pushed_at > other.pushed_at;
                   });
  return all;
}

}  // namespace cloudfolio::sync::testing

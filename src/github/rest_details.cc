#include "github/rest_details.h"

#include "github/documents.h"
#include "http/url.h"

namespace cloudfolio::github {
bool is_local(const Error& error) {
  return error.code() == Code::permission_denied || error.code() == Code::quota_exceeded ||
         error.code() == Code::conflict;
}

namespace {

// The repository's own JSON: by its name, then by its id if the name is another's now.
struct Found {
  std::optional<Repository> repository;
  Outcome otherwise = Gone{"GitHub does not know it"};
};

Result<Found> find_repository(Api& api, const Context& ctx, const RepositoryRef& ref,
                              Usage& usage) {
  Found found;
  std::vector<std::string> targets{repository_target(ref.owner, ref.name)};
  if (ref.database_id != 0) targets.push_back("/repositories/" + std::to_string(ref.database_id));
  for (const std::string& target : targets) {
    auto answer = api.get(ctx, {target}, usage);
    if (!answer) {
      if (!is_local(answer.error())) return std::move(answer).error();
      found.otherwise = Unknown{std::move(answer).error()};
      return found;
    }
    if (answer->status == 451) {
      found.otherwise = Withheld{"GitHub has taken it down for legal reasons (451)"};
      return found;
    }
    if (answer->status != 200 || !answer->value.is_object()) continue;
    CF_TRY(Repository repository, repository_from_rest(answer->value.get_object()));
    if (!ref.node_id.empty() && repository.node_id != ref.node_id) {
      found.otherwise = Gone{"another repository has its name now"};
      continue;
    }
    found.repository = std::move(repository);
    return found;
  }
  return found;
}

// Head and tree of the default branch; false: it has no commit.
Result<bool> read_head(Api& api, const Context& ctx, Repository& repository, Usage& usage) {
  const std::string target = repository_target(repository.owner.login, repository.name) +
                             "/branches/" + http::percent_encode_path(repository.default_branch);
  CF_TRY(const RestAnswer answer, api.get(ctx, {target}, usage));
  if (answer.status != 200) return false;
  const json::Value* head = json::find_path(answer.value, "commit.sha");
  const json::Value* tree = json::find_path(answer.value, "commit.commit.tree.sha");
  const auto head_oid = head ? json::as_string(*head) : std::nullopt;
  const auto tree_oid = tree ? json::as_string(*tree) : std::nullopt;
  if (!head_oid || !tree_oid)
    return Error(Code::unavailable, "GitHub's answer about a branch has no commit");
  repository.head_oid = std::string(*head_oid);
  repository.tree_oid = std::string(*tree_oid);
  return true;
}

Status read_languages(Api& api, const Context& ctx, Details& details, Usage& usage) {
  CF_TRY(const RestAnswer answer,
         api.get(ctx,
                 {repository_target(details.repository.owner.login, details.repository.name) +
                  "/languages"},
                 usage));
  if (answer.status == 200 && answer.value.is_object())
    details.languages = languages_from_rest(answer.value.get_object());
  return Done{};
}

Status read_all(Api& api, const Context& ctx, Draft& draft, Usage& usage) {
  CF_CHECK(read_languages(api, ctx, draft.details, usage));
  CF_TRY(const bool has_commits, read_head(api, ctx, draft.details.repository, usage));
  if (!has_commits) {
    make_empty(draft);
    return Done{};
  }
  CF_CHECK(read_recursive_tree(api, ctx, draft, usage));
  std::vector<BlobNeed> needs;
  for (const DocumentKind kind : kDocumentKinds)
    if (place_document(draft, kind)) needs.push_back({kind, draft.document(kind).oid});
  CF_CHECK(read_raw_blobs(api, ctx, draft, needs, usage));
  return read_raw_blobs(api, ctx, draft, resolve_links(draft), usage);
}

}  // namespace

std::string repository_target(const std::string& owner, const std::string& name) {
  return "/repos/" + http::percent_encode(owner) + "/" + http::percent_encode(name);
}

Status read_recursive_tree(Api& api, const Context& ctx, Draft& draft, Usage& usage) {
  const Repository& repository = draft.details.repository;
  CF_TRY(const RestAnswer answer,
         api.get(ctx,
                 {repository_target(repository.owner.login, repository.name) + "/git/trees/" +
                  repository.tree_oid.value_or("") + "?recursive=1"},
                 usage));
  if (answer.status != 200 || !answer.value.is_object())
    return Error(Code::conflict, "GitHub has no tree " + repository.tree_oid.value_or("") + " of " +
                                     repository.full_name() +
                                     " any more: it changed while it was read");
  CF_TRY(draft.details.tree, entries_from_rest(answer.value.get_object()));
  draft.closed.clear();
  draft.details.tree_completeness = json::find_bool(answer.value, "truncated").value_or(false)
                                        ? Completeness::partial
                                        : Completeness::whole;
  return Done{};
}

Status read_raw_blobs(Api& api, const Context& ctx, Draft& draft,
                      const std::vector<BlobNeed>& needs, Usage& usage) {
  const Repository& repository = draft.details.repository;
  for (const BlobNeed& need : needs) {
    RestCall call{repository_target(repository.owner.login, repository.name) + "/git/blobs/" +
                  need.oid};
    call.accept = "application/vnd.github.raw+json";
    auto answer = api.get(ctx, call, usage);
    Document& document = draft.document(need.kind);
    if (!answer) {
      if (!is_local(answer.error())) return std::move(answer).error();
      document.note = answer.error().message();
      continue;
    }
    if (answer->status != 200) continue;
    if (document.size_bytes == 0) document.size_bytes = std::int64_t(answer->body.size());
    set_bytes(document, std::move(answer->body));
  }
  return Done{};
}

Result<Outcome> fetch_by_rest(Api& api, const Context& ctx, const RepositoryRef& ref,
                              Usage& usage) {
  CF_TRY(Found found, find_repository(api, ctx, ref, usage));
  if (!found.repository) return std::move(found.otherwise);
  Draft draft;
  draft.details.repository = *std::move(found.repository);
  auto read = read_all(api, ctx, draft, usage);
  if (!read) {
    if (!is_local(read.error())) return std::move(read).error();
    return Outcome(Unknown{std::move(read).error()});
  }
  return Outcome(finish(std::move(draft)));
}

}  // namespace cloudfolio::github

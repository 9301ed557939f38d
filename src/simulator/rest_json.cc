#include "simulator/rest_json.h"

#include <array>
#include <cstdio>

#include "crypto/encoding.h"
#include "simulator/licenses.h"

namespace cloudfolio::simulator {
namespace {

constexpr std::size_t kContentBytesMax = 1u << 20;

// Key and what follows the repository's own address.
constexpr std::array<std::pair<std::string_view, std::string_view>, 37> kRepositoryUrls{{
    {"archive_url", "/{archive_format}{/ref}"},
    {"assignees_url", "/assignees{/user}"},
    {"blobs_url", "/git/blobs{/sha}"},
    {"branches_url", "/branches{/branch}"},
    {"collaborators_url", "/collaborators{/collaborator}"},
    {"comments_url", "/comments{/number}"},
    {"commits_url", "/commits{/sha}"},
    {"compare_url", "/compare/{base}...{head}"},
    {"contents_url", "/contents/{+path}"},
    {"contributors_url", "/contributors"},
    {"deployments_url", "/deployments"},
    {"downloads_url", "/downloads"},
    {"events_url", "/events"},
    {"forks_url", "/forks"},
    {"git_commits_url", "/git/commits{/sha}"},
    {"git_refs_url", "/git/refs{/sha}"},
    {"git_tags_url", "/git/tags{/sha}"},
    {"hooks_url", "/hooks"},
    {"issue_comment_url", "/issues/comments{/number}"},
    {"issue_events_url", "/issues/events{/number}"},
    {"issues_url", "/issues{/number}"},
    {"keys_url", "/keys{/key_id}"},
    {"labels_url", "/labels{/name}"},
    {"languages_url", "/languages"},
    {"merges_url", "/merges"},
    {"milestones_url", "/milestones{/number}"},
    {"notifications_url", "/notifications{?since,all,participating}"},
    {"pulls_url", "/pulls{/number}"},
    {"releases_url", "/releases{/id}"},
    {"stargazers_url", "/stargazers"},
    {"statuses_url", "/statuses/{sha}"},
    {"subscribers_url", "/subscribers"},
    {"subscription_url", "/subscription"},
    {"tags_url", "/tags"},
    {"teams_url", "/teams"},
    {"trees_url", "/git/trees{/sha}"},
    {"url", ""},
}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kUserUrls{{
    {"url", ""},
    {"followers_url", "/followers"},
    {"following_url", "/following{/other_user}"},
    {"gists_url", "/gists{/gist_id}"},
    {"starred_url", "/starred{/owner}{/repo}"},
    {"subscriptions_url", "/subscriptions"},
    {"organizations_url", "/orgs"},
    {"repos_url", "/repos"},
    {"events_url", "/events{/privacy}"},
    {"received_events_url", "/received_events"},
    {"user_view_type", "public"},
}};

json::Value text_or_null(const std::optional<std::string>& text) {
  return text ? json::Value(*text) : json::Value(nullptr);
}

json::Value license_json(const RepositoryState& repository, const RestPlaces& places) {
  const auto license = license_from(repository.license);
  if (!license) return nullptr;
  json::Object out;
  out["key"] = license->key;
  out["name"] = license->name;
  out["spdx_id"] = license->spdx_id;
  out["url"] = license->is_pseudo ? json::Value(nullptr)
                                  : json::Value(places.api + "/licenses/" + license->key);
  out["node_id"] = license_node_id(*license);
  return out;
}

json::Object signature_json(const std::string& login, const std::string& when) {
  return {{"name", login}, {"email", login + "@users.noreply.github.com"}, {"date", when}};
}

}  // namespace

std::string repository_url(const RepositoryState& repository, const RestPlaces& places) {
  return places.api + "/repos/" + repository.owner + "/" + repository.name;
}

json::Object user_json(const AccountState& account, const RestPlaces& places) {
  const std::string url = places.api + "/users/" + account.login;
  json::Object out;
  out["login"] = account.login;
  out["id"] = account.database_id;
  out["node_id"] = account.node_id;
  out["avatar_url"] =
      "https://avatars.githubusercontent.com/u/" + std::to_string(account.database_id);
  out["gravatar_id"] = "";
  out["html_url"] = places.html + "/" + account.login;
  for (const auto& [key, suffix] : kUserUrls) out[key] = url + std::string(suffix);
  out["user_view_type"] = "public";
  out["type"] = account.is_organization ? "Organization" : "User";
  out["site_admin"] = false;
  return out;
}

json::Object public_user_json(const AccountState& account, std::int64_t repositories_count,
                              const RestPlaces& places) {
  json::Object out = user_json(account, places);
  out["name"] = account.login;
  for (const std::string_view key : {"company", "location", "email", "hireable", "bio"})
    out[key] = nullptr;
  out["blog"] = "";
  out["public_repos"] = repositories_count;
  for (const std::string_view key : {"public_gists", "followers", "following"}) out[key] = 0;
  out["created_at"] = account.created_at;
  out["updated_at"] = account.updated_at;
  return out;
}

json::Object repository_json(const RepositoryState& repository, const AccountState& owner,
                             const RestPlaces& places, RepositoryForm form) {
  const std::string full_name = repository.owner + "/" + repository.name;
  const std::string url = repository_url(repository, places);
  json::Object out;
  out["id"] = repository.database_id;
  out["node_id"] = repository.node_id;
  out["name"] = repository.name;
  out["full_name"] = full_name;
  out["private"] = repository.is_private;
  out["owner"] = user_json(owner, places);
  out["html_url"] = places.html + "/" + full_name;
  out["description"] = text_or_null(repository.description);
  out["fork"] = repository.is_fork;
  for (const auto& [key, suffix] : kRepositoryUrls) out[key] = url + std::string(suffix);
  out["git_url"] = "git://github.com/" + full_name + ".git";
  out["ssh_url"] = "git@github.com:" + full_name + ".git";
  out["clone_url"] = places.html + "/" + full_name + ".git";
  out["svn_url"] = places.html + "/" + full_name;
  out["created_at"] = repository.created_at;
  out["updated_at"] = repository.updated_at;
  out["pushed_at"] = repository.pushed_at;
  out["homepage"] = text_or_null(repository.homepage);
  out["size"] = repository.size_kib;
  for (const std::string_view key : {"stargazers_count", "watchers_count", "forks_count",
                                     "open_issues_count", "forks", "open_issues", "watchers"})
    out[key] = 0;
  out["language"] = repository.languages.empty() ? json::Value(nullptr)
                                                 : json::Value(repository.languages.front().first);
  for (const std::string_view key : {"has_issues", "has_projects", "has_downloads", "has_wiki"})
    out[key] = true;
  out["has_pages"] = false;
  out["has_discussions"] = false;
  out["mirror_url"] = nullptr;
  out["archived"] = repository.is_archived;
  out["disabled"] = repository.is_disabled;
  out["license"] = license_json(repository, places);
  out["allow_forking"] = true;
  out["is_template"] = repository.is_template;
  out["web_commit_signoff_required"] = false;
  json::Array topics;
  for (const std::string& topic : repository.topics) topics.emplace_back(topic);
  out["topics"] = std::move(topics);
  out["visibility"] = repository.is_private ? "private" : "public";
  out["default_branch"] = repository.default_branch;
  if (form == RepositoryForm::full) {
    out["temp_clone_token"] = nullptr;
    out["network_count"] = 0;
    out["subscribers_count"] = 0;
  }
  return out;
}

json::Object commit_json(const RepositoryState& repository, const AccountState& owner,
                         const CommitState& commit, const RestPlaces& places) {
  const std::string url = repository_url(repository, places);
  const std::string html =
      places.html + "/" + repository.owner + "/" + repository.name + "/commit/" + commit.oid;
  json::Object inner;
  inner["author"] = signature_json(repository.owner, commit.committed_at);
  inner["committer"] = signature_json(repository.owner, commit.committed_at);
  inner["message"] = commit.message;
  inner["tree"] = json::Object{{"sha", commit.files->root_oid()},
                               {"url", url + "/git/trees/" + commit.files->root_oid()}};
  inner["url"] = url + "/git/commits/" + commit.oid;
  inner["comment_count"] = 0;
  inner["verification"] = json::Object{{"verified", false},
                                       {"reason", "unsigned"},
                                       {"signature", nullptr},
                                       {"payload", nullptr},
                                       {"verified_at", nullptr}};
  json::Object out;
  out["sha"] = commit.oid;
  out["node_id"] = "C_kwDO" + crypto::to_base64url(commit.oid);
  out["commit"] = std::move(inner);
  out["url"] = url + "/commits/" + commit.oid;
  out["html_url"] = html;
  out["comments_url"] = url + "/commits/" + commit.oid + "/comments";
  out["author"] = user_json(owner, places);
  out["committer"] = user_json(owner, places);
  json::Array parents;
  if (!commit.parent_oid.empty())
    parents.push_back(json::Object{{"sha", commit.parent_oid},
                                   {"url", url + "/commits/" + commit.parent_oid},
                                   {"html_url", html}});
  out["parents"] = std::move(parents);
  return out;
}

json::Object branch_json(const RepositoryState& repository, const AccountState& owner,
                         const RestPlaces& places) {
  const std::string url =
      repository_url(repository, places) + "/branches/" + repository.default_branch;
  json::Object out;
  out["name"] = repository.default_branch;
  out["commit"] = commit_json(repository, owner, *repository.head(), places);
  out["_links"] =
      json::Object{{"self", url},
                   {"html", places.html + "/" + repository.owner + "/" + repository.name +
                                "/tree/" + repository.default_branch}};
  out["protected"] = false;
  out["protection"] =
      json::Object{{"enabled", false},
                   {"required_status_checks", json::Object{{"enforcement_level", "off"},
                                                           {"contexts", json::Array()},
                                                           {"checks", json::Array()}}}};
  out["protection_url"] = url + "/protection";
  return out;
}

json::Object tree_json(const RepositoryState& repository, const Snapshot& files,
                       const std::string& tree_oid, bool recursive, std::size_t entries_max,
                       const RestPlaces& places) {
  const std::string url = repository_url(repository, places);
  const std::string folder = files.folder_of(tree_oid).value_or("");
  std::vector<PathItem> items;
  if (recursive)
    items = files.walk(folder);
  else
    for (const TreeItem& item : *files.items_of(folder)) items.push_back({item.name, item});
  json::Array entries;
  for (const auto& [path, item] : items) {
    if (entries.size() >= entries_max) break;
    const ObjectType type = type_of_mode(item.mode);
    char mode[16];
    std::snprintf(mode, sizeof(mode), "%06o", item.mode);
    json::Object entry{
        {"path", path}, {"mode", mode}, {"type", json::String(to_string(type))}, {"sha", item.oid}};
    if (type == ObjectType::blob) entry["size"] = item.size_bytes;
    if (type != ObjectType::commit)
      entry["url"] = url + (type == ObjectType::blob ? "/git/blobs/" : "/git/trees/") + item.oid;
    entries.push_back(std::move(entry));
  }
  return {{"sha", tree_oid},
          {"url", url + "/git/trees/" + tree_oid},
          {"tree", std::move(entries)},
          {"truncated", items.size() > entries_max}};
}

json::Object content_json(const RepositoryState& repository, const TreeItem& item,
                          const std::string& path, const std::string& bytes,
                          const RestPlaces& places) {
  const std::string url = repository_url(repository, places);
  const std::string self = url + "/contents/" + path + "?ref=" + repository.default_branch;
  const std::string git = url + "/git/blobs/" + item.oid;
  const std::string html = places.html + "/" + repository.owner + "/" + repository.name + "/blob/" +
                           repository.default_branch + "/" + path;
  const bool shown = bytes.size() <= kContentBytesMax;
  json::Object out;
  out["name"] = item.name;
  out["path"] = path;
  out["sha"] = item.oid;
  out["size"] = item.size_bytes;
  out["url"] = self;
  out["html_url"] = html;
  out["git_url"] = git;
  out["download_url"] = "https://raw.githubusercontent.com/" + repository.owner + "/" +
                        repository.name + "/" + repository.default_branch + "/" + path;
  out["type"] = "file";
  out["content"] = shown ? crypto::to_base64(bytes) : "";
  out["encoding"] = shown ? "base64" : "none";
  out["_links"] = json::Object{{"self", self}, {"git", git}, {"html", html}};
  return out;
}

}  // namespace cloudfolio::simulator

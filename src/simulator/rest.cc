#include "simulator/rest.h"

#include <algorithm>
#include <charconv>
#include <functional>

#include "crypto/encoding.h"
#include "http/router.h"
#include "http/url.h"

namespace cloudfolio::simulator {
namespace {

using http::Request;
using http::Response;

bool visible(const RestView& view, const RepositoryState& repository) {
  return !repository.is_private ||
         (view.sees_private && view.viewer && folded(*view.viewer) == folded(repository.owner));
}

std::size_t number_of(const Request& request, std::string_view name, std::size_t otherwise) {
  const auto text = request.find_query(name);
  std::size_t number = 0;
  if (!text) return otherwise;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), number);
  return read.ec == std::errc() ? number : otherwise;
}

bool wants_raw(const Request& request) {
  const auto accept = request.headers.find("Accept");
  return accept && accept->find("raw") != std::string_view::npos;
}

Response raw(std::string bytes) {
  return {
      200, {{"Content-Type", "application/vnd.github.raw+json; charset=utf-8"}}, std::move(bytes)};
}

// The repository that the path names; or the answer that says why not.
struct Named {
  RepositoryState* repository = nullptr;
  Response refusal;
};

Named refuse(Response response) {
  return {nullptr, std::move(response)};
}

Named settle(RestView& view, RepositoryState* repository) {
  if (!repository || !visible(view, *repository)) return refuse(rest_error(404, "Not Found"));
  if (repository->is_taken_down) {
    Response response = rest_json(
        451, json::Object{{"message", "Repository access blocked"},
                          {"block", json::Object{{"reason", "dmca"},
                                                 {"created_at", repository->updated_at},
                                                 {"html_url", "https://github.com/github/dmca"}}}});
    return refuse(std::move(response));
  }
  if (const auto forbidden = view.faults.peek("forbidden");
      forbidden && is_target(*repository, *forbidden))
    return refuse(rest_error(403, "Resource not accessible by personal access token"));
  return {repository, {}};
}

Named named(RestView& view, const Request& request) {
  const std::string owner(request.path_parameter("owner"));
  const std::string name(request.path_parameter("repo"));
  if (RepositoryState* renamed = view.world.find_renamed(owner, name);
      renamed && !view.world.find(owner, name)) {
    // GitHub leads to the address by id, with the rest of the path kept.
    const std::string before = "/repos/" + owner + "/" + name;
    const std::string rest =
        request.target.size() > before.size() ? request.target.substr(before.size()) : "";
    const std::string location =
        view.places.api + "/repositories/" + std::to_string(renamed->database_id) + rest;
    Response moved = rest_json(
        301, json::Object{
                 {"message", "Moved Permanently"},
                 {"url", location},
                 {"documentation_url",
                  "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api"}});
    moved.headers.set("Location", location);
    return refuse(std::move(moved));
  }
  return settle(view, view.world.find(owner, name));
}

Named by_id(RestView& view, const Request& request) {
  std::int64_t id = 0;
  const std::string_view text = request.path_parameter("id");
  std::from_chars(text.data(), text.data() + text.size(), id);
  return settle(view, view.world.find_id(id));
}

Response list(RestView& view, const Request& request, std::vector<RepositoryState*> all) {
  const std::string sort(request.find_query("sort").value_or("full_name"));
  const std::string direction(
      request.find_query("direction").value_or(sort == "full_name" ? "asc" : "desc"));
  const auto key = [&](const RepositoryState& repository) {
    if (sort == "pushed") return repository.pushed_at;
    if (sort == "updated") return repository.updated_at;
    if (sort == "created") return repository.created_at;
    return folded(repository.owner + "/" + repository.name);
  };
  std::stable_sort(all.begin(), all.end(), [&](const auto* one, const auto* other) {
    const auto one_key = std::make_pair(key(*one), one->database_id);
    const auto other_key = std::make_pair(key(*other), other->database_id);
    return direction == "desc" ? other_key < one_key : one_key < other_key;
  });
  const std::size_t per_page = std::clamp<std::size_t>(number_of(request, "per_page", 30), 1, 100);
  const std::size_t page = std::max<std::size_t>(1, number_of(request, "page", 1));
  const std::size_t pages = std::max<std::size_t>(1, (all.size() + per_page - 1) / per_page);
  json::Array out;
  for (std::size_t at = (page - 1) * per_page; at < std::min(all.size(), page * per_page); ++at)
    out.push_back(repository_json(*all[at], *view.world.find_account(all[at]->owner), view.places,
                                  RepositoryForm::minimal));
  Response response = rest_json(200, out);
  std::string link;
  const auto add_link = [&](std::size_t to, std::string_view relation) {
    http::QueryParameters query = request.query;
    std::erase_if(query, [](const auto& one) { return one.first == "page"; });
    query.emplace_back("page", std::to_string(to));
    if (!link.empty()) link += ", ";
    link += "<" + view.places.api + request.path + "?" + http::build_query(query) + ">; rel=\"" +
            std::string(relation) + "\"";
  };
  if (page > 1) add_link(page - 1, "prev");
  if (page < pages) add_link(page + 1, "next"), add_link(pages, "last");
  if (page > 1) add_link(1, "first");
  if (!link.empty()) response.headers.set("Link", link);
  return response;
}

Response user(RestView& view, std::string_view login) {
  const AccountState* account = view.world.find_account(login);
  if (!account) return rest_error(404, "Not Found");
  std::int64_t count = 0;
  for (const RepositoryState* repository : view.world.repositories_of(login))
    if (!repository->is_private) ++count;
  return rest_json(200, public_user_json(*account, count, view.places));
}

Response user_repositories(RestView& view, const Request& request) {
  const std::string_view login = request.path_parameter("login");
  if (!view.world.find_account(login)) return rest_error(404, "Not Found");
  auto all = view.world.repositories_of(login);
  std::erase_if(all, [](const auto* repository) { return repository->is_private; });
  return list(view, request, std::move(all));
}

Response own_repositories(RestView& view, const Request& request) {
  if (!view.viewer) return rest_error(401, "Requires authentication");
  auto all = view.world.repositories_of(*view.viewer);
  std::erase_if(all, [&](const auto* repository) { return !visible(view, *repository); });
  return list(view, request, std::move(all));
}

Response repository(RestView& view, RepositoryState& found) {
  return rest_json(200, repository_json(found, *view.world.find_account(found.owner), view.places,
                                        RepositoryForm::full));
}

Response languages(RepositoryState& found) {
  json::Object out;
  for (const auto& [name, size] : found.languages) out[name] = size;
  return rest_json(200, out);
}

Response tree(RestView& view, const Request& request, RepositoryState& found) {
  if (!found.head()) return rest_error(409, "Git Repository is empty.");
  const std::string revision(request.path_parameter("sha"));
  const CommitState* commit = found.find_commit(revision);
  const CommitState* with_tree = commit ? commit : found.commit_with_tree(revision);
  if (!with_tree) return rest_error(404, "Not Found");
  const std::string oid = commit ? commit->files->root_oid() : revision;
  const std::size_t entries_max =
      std::size_t(view.faults.peek_number("truncated-tree").value_or(100'000));
  return rest_json(
      200, tree_json(found, *with_tree->files, oid, request.find_query("recursive").has_value(),
                     entries_max, view.places));
}

Response blob(RestView& view, const Request& request, RepositoryState& found) {
  const std::string oid(request.path_parameter("sha"));
  const auto object = found.find_object(oid);
  if (!object || object->type != ObjectType::blob) return rest_error(404, "Not Found");
  std::string bytes = view.world.blob_bytes(*object);
  if (wants_raw(request)) return raw(std::move(bytes));
  return rest_json(200,
                   json::Object{{"sha", oid},
                                {"node_id", "B_kwDO" + crypto::to_base64url(oid)},
                                {"size", object->size_bytes},
                                {"url", repository_url(found, view.places) + "/git/blobs/" + oid},
                                {"content", crypto::to_base64(bytes)},
                                {"encoding", "base64"}});
}

Response file(RestView& view, const Request& request, RepositoryState& found,
              const CommitState& commit, const std::string& path) {
  const TreeItem* item = commit.files->find_item(path);
  const std::string bytes = view.world.blob_bytes({ObjectType::blob, item->oid, item->size_bytes});
  if (wants_raw(request)) return raw(bytes);
  return rest_json(200, content_json(found, *item, path, bytes, view.places));
}

Response contents(RestView& view, const Request& request, RepositoryState& found) {
  const std::string path(request.path_parameter("path"));
  const CommitState* commit = found.find_commit(request.find_query("ref").value_or("HEAD"));
  if (!commit)
    return rest_error(404,
                      found.head() ? "No commit found for the ref" : "This repository is empty.");
  const auto object = commit->files->find_path(path);
  if (!object) return rest_error(404, "Not Found");
  if (object->type == ObjectType::blob) return file(view, request, found, *commit, path);
  json::Array out;
  for (const TreeItem& item : *commit->files->items_of(path)) {
    json::Object entry = content_json(
        found, item, path.empty() ? item.name : path + "/" + item.name, "", view.places);
    entry.erase("content");
    entry.erase("encoding");
    const ObjectType type = type_of_mode(item.mode);
    entry["type"] = type == ObjectType::tree     ? "dir"
                    : type == ObjectType::commit ? "submodule"
                                                 : "file";
    if (type != ObjectType::blob) entry["download_url"] = nullptr;
    out.push_back(std::move(entry));
  }
  return rest_json(200, out);
}

Response readme(RestView& view, const Request& request, RepositoryState& found) {
  const CommitState* commit = found.head();
  if (commit)
    for (const TreeItem& item : *commit->files->items_of(""))
      if (folded(item.name).starts_with("readme") && type_of_mode(item.mode) == ObjectType::blob)
        return file(view, request, found, *commit, item.name);
  return rest_error(404, "Not Found");
}

Response reference(RestView& view, const Request& request, RepositoryState& found) {
  const std::string ref(request.path_parameter("ref"));
  if (!found.head()) return rest_error(409, "Git Repository is empty.");
  if (ref != "heads/" + found.default_branch) return rest_error(404, "Not Found");
  const std::string url = repository_url(found, view.places);
  return rest_json(
      200,
      json::Object{{"ref", "refs/" + ref},
                   {"node_id", "REF_kwDO" + crypto::to_base64url(ref)},
                   {"url", url + "/git/refs/" + ref},
                   {"object", json::Object{{"sha", found.head()->oid},
                                           {"type", "commit"},
                                           {"url", url + "/git/commits/" + found.head()->oid}}}});
}

Response commit(RestView& view, const Request& request, RepositoryState& found) {
  if (!found.head()) return rest_error(409, "Git Repository is empty.");
  const std::string revision(request.path_parameter("ref"));
  const CommitState* at = found.find_commit(revision);
  if (!at) return rest_error(422, "No commit found for SHA: " + revision);
  return rest_json(200,
                   commit_json(found, *view.world.find_account(found.owner), *at, view.places));
}

Response branch(RestView& view, const Request& request, RepositoryState& found) {
  if (!found.head() || request.path_parameter("branch") != found.default_branch)
    return rest_error(404, "Branch not found");
  return rest_json(200, branch_json(found, *view.world.find_account(found.owner), view.places));
}

Response topics(RepositoryState& found) {
  json::Array names;
  for (const std::string& topic : found.topics) names.emplace_back(topic);
  return rest_json(200, json::Object{{"names", std::move(names)}});
}

}  // namespace

Response rest_json(int status, const json::Value& body) {
  return {status, {{"Content-Type", "application/json; charset=utf-8"}}, json::write(body)};
}

Response rest_error(int status, const std::string& message, const std::string& documentation) {
  return rest_json(status, json::Object{{"message", message},
                                        {"documentation_url", documentation},
                                        {"status", std::to_string(status)}});
}

void add_rest_routes(http::Router& router, CurrentView view) {
  const auto get = [&](const std::string& pattern, std::string_view name, auto answer) {
    router.add(http::Method::get, pattern, name,
               [view, answer](const Request& request) { return answer(view(), request); });
  };
  get("/users/{login}", "user", [](RestView& at, const Request& request) {
    return user(at, request.path_parameter("login"));
  });
  get("/users/{login}/repos", "user_repositories", user_repositories);
  get("/user", "own_user", [](RestView& at, const Request&) {
    return at.viewer ? user(at, *at.viewer) : rest_error(401, "Requires authentication");
  });
  get("/user/repos", "own_repositories", own_repositories);
  get("/meta", "meta", [](RestView&, const Request&) {
    return rest_json(200, json::Object{{"verifiable_password_authentication", false}});
  });
  // Every route of a repository is there by name and by id.
  using OfRepository = Response (*)(RestView&, const Request&, RepositoryState&);
  const std::pair<std::string, OfRepository> routes[] = {
      {"", [](RestView& at, const Request&, RepositoryState& it) { return repository(at, it); }},
      {"/languages", [](RestView&, const Request&, RepositoryState& it) { return languages(it); }},
      {"/topics", [](RestView&, const Request&, RepositoryState& it) { return topics(it); }},
      {"/contents", contents},
      {"/contents/{path*}", contents},
      {"/readme", readme},
      {"/git/trees/{sha}", tree},
      {"/git/blobs/{sha}", blob},
      {"/git/ref/{ref*}", reference},
      {"/commits/{ref*}", commit},
      {"/branches/{branch*}", branch},
  };
  for (const auto& [suffix, answer] : routes) {
    get("/repos/{owner}/{repo}" + suffix, "repository" + suffix,
        [answer = answer](RestView& at, const Request& request) {
          Named it = named(at, request);
          return it.repository ? answer(at, request, *it.repository) : std::move(it.refusal);
        });
    get("/repositories/{id}" + suffix, "repository_by_id" + suffix,
        [answer = answer](RestView& at, const Request& request) {
          Named it = by_id(at, request);
          return it.repository ? answer(at, request, *it.repository) : std::move(it.refusal);
        });
  }
}

}  // namespace cloudfolio::simulator

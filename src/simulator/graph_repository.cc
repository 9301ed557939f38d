#include <algorithm>

#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "simulator/graph_objects.h"

namespace cloudfolio::simulator {
namespace {

struct ObjectPlace {
  GraphView& view;
  RepositoryState& repository;
  std::int64_t position;
};

GraphNode object_node(const ObjectPlace& at, const FoundObject& object);

std::string object_node_id(const RepositoryState& repository, const std::string& oid) {
  return "O_kwDO" + crypto::to_base64url(std::to_string(repository.database_id) + ":" + oid);
}

std::optional<GraphNode> object_or_null(const ObjectPlace& at,
                                        const std::optional<FoundObject>& object) {
  if (!object) return std::nullopt;
  return object_node(at, *object);
}

GraphNode entry_node(const ObjectPlace& at, const TreeItem& item, const std::string& folder) {
  return {"TreeEntry", [at, &item, folder](const FieldCall& call) -> FieldResult {
            if (call.field == "name") return item.name;
            if (call.field == "path") return folder.empty() ? item.name : folder + "/" + item.name;
            if (call.field == "mode") return std::int64_t(item.mode);
            if (call.field == "type") return json::String(to_string(type_of_mode(item.mode)));
            if (call.field == "oid") return item.oid;
            if (call.field == "size") return item.size_bytes;
            const ObjectType type = type_of_mode(item.mode);
            if (type == ObjectType::commit) return std::optional<GraphNode>();  // A submodule.
            return object_node(at, {type, item.oid, item.size_bytes});
          }};
}

FieldResult tree_field(const ObjectPlace& at, const FoundObject& object, const FieldCall& call) {
  // "entries" is the only field of its own.
  const CommitState* commit = at.repository.commit_with_tree(object.oid);
  std::vector<ListElement> entries;
  if (call.field != "entries" || !commit) return entries;
  const std::string folder = *commit->files->folder_of(object.oid);
  for (const TreeItem& item : *commit->files->items_of(folder))
    entries.push_back({entry_node(at, item, folder), std::nullopt});
  return entries;
}

FieldResult blob_field(const ObjectPlace& at, const FoundObject& object, const FieldCall& call) {
  if (call.field == "byteSize") return object.size_bytes;
  const bool known = at.view.world.has_text(object.oid);
  if (call.field == "isTruncated")
    return std::size_t(object.size_bytes) > kBlobTextBytesMax &&
           (!known || is_text(at.view.world.blob_bytes(object)));
  std::string bytes = at.view.world.blob_bytes(object);
  if (call.field == "isBinary") return !is_text(bytes);
  if (at.view.refuse_text)
    if (auto error = at.view.refuse_text(at.repository, at.position))
      return FieldResult::failed(*std::move(error));
  if (!is_text(bytes)) return nullptr;
  if (bytes.size() > kBlobTextBytesMax) {
    bytes.resize(kBlobTextBytesMax);
    while (!is_text(bytes)) bytes.pop_back();  // Never a part of a character.
  }
  return bytes;
}

FieldResult commit_field(const ObjectPlace& at, const FoundObject& object, const FieldCall& call) {
  const CommitState* commit = at.repository.find_commit(object.oid);
  if (!commit) return nullptr;
  if (call.field == "committedDate" || call.field == "authoredDate") return commit->committed_at;
  if (call.field == "message") return commit->message;
  if (call.field == "tree")
    return object_node(at, {ObjectType::tree, commit->files->root_oid(), 0});
  const std::string path(call.text("path").value_or(""));
  const TreeItem* item = commit->files->find_item(path);
  if (!item) return std::optional<GraphNode>();
  const auto slash = path.rfind('/');
  return entry_node(at, *item, slash == std::string::npos ? "" : path.substr(0, slash));
}

GraphNode object_node(const ObjectPlace& at, const FoundObject& object) {
  const std::string_view type = object.type == ObjectType::blob   ? "Blob"
                                : object.type == ObjectType::tree ? "Tree"
                                                                  : "Commit";
  return {type, [at, object](const FieldCall& call) -> FieldResult {
            if (call.field == "id") return object_node_id(at.repository, object.oid);
            if (call.field == "oid") return object.oid;
            if (call.field == "abbreviatedOid") return object.oid.substr(0, 7);
            if (call.field == "repository")
              return repository_node(at.view, at.repository, at.position);
            switch (object.type) {
              case ObjectType::blob:
                return blob_field(at, object, call);
              case ObjectType::tree:
                return tree_field(at, object, call);
              case ObjectType::commit:
                return commit_field(at, object, call);
            }
            return nullptr;
          }};
}

GraphNode branch_node(const ObjectPlace& at) {
  return {"Ref", [at](const FieldCall& call) -> FieldResult {
            const RepositoryState& repository = at.repository;
            if (call.field == "id")
              return "REF_kwDO" + crypto::to_base64url(std::to_string(repository.database_id) +
                                                       ":" + repository.default_branch);
            if (call.field == "name") return repository.default_branch;
            if (call.field == "prefix") return "refs/heads/";
            if (call.field == "repository")
              return repository_node(at.view, at.repository, at.position);
            return object_node(at, {ObjectType::commit, repository.head()->oid, 0});
          }};
}

GraphNode language_node(const std::string& name) {
  return {"Language", [name](const FieldCall& call) -> FieldResult {
            if (call.field == "id") return "MDg6TGFuZ3VhZ2U" + crypto::to_base64url(name);
            if (call.field == "name") return name;
            return nullptr;  // color
          }};
}

GraphNode languages_node(const RepositoryState& repository, const FieldCall& call) {
  auto languages = repository.languages;
  const json::Object* order = json::find_object(call.arguments, "orderBy");
  if (order && json::find_string(*order, "direction") == "ASC")
    std::reverse(languages.begin(), languages.end());
  const Window window = window_of(call, languages.size());
  return {"LanguageConnection", [languages, window](const FieldCall& asked) -> FieldResult {
            if (asked.field == "totalCount") return std::int64_t(languages.size());
            if (asked.field == "pageInfo") return page_info_node(window);
            if (asked.field == "totalSize") {
              std::int64_t total = 0;
              for (const auto& [name, size] : languages) total += size;
              return total;
            }
            std::vector<ListElement> elements;
            for (std::size_t at = window.from; at < window.to; ++at) {
              const auto& [name, size] = languages[at];
              if (asked.field == "nodes") {
                elements.push_back({language_node(name), std::nullopt});
                continue;
              }
              GraphNode edge{"LanguageEdge",
                             [name = name, size = size,
                              cursor = cursor_of(at)](const FieldCall& inner) -> FieldResult {
                               if (inner.field == "cursor") return cursor;
                               if (inner.field == "size") return size;
                               return language_node(name);
                             }};
              elements.push_back({std::move(edge), std::nullopt});
            }
            return elements;
          }};
}

GraphNode topic_node(const std::string& name) {
  return {"Topic", [name](const FieldCall& call) -> FieldResult {
            if (call.field == "id") return "T_kwDO" + crypto::to_base64url(name);
            if (call.field == "stargazerCount") return std::int64_t(0);
            return name;
          }};
}

GraphNode repository_topic_node(const GraphView& view, const std::string& name) {
  return {"RepositoryTopic", [origin = view.origin, name](const FieldCall& call) -> FieldResult {
            if (call.field == "id") return "RT_kwDO" + crypto::to_base64url(name);
            if (call.field == "url") return origin + "/topics/" + name;
            if (call.field == "resourcePath") return "/topics/" + name;
            return topic_node(name);
          }};
}

GraphNode topics_node(const GraphView& view, const RepositoryState& repository,
                      const FieldCall& call) {
  const Window window = window_of(call, repository.topics.size());
  return {"RepositoryTopicConnection",
          [&view, topics = repository.topics, window](const FieldCall& asked) -> FieldResult {
            if (asked.field == "totalCount") return std::int64_t(topics.size());
            if (asked.field == "pageInfo") return page_info_node(window);
            std::vector<ListElement> elements;
            for (std::size_t at = window.from; at < window.to; ++at) {
              GraphNode node = repository_topic_node(view, topics[at]);
              if (asked.field == "nodes") {
                elements.push_back({std::move(node), std::nullopt});
                continue;
              }
              GraphNode edge{"RepositoryTopicEdge",
                             [node, cursor = cursor_of(at)](const FieldCall& inner) -> FieldResult {
                               if (inner.field == "cursor") return cursor;
                               return node;
                             }};
              elements.push_back({std::move(edge), std::nullopt});
            }
            return elements;
          }};
}

FieldResult flag_field(const RepositoryState& repository, std::string_view field) {
  if (field == "isArchived") return repository.is_archived;
  if (field == "isDisabled") return repository.is_disabled;
  if (field == "isEmpty") return repository.commits.empty();
  if (field == "isFork") return repository.is_fork;
  if (field == "isPrivate") return repository.is_private;
  if (field == "isTemplate") return repository.is_template;
  return false;  // isLocked, isMirror
}

std::optional<FieldResult> plain_field(const GraphView& view, const RepositoryState& repository,
                                       std::string_view field) {
  const auto text_or_null = [](const std::optional<std::string>& text) {
    return text ? FieldResult(*text) : FieldResult(nullptr);
  };
  if (field == "id") return FieldResult(repository.node_id);
  if (field == "databaseId") return FieldResult(repository.database_id);
  if (field == "name") return FieldResult(repository.name);
  if (field == "nameWithOwner") return FieldResult(repository.owner + "/" + repository.name);
  if (field == "url")
    return FieldResult(view.origin + "/" + repository.owner + "/" + repository.name);
  if (field == "resourcePath") return FieldResult("/" + repository.owner + "/" + repository.name);
  if (field == "description") return text_or_null(repository.description);
  if (field == "homepageUrl") return text_or_null(repository.homepage);
  if (field == "createdAt") return FieldResult(repository.created_at);
  if (field == "updatedAt") return FieldResult(repository.updated_at);
  if (field == "pushedAt") return FieldResult(repository.pushed_at);
  if (field == "diskUsage") return FieldResult(repository.size_kib);
  if (field == "forkingAllowed") return FieldResult(true);
  if (field == "forkCount" || field == "stargazerCount") return FieldResult(std::int64_t(0));
  if (field == "visibility") return FieldResult(visibility_of(repository));
  if (field.starts_with("is")) return flag_field(repository, field);
  return std::nullopt;
}

}  // namespace

bool is_text(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto lead = static_cast<unsigned char>(bytes[at]);
    if (lead == 0) return false;
    std::size_t more = lead < 0x80 ? 0 : lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc2 ? 1 : 9;
    if (more == 9 || lead > 0xf4 || at + more >= bytes.size() + (more == 0 ? 1 : 0)) return false;
    for (std::size_t next = 1; next <= more; ++next)
      if ((static_cast<unsigned char>(bytes[at + next]) & 0xc0) != 0x80) return false;
    at += more + 1;
  }
  return true;
}

GraphNode repository_node(GraphView& view, RepositoryState& repository, std::int64_t position) {
  const ObjectPlace at{view, repository, position};
  return {"Repository", [at](const FieldCall& call) -> FieldResult {
            RepositoryState& here = at.repository;
            if (auto plain = plain_field(at.view, here, call.field)) return *std::move(plain);
            if (call.field == "owner")
              return account_node(at.view, *at.view.world.find_account(here.owner));
            if (call.field == "primaryLanguage") {
              if (here.languages.empty()) return std::optional<GraphNode>();
              return language_node(here.languages.front().first);
            }
            if (call.field == "licenseInfo") {
              const auto license = license_from(here.license);
              return license ? FieldResult(license_node(*license))
                             : FieldResult(std::optional<GraphNode>());
            }
            if (call.field == "defaultBranchRef" || call.field == "ref") {
              const auto name = call.text("qualifiedName");
              const bool is_default = call.field == "defaultBranchRef" ||
                                      name == here.default_branch ||
                                      name == "refs/heads/" + here.default_branch;
              if (!here.head() || !is_default) return std::optional<GraphNode>();
              return branch_node(at);
            }
            if (call.field == "languages") return languages_node(here, call);
            if (call.field == "repositoryTopics") return topics_node(at.view, here, call);
            // object(oid:, expression:)
            if (const auto oid = call.text("oid"))
              return object_or_null(at, here.find_object(*oid));
            return object_or_null(at, here.find_expression(call.text("expression").value_or("")));
          }};
}

}  // namespace cloudfolio::simulator

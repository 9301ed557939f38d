#include "github/decode.h"

#include <algorithm>
#include <charconv>

namespace cloudfolio::github {
namespace {

constexpr std::size_t kTreeDepthMax = 100;

Error missing(std::string_view what, std::string_view field) {
  return Error(Code::unavailable, "GitHub's answer about " + std::string(what) + " has no '" +
                                      std::string(field) + "'");
}

Result<std::string> text_in(const json::Object& object, std::string_view what,
                            std::string_view key) {
  const auto found = json::find_string(object, key);
  if (!found) return missing(what, key);
  return std::string(*found);
}

std::string text_or(const json::Object& object, std::string_view key, std::string otherwise = "") {
  const auto found = json::find_string(object, key);
  return found ? std::string(*found) : std::move(otherwise);
}

// GitHub's null and its "" mean the same.
std::optional<std::string> optional_text(const json::Object& object, std::string_view key) {
  const auto found = json::find_string(object, key);
  if (!found || found->empty()) return std::nullopt;
  return std::string(*found);
}

bool flag(const json::Object& object, std::string_view key) {
  return json::find_bool(object, key).value_or(false);
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  return text;
}

void sort_languages(std::vector<Language>& languages) {
  std::sort(languages.begin(), languages.end(), [](const Language& one, const Language& other) {
    return one.size_bytes != other.size_bytes ? one.size_bytes > other.size_bytes
                                              : one.name < other.name;
  });
  if (languages.size() > kLanguagesMax) languages.resize(kLanguagesMax);
}

std::optional<License> license_from_graph(const json::Object& node, const std::string& rest_base) {
  const json::Object* info = json::find_object(node, "licenseInfo");
  if (!info) return std::nullopt;
  License license;
  license.key = text_or(*info, "key");
  license.name = text_or(*info, "name");
  license.spdx_id = optional_text(*info, "spdxId");
  license.node_id = text_or(*info, "id");
  if (!flag(*info, "pseudoLicense")) license.url = rest_base + "/licenses/" + license.key;
  return license;
}

std::optional<License> license_from_rest(const json::Object& object) {
  const json::Object* info = json::find_object(object, "license");
  if (!info) return std::nullopt;
  License license;
  license.key = text_or(*info, "key");
  license.name = text_or(*info, "name");
  license.spdx_id = optional_text(*info, "spdx_id");
  license.node_id = text_or(*info, "node_id");
  license.url = optional_text(*info, "url");
  return license;
}

TreeEntry::Type type_from(std::string_view text) {
  if (text == "tree") return TreeEntry::Type::tree;
  if (text == "commit") return TreeEntry::Type::commit;
  return TreeEntry::Type::blob;
}

}  // namespace

Result<Owner> owner_from_graph(const json::Object& node, const std::string& rest_base) {
  Owner owner;
  CF_TRY(owner.node_id, text_in(node, "an owner", "id"));
  CF_TRY(owner.login, text_in(node, "an owner", "login"));
  owner.kind =
      text_or(node, "__typename") == "Organization" ? OwnerKind::organization : OwnerKind::user;
  owner.url = rest_base + "/users/" + owner.login;
  return owner;
}

Result<Owner> owner_from_rest(const json::Object& object) {
  Owner owner;
  CF_TRY(owner.node_id, text_in(object, "an owner", "node_id"));
  CF_TRY(owner.login, text_in(object, "an owner", "login"));
  owner.kind =
      text_or(object, "type") == "Organization" ? OwnerKind::organization : OwnerKind::user;
  owner.url = text_or(object, "url");
  return owner;
}

Result<Repository> repository_from_graph(const json::Object& node, const std::string& rest_base) {
  Repository repository;
  CF_TRY(repository.node_id, text_in(node, "a repository", "id"));
  CF_TRY(repository.name, text_in(node, "a repository", "name"));
  const json::Object* owner = json::find_object(node, "owner");
  if (!owner) return missing("a repository", "owner");
  CF_TRY(repository.owner, owner_from_graph(*owner, rest_base));
  repository.database_id = json::find_int(node, "databaseId").value_or(0);
  repository.html_url = text_or(node, "url");
  repository.description = optional_text(node, "description");
  repository.homepage = optional_text(node, "homepageUrl");
  repository.created_at = text_or(node, "createdAt");
  repository.updated_at = text_or(node, "updatedAt");
  repository.pushed_at = text_or(node, "pushedAt");
  repository.size_kib = json::find_int(node, "diskUsage").value_or(0);
  if (const json::Object* language = json::find_object(node, "primaryLanguage"))
    repository.language = optional_text(*language, "name");
  repository.license = license_from_graph(node, rest_base);
  if (const json::Object* topics = json::find_object(node, "repositoryTopics"))
    if (const json::Array* nodes = json::find_array(*topics, "nodes"))
      for (const json::Value& topic : *nodes)
        if (const json::Value* name = json::find_path(topic, "topic.name"))
          if (const auto text = json::as_string(*name)) repository.topics.emplace_back(*text);
  repository.visibility = lower(text_or(node, "visibility"));
  repository.allow_forking = flag(node, "forkingAllowed");
  repository.is_private = flag(node, "isPrivate");
  repository.is_fork = flag(node, "isFork");
  repository.is_archived = flag(node, "isArchived");
  repository.is_disabled = flag(node, "isDisabled");
  repository.is_template = flag(node, "isTemplate");
  repository.default_branch = "main";
  if (const json::Object* branch = json::find_object(node, "defaultBranchRef")) {
    repository.default_branch = text_or(*branch, "name", "main");
    if (const json::Object* target = json::find_object(*branch, "target")) {
      repository.head_oid = optional_text(*target, "oid");
      if (const json::Object* tree = json::find_object(*target, "tree"))
        repository.tree_oid = optional_text(*tree, "oid");
    }
  }
  return repository;
}

Result<Repository> repository_from_rest(const json::Object& object) {
  Repository repository;
  CF_TRY(repository.node_id, text_in(object, "a repository", "node_id"));
  CF_TRY(repository.name, text_in(object, "a repository", "name"));
  const json::Object* owner = json::find_object(object, "owner");
  if (!owner) return missing("a repository", "owner");
  CF_TRY(repository.owner, owner_from_rest(*owner));
  repository.database_id = json::find_int(object, "id").value_or(0);
  repository.html_url = text_or(object, "html_url");
  repository.description = optional_text(object, "description");
  repository.homepage = optional_text(object, "homepage");
  repository.created_at = text_or(object, "created_at");
  repository.updated_at = text_or(object, "updated_at");
  repository.pushed_at = text_or(object, "pushed_at");
  repository.size_kib = json::find_int(object, "size").value_or(0);
  repository.language = optional_text(object, "language");
  repository.license = license_from_rest(object);
  if (const json::Array* topics = json::find_array(object, "topics"))
    for (const json::Value& topic : *topics)
      if (const auto text = json::as_string(topic)) repository.topics.emplace_back(*text);
  repository.is_private = flag(object, "private");
  repository.visibility =
      text_or(object, "visibility", repository.is_private ? "private" : "public");
  repository.allow_forking = json::find_bool(object, "allow_forking").value_or(true);
  repository.is_fork = flag(object, "fork");
  repository.is_archived = flag(object, "archived");
  repository.is_disabled = flag(object, "disabled");
  repository.is_template = flag(object, "is_template");
  repository.default_branch = text_or(object, "default_branch", "main");
  return repository;
}

std::vector<Language> languages_from_graph(const json::Object& node) {
  std::vector<Language> out;
  const json::Object* connection = json::find_object(node, "languages");
  const json::Array* edges = connection ? json::find_array(*connection, "edges") : nullptr;
  if (!edges) return out;
  for (const json::Value& edge : *edges) {
    const json::Value* name = json::find_path(edge, "node.name");
    const auto text = name ? json::as_string(*name) : std::nullopt;
    if (text) out.push_back({std::string(*text), json::find_int(edge, "size").value_or(0)});
  }
  sort_languages(out);
  return out;
}

std::vector<Language> languages_from_rest(const json::Object& object) {
  std::vector<Language> out;
  for (const auto& item : object)
    if (const auto size = json::as_int(item.value()))
      out.push_back({std::string(item.key()), *size});
  sort_languages(out);
  return out;
}

namespace {

Status add_entries(const json::Object& tree, const std::string& folder, std::size_t depth,
                   std::vector<TreeEntry>& entries, std::vector<ClosedTree>& closed) {
  const json::Array* list = json::find_array(tree, "entries");
  if (!list || depth > kTreeDepthMax) return missing("a tree", "entries");
  for (const json::Value& item : *list) {
    const json::Object* object = item.if_object();
    if (!object) return missing("a tree", "entries");
    TreeEntry entry;
    CF_TRY(const std::string name, text_in(*object, "a tree's entry", "name"));
    CF_TRY(entry.oid, text_in(*object, "a tree's entry", "oid"));
    entry.path = folder.empty() ? name : folder + "/" + name;
    entry.mode = std::uint32_t(json::find_int(*object, "mode").value_or(0));
    entry.type = type_from(text_or(*object, "type"));
    if (entry.type == TreeEntry::Type::blob) entry.size_bytes = json::find_int(*object, "size");
    const std::string path = entry.path;
    const std::string oid = entry.oid;
    const bool is_tree = entry.type == TreeEntry::Type::tree;
    entries.push_back(std::move(entry));
    if (!is_tree) continue;
    const json::Object* below = json::find_object(*object, "object");
    if (below && json::find_array(*below, "entries")) {
      CF_CHECK(add_entries(*below, path, depth + 1, entries, closed));
    } else {
      closed.push_back({path, oid});
    }
  }
  return Done{};
}

}  // namespace

Status entries_from_graph(const json::Object& tree, const std::string& folder,
                          std::vector<TreeEntry>& entries, std::vector<ClosedTree>& closed) {
  return add_entries(tree, folder, 0, entries, closed);
}

Result<std::vector<TreeEntry>> entries_from_rest(const json::Object& tree) {
  const json::Array* list = json::find_array(tree, "tree");
  if (!list) return missing("a tree", "tree");
  std::vector<TreeEntry> entries;
  for (const json::Value& item : *list) {
    const json::Object* object = item.if_object();
    if (!object) return missing("a tree", "tree");
    TreeEntry entry;
    CF_TRY(entry.path, text_in(*object, "a tree's entry", "path"));
    CF_TRY(entry.oid, text_in(*object, "a tree's entry", "sha"));
    const std::string mode = text_or(*object, "mode");
    std::from_chars(mode.data(), mode.data() + mode.size(), entry.mode, 8);
    entry.type = type_from(text_or(*object, "type"));
    if (entry.type == TreeEntry::Type::blob) entry.size_bytes = json::find_int(*object, "size");
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace cloudfolio::github

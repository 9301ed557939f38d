#include "simulator/graph_fields.h"

#include <algorithm>

#include "crypto/encoding.h"
#include "simulator/graph_objects.h"
#include "simulator/licenses.h"

namespace cloudfolio::simulator {
namespace {

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = char(c - 'a' + 'A');
  return out;
}

FieldError not_found(const std::string& message) {
  return {"NOT_FOUND", message, {}};
}

FieldResult account_or_error(GraphView& view, const std::string& login, std::string_view wanted) {
  const AccountState* account = view.world.find_account(login);
  const bool fits = account && (wanted == "RepositoryOwner" ||
                                (wanted == "Organization") == account->is_organization);
  if (fits) return account_node(view, *account);
  if (wanted == "RepositoryOwner") return FieldResult(std::optional<GraphNode>());
  return FieldResult::failed(not_found(
      "Could not resolve to " + std::string(wanted == "User" ? "a User" : "an Organization") +
      " with the login of '" + login + "'."));
}

// One element of a list, or alone: the repository, or why it is null.
ListElement repository_element(GraphView& view, RepositoryState& repository) {
  const std::int64_t position = view.repositories_count++;
  if (view.refuse)
    if (auto error = view.refuse(repository, position)) return {std::nullopt, std::move(error)};
  return {repository_node(view, repository, position), std::nullopt};
}

FieldResult alone(ListElement element) {
  if (element.error) return FieldResult::failed(*std::move(element.error));
  return FieldResult(std::move(element.node));
}

ListElement node_by_id(GraphView& view, const std::string& id) {
  if (RepositoryState* repository = view.world.find_node(id))
    if (is_visible(view, *repository)) return repository_element(view, *repository);
  if (const AccountState* account = view.world.find_account_node(id))
    return {account_node(view, *account), std::nullopt};
  return {std::nullopt,
          not_found("Could not resolve to a node with the global id of '" + id + "'")};
}

FieldResult repository_by_name(GraphView& view, const std::string& owner, const std::string& name,
                               const FieldCall& call) {
  RepositoryState* repository = view.world.find(owner, name);
  const json::Value* follow = json::find(call.arguments, "followRenames");
  const bool follows = !follow || !follow->is_bool() || follow->get_bool();
  if (!repository && follows) repository = view.world.find_renamed(owner, name);
  if (!repository || !is_visible(view, *repository))
    return FieldResult::failed(
        not_found("Could not resolve to a Repository with the name '" + owner + "/" + name + "'."));
  return alone(repository_element(view, *repository));
}

GraphNode rate_limit_node(GraphView& view) {
  return {"RateLimit", [&view](const FieldCall& call) -> FieldResult {
            if (call.field == "cost") return view.cost;
            if (call.field == "limit") return view.limit;
            if (call.field == "nodeCount") return view.nodes_count;
            if (call.field == "remaining") return view.remaining;
            if (call.field == "used") return view.used;
            return view.reset_at;
          }};
}

std::vector<RepositoryState*> selected(GraphView& view, const AccountState& account,
                                       const FieldCall& call) {
  std::vector<RepositoryState*> out;
  const auto privacy = call.text("privacy");
  const auto visibility = call.text("visibility");
  const auto is_archived = json::find_bool(call.arguments, "isArchived");
  const auto is_fork = json::find_bool(call.arguments, "isFork");
  for (RepositoryState* repository : view.world.repositories_of(account.login)) {
    if (!is_visible(view, *repository)) continue;
    const std::string_view own = repository->is_private ? "PRIVATE" : "PUBLIC";
    if ((privacy && *privacy != own) || (visibility && *visibility != own)) continue;
    if ((is_archived && *is_archived != repository->is_archived) ||
        (is_fork && *is_fork != repository->is_fork))
      continue;
    out.push_back(repository);
  }
  const json::Object* order = json::find_object(call.arguments, "orderBy");
  const std::string field(order ? json::find_string(*order, "field").value_or("NAME") : "NAME");
  const bool descending = order && json::find_string(*order, "direction") == "DESC";
  const auto key = [&](const RepositoryState& repository) {
    if (field == "PUSHED_AT") return repository.pushed_at;
    if (field == "UPDATED_AT") return repository.updated_at;
    if (field == "CREATED_AT") return repository.created_at;
    return folded(repository.name);
  };
  std::stable_sort(out.begin(), out.end(), [&](const auto* one, const auto* other) {
    const auto one_key = std::make_pair(key(*one), one->database_id);
    const auto other_key = std::make_pair(key(*other), other->database_id);
    return descending ? other_key < one_key : one_key < other_key;
  });
  return out;
}

FieldResult connection_of(GraphView& view, const AccountState& account, const FieldCall& call) {
  std::vector<RepositoryState*> all = selected(view, account, call);
  const Window window = window_of(call, all.size());
  std::int64_t disk_kib = 0;
  for (const RepositoryState* repository : all) disk_kib += repository->size_kib;
  const std::int64_t total = std::int64_t(all.size());
  std::vector<RepositoryState*> page(all.begin() + std::ptrdiff_t(window.from),
                                     all.begin() + std::ptrdiff_t(window.to));
  return GraphNode{"RepositoryConnection",
                   [&view, page, window, total, disk_kib](const FieldCall& asked) -> FieldResult {
                     if (asked.field == "totalCount") return total;
                     if (asked.field == "totalDiskUsage") return disk_kib;
                     if (asked.field == "pageInfo") return page_info_node(window);
                     std::vector<ListElement> elements;
                     for (std::size_t at = 0; at < page.size(); ++at) {
                       ListElement element = repository_element(view, *page[at]);
                       if (asked.field == "nodes") {
                         elements.push_back(std::move(element));
                         continue;
                       }
                       GraphNode edge{"RepositoryEdge",
                                      [element, cursor = cursor_of(window.from + at)](
                                          const FieldCall& inner) -> FieldResult {
                                        if (inner.field == "cursor") return cursor;
                                        return alone(element);
                                      }};
                       elements.push_back({std::move(edge), std::nullopt});
                     }
                     return elements;
                   }};
}

}  // namespace

GraphNode account_node(GraphView& view, const AccountState& account) {
  const std::string_view type = account.is_organization ? "Organization" : "User";
  return {type, [&view, &account](const FieldCall& call) -> FieldResult {
            if (call.field == "id") return account.node_id;
            if (call.field == "databaseId") return account.database_id;
            if (call.field == "login" || call.field == "name") return account.login;
            if (call.field == "createdAt") return account.created_at;
            if (call.field == "url") return view.origin + "/" + account.login;
            if (call.field == "resourcePath") return "/" + account.login;
            if (call.field == "avatarUrl")
              return "https://avatars.githubusercontent.com/u/" +
                     std::to_string(account.database_id);
            if (call.field == "repository")
              return repository_by_name(view, account.login,
                                        std::string(call.text("name").value_or("")), call);
            return connection_of(view, account, call);
          }};
}

GraphNode query_root(GraphView& view) {
  return {"Query", [&view](const FieldCall& call) -> FieldResult {
            const auto text = [&](std::string_view name) {
              return std::string(call.text(name).value_or(""));
            };
            if (call.field == "rateLimit") return rate_limit_node(view);
            if (call.field == "viewer") {
              static const AccountState nobody{
                  "ghost", "U_kgDOghost",          10137,
                  false,   "2008-01-01T00:00:00Z", "2008-01-01T00:00:00Z"};
              const AccountState* viewer =
                  view.viewer ? view.world.find_account(*view.viewer) : nullptr;
              return account_node(view, viewer ? *viewer : nobody);
            }
            if (call.field == "user") return account_or_error(view, text("login"), "User");
            if (call.field == "organization")
              return account_or_error(view, text("login"), "Organization");
            if (call.field == "repositoryOwner")
              return account_or_error(view, text("login"), "RepositoryOwner");
            if (call.field == "repository")
              return repository_by_name(view, text("owner"), text("name"), call);
            if (call.field == "node") return alone(node_by_id(view, text("id")));
            std::vector<ListElement> elements;
            if (const json::Array* ids = json::find_array(call.arguments, "ids"))
              for (const json::Value& id : *ids)
                elements.push_back(node_by_id(view, std::string(json::as_string(id).value_or(""))));
            return elements;
          }};
}

bool is_visible(const GraphView& view, const RepositoryState& repository) {
  return !repository.is_private ||
         (view.sees_private && view.viewer && folded(*view.viewer) == folded(repository.owner));
}

Window window_of(const FieldCall& call, std::size_t total) {
  // Cursors are positions: "cursor:<index>", in base64 as GitHub's are.
  const auto position = [&](std::string_view name) -> std::optional<std::size_t> {
    const auto text = call.text(name);
    const auto plain = text ? crypto::from_base64(*text) : std::nullopt;
    if (!plain || !plain->starts_with("cursor:")) return std::nullopt;
    return std::size_t(std::strtoull(plain->c_str() + 7, nullptr, 10));
  };
  Window window{0, total, total};
  if (const auto after = position("after")) window.from = std::min(*after + 1, total);
  if (const auto before = position("before")) window.to = std::min(*before, total);
  window.to = std::max(window.from, window.to);
  if (const auto first = call.number("first"))
    window.to = std::min(window.to, window.from + std::size_t(std::max<std::int64_t>(*first, 0)));
  else if (const auto last = call.number("last"))
    window.from =
        std::max(window.from, window.to - std::min<std::size_t>(window.to, std::size_t(*last)));
  return window;
}

std::string cursor_of(std::size_t index) {
  return crypto::to_base64("cursor:" + std::to_string(index));
}

GraphNode page_info_node(Window window) {
  return {"PageInfo", [window](const FieldCall& call) -> FieldResult {
            const bool empty = window.from == window.to;
            if (call.field == "hasNextPage") return window.to < window.total;
            if (call.field == "hasPreviousPage") return window.from > 0;
            if (empty) return nullptr;
            if (call.field == "startCursor") return cursor_of(window.from);
            return cursor_of(window.to - 1);
          }};
}

GraphNode license_node(const LicenseName& license) {
  return {"License", [license](const FieldCall& call) -> FieldResult {
            if (call.field == "id") return license_node_id(license);
            if (call.field == "key") return license.key;
            if (call.field == "name") return license.name;
            if (call.field == "spdxId") return license.spdx_id;
            if (call.field == "hidden") return license.is_pseudo;
            if (call.field == "pseudoLicense") return license.is_pseudo;
            if (license.is_pseudo) return nullptr;
            return "http://choosealicense.com/licenses/" + license.key + "/";
          }};
}

std::string visibility_of(const RepositoryState& repository) {
  return upper(repository.is_private ? "private" : "public");
}

}  // namespace cloudfolio::simulator

#include "github/lists.h"

#include <algorithm>
#include <set>

#include "github/decode.h"
#include "github/queries.h"
#include "http/url.h"

namespace cloudfolio::github {
namespace {

// Pages that shift while they are read (a push moves a repository to the front) are read again so
// often.
constexpr int kRescansMax = 1;
constexpr std::size_t kPagesMax = 1'000;

struct Page {
  std::string end_cursor;
  bool has_next = false;
  std::int64_t total_count = 0;
  std::size_t nodes_count = 0;
  bool out_of_resources = false;
};

void add_once(std::vector<Repository>& all, std::set<std::string>& known, Repository repository) {
  if (known.insert(repository.node_id).second) {
    all.push_back(std::move(repository));
    return;
  }
  for (Repository& one : all)
    if (one.node_id == repository.node_id) one = std::move(repository);
}

void sort_by_push(std::vector<Repository>& all) {
  std::stable_sort(all.begin(), all.end(), [](const Repository& one, const Repository& other) {
    return one.pushed_at > other.pushed_at;
  });
}

class GraphList {
 public:
  GraphList(Api& api, std::string login, Visibility visibility)
      : api_(api), login_(std::move(login)), visibility_(visibility) {}

  json::Object variables(std::size_t size, const std::string& after) const {
    json::Object out{{"login", login_}, {"first", size}};
    if (!after.empty()) out["after"] = after;
    if (visibility_ == Visibility::public_only) out["privacy"] = "PUBLIC";
    return out;
  }

  Result<Page> read(const GraphAnswer& answer) {
    const json::Object* owner = json::find_object(answer.data, "repositoryOwner");
    if (!owner) {
      const std::vector<std::string> path{"repositoryOwner"};
      const GraphError* error = answer.error_around(path);
      if (!error || error->type == "NOT_FOUND") return no_such_login(login_);
      if (error->is_exhaustion()) return exhausted();
      return Error(Code::unavailable, "GitHub could not list '" + login_ + "': " + error->message);
    }
    CF_TRY(listing_.owner, owner_from_graph(*owner, api_.endpoints().rest));
    const json::Object* connection = json::find_object(*owner, "repositories");
    const json::Array* nodes = connection ? json::find_array(*connection, "nodes") : nullptr;
    if (!nodes) {
      if (!answer.errors.empty()) return exhausted();
      return Error(Code::unavailable, "GitHub's list of '" + login_ + "' has no repositories");
    }
    return read_nodes(*connection, *nodes, answer);
  }

  Listing take() {
    sort_by_push(listing_.repositories);
    return std::move(listing_);
  }
  std::size_t count() const { return listing_.repositories.size(); }
  void mark_partial(const std::string& problem) {
    listing_.completeness = Completeness::partial;
    if (listing_.problem.empty()) listing_.problem = problem;
  }
  Usage& usage() { return listing_.usage; }

 private:
  static Page exhausted() {
    Page page;
    page.out_of_resources = true;
    return page;
  }

  Result<Page> read_nodes(const json::Object& connection, const json::Array& nodes,
                          const GraphAnswer& answer) {
    Page page;
    page.total_count = json::find_int(connection, "totalCount").value_or(0);
    page.nodes_count = nodes.size();
    if (const json::Object* info = json::find_object(connection, "pageInfo")) {
      page.has_next = json::find_bool(*info, "hasNextPage").value_or(false);
      page.end_cursor = std::string(json::find_string(*info, "endCursor").value_or(""));
    }
    for (const GraphError& error : answer.errors)
      page.out_of_resources = page.out_of_resources || error.is_exhaustion();
    for (std::size_t at = 0; at < nodes.size(); ++at) {
      const json::Object* node = nodes[at].if_object();
      auto repository = node ? repository_from_graph(*node, api_.endpoints().rest)
                             : Result<Repository>(Error(Code::unavailable, "null"));
      const std::vector<std::string> path{"repositoryOwner", "repositories", "nodes",
                                          std::to_string(at)};
      const GraphError* error = answer.error_around(path);
      if (repository && !error) {
        add_once(listing_.repositories, known_, *std::move(repository));
      } else if (!page.out_of_resources) {
        mark_partial(error ? error->message : "GitHub left a repository out of its list");
      }
    }
    return page;
  }

  Api& api_;
  const std::string login_;
  const Visibility visibility_;
  Listing listing_;
  std::set<std::string> known_;
};

}  // namespace

Error no_such_login(const std::string& login) {
  return Error(Code::not_found, "GitHub knows no user or organization '" + login +
                                    "': check the spelling, or whether the account was renamed");
}

Result<Listing> list_by_graph(Api& api, BatchSizes& sizes, std::size_t attempts_max,
                              const Clock& clock, const Context& ctx, const std::string& login,
                              Visibility visibility) {
  GraphList list(api, login, visibility);
  std::string after;
  int rescans = 0;
  for (std::size_t pages = 0; pages < kPagesMax; ++pages) {
    const std::size_t size = sizes.size(Shape::list);
    const auto started = clock.now();
    CF_TRY(const GraphResult result, api.query(ctx, list_query(), list.variables(size, after),
                                               size > 1 ? 2 : attempts_max, list.usage()));
    Page page;
    page.out_of_resources = true;
    if (const GraphAnswer* answer = std::get_if<GraphAnswer>(&result)) {
      CF_TRY(page, list.read(*answer));
    }
    if (page.out_of_resources) {
      if (size == 1)
        return Error(Code::unavailable, "GitHub cannot list '" + login +
                                            "', not even one repository at a time; try again later "
                                            "(https://www.githubstatus.com)");
      sizes.failed(Shape::list, size);
      continue;  // The same cursor, a smaller page.
    }
    sizes.answered(Shape::list, size, clock.now() - started);
    after = page.end_cursor;
    if (page.has_next && !after.empty()) continue;
    // A push between two pages moves a repository from behind the cursor to the front.
    if (std::int64_t(list.count()) >= page.total_count || ++rescans > kRescansMax) {
      if (std::int64_t(list.count()) < page.total_count)
        list.mark_partial("GitHub counts more repositories than it lists");
      break;
    }
    after.clear();
  }
  return list.take();
}

std::string list_target(const std::string& login, bool through_own_route) {
  return through_own_route ? "/user/repos?affiliation=owner&sort=pushed&per_page=100"
                           : "/users/" + http::percent_encode(login) +
                                 "/repos?type=owner&sort=pushed&per_page=100";
}

Result<std::vector<Repository>> page_from(const json::Value& value) {
  const json::Array* array = value.if_array();
  if (!array) return Error(Code::unavailable, "GitHub's list of repositories is no list");
  std::vector<Repository> out;
  for (const json::Value& item : *array) {
    const json::Object* object = item.if_object();
    if (!object) return Error(Code::unavailable, "GitHub's list holds something else");
    CF_TRY(Repository repository, repository_from_rest(*object));
    out.push_back(std::move(repository));
  }
  return out;
}

std::string next_page(const http::Headers& headers) {
  std::string_view link = headers.find("Link").value_or("");
  while (!link.empty()) {
    const auto comma = link.find(",");
    const std::string_view one = link.substr(0, comma);
    const auto open = one.find('<');
    const auto close = one.find('>');
    if (one.find("rel=\"next\"") != std::string_view::npos && open < close &&
        close != std::string_view::npos)
      return std::string(one.substr(open + 1, close - open - 1));
    if (comma == std::string_view::npos) break;
    link.remove_prefix(comma + 1);
  }
  return "";
}

Result<Listing> list_by_rest(Api& api, const Context& ctx, const std::string& login,
                             bool through_own_route) {
  Listing listing;
  std::set<std::string> known;
  std::string target = list_target(login, through_own_route);
  for (std::size_t pages = 0; pages < kPagesMax && !target.empty(); ++pages) {
    CF_TRY(const RestAnswer answer, api.get(ctx, {target}, listing.usage));
    if (answer.status == 404) return no_such_login(login);
    CF_TRY(std::vector<Repository> page, page_from(answer.value));
    for (Repository& repository : page)
      add_once(listing.repositories, known, std::move(repository));
    target = next_page(answer.headers);
  }
  if (!listing.repositories.empty()) {
    listing.owner = listing.repositories.front().owner;
  } else {
    CF_TRY(const RestAnswer answer,
           api.get(ctx, {"/users/" + http::percent_encode(login)}, listing.usage));
    if (answer.status != 200 || !answer.value.is_object()) return no_such_login(login);
    CF_TRY(listing.owner, owner_from_rest(answer.value.get_object()));
  }
  sort_by_push(listing.repositories);
  return listing;
}

}  // namespace cloudfolio::github

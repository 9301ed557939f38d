#pragma once
// Client: reads what one GitHub principal (a token, or nobody) may see, within GitHub's rules.
//
// A cold mirror of up to 100 repositories is: probe() (its page is already the list when it is
// `whole`), then fetch_details() of all. An unchanged one is probe() with the saved ETag: a 304
// means that nothing was pushed, made or renamed, and costs no points. list_repositories() is for
// owners with more than a page, and for the sweep that confirms deletions.
//
// Promises:
//  - GraphQL requests go out one at a time, REST requests too. After a limit no request leaves
//    before its time, whoever calls.
//  - What GitHub left out or failed to say is Unknown, never absent and never gone.
//  - A repository's Details all belong to one head commit: an answer torn by a push is asked again.
//  - The token goes to api_url's host only, and into no log, error or metric.
// Threads: thread-safe; calls block, and wait for their turn.
// Errors (each with a remedy in its message):
//  - unauthenticated: the token is bad, or GraphQL was asked without one.
//  - permission_denied: a missing scope, SAML single sign-on, or a blocked account.
//  - not_found: no such login.
//  - rate_limited: a primary or secondary limit; the message and resumes_at() say until when.
//  - unavailable: GitHub fails or cannot be reached, after attempts_max attempts.
//
//   CF_TRY(auto client, github::Client::open(options, http, clock, Random::from_system(), log,
//   metrics)); CF_TRY(auto probe, client->probe(ctx, "octocat", {.etag = saved}));

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/context.h"
#include "base/random.h"
#include "base/result.h"
#include "github/options.h"
#include "github/pause.h"
#include "github/types.h"

namespace cloudfolio::http {
class Client;
}
namespace cloudfolio::telemetry {
class Log;
class MetricRegistry;
}  // namespace cloudfolio::telemetry

namespace cloudfolio::github {

// How details and lists are asked: `rest` is what ENABLE_GRAPHQL_BATCH_FETCH=off means.
enum class Transport : std::uint8_t { graphql, rest };
// Whether private and internal repositories are wanted, where the token sees them.
enum class Visibility : std::uint8_t { public_only, all_visible };

struct Listing {
  Owner owner;
  // Newest push first, no two with one node id. By REST without head_oid and tree_oid.
  std::vector<Repository> repositories;
  // partial: GitHub could not say some of them (`problem` says why); nobody is gone because of it.
  Completeness completeness = Completeness::whole;
  std::string problem;
  Usage usage;
};

// The account that the token speaks for. `id` 0: none (no token, or an installation's).
struct TokenOwner {
  std::int64_t id = 0;
  std::string login;
  bool operator==(const TokenOwner&) const = default;
};

struct Probe {
  // GitHub answered 304: the same list as when the ETag was given. Everything else is empty then.
  bool unchanged = false;
  // To be saved; empty if GitHub sent none. Good for the same login, visibility and token only.
  std::string etag;
  // The first 100, newest push first, without head_oid and tree_oid.
  std::vector<Repository> page;
  // whole: the page is all there is.
  Completeness completeness = Completeness::whole;
  // The list was asked where the owner's private repositories stand too: the token is the owner's.
  bool all_visible = false;
  // Whose token it is, where all visible ones were wanted.
  TokenOwner token_owner = {};
  Usage usage;
};
struct ProbeOptions {
  std::string etag = {};  // Of the last probe; empty: unconditional.
  Visibility visibility = Visibility::public_only;
  // What an earlier probe with the same token said, which saves a request where this process has
  // not asked yet. It is not trusted beyond that: a list of somebody else's is asked again.
  std::optional<TokenOwner> token_owner = {};
};

// Which repository: the node id decides; owner and name are for REST, and may be out of date.
struct RepositoryRef {
  std::string node_id;
  std::int64_t database_id = 0;  // 0: not known.
  std::string owner;
  std::string name;
};
RepositoryRef ref_of(const Repository& repository);

struct DetailsAnswer {
  std::vector<FetchedRepository> repositories;  // As many as asked, in that order.
  std::size_t fallback_count = 0;  // Of them asked by REST because GraphQL could not answer.
  Usage usage;
};

// The budgets now, as far as GitHub has told; and until when each lane is closed.
struct BudgetView {
  std::optional<RateLimit> core;
  std::optional<RateLimit> graphql;
  std::optional<Clock::WallTime> core_resumes_at;
  std::optional<Clock::WallTime> graphql_resumes_at;
};

class Client {
 public:
  // Code::invalid_argument for a bad api_url or sizes out of range. `http`, `clock`, `log`,
  // `metrics` outlive the client.
  static Result<std::unique_ptr<Client>> open(Options options, http::Client& http,
                                              const Clock& clock, Random random,
                                              telemetry::Log& log,
                                              telemetry::MetricRegistry& metrics);
  // The same, waiting by `pause` (which outlives the client): for tests with a clock of their own.
  static Result<std::unique_ptr<Client>> open(Options options, http::Client& http,
                                              const Clock& clock, Random random,
                                              telemetry::Log& log,
                                              telemetry::MetricRegistry& metrics, Pause& pause);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // One conditional REST request. Sees a push, a new repository, a rename and changed metadata of
  // the 100 repositories pushed last.
  Result<Probe> probe(const Context& ctx, const std::string& login, ProbeOptions options = {});

  // All repositories that the login owns; 100 a request.
  Result<Listing> list_repositories(const Context& ctx, const std::string& login,
                                    Transport transport,
                                    Visibility visibility = Visibility::public_only);

  // The details of each: by GraphQL, detail_batch_size a request and a follow-up or two for deep
  // trees and odd documents; what GraphQL cannot say is asked by REST. One repository's failure is
  // that repository's outcome. An Error only where no repository got an answer.
  Result<DetailsAnswer> fetch_details(const Context& ctx, std::span<const RepositoryRef> refs,
                                      Transport transport);

  // Tells one token from another without being one: a digest; "" without a token.
  std::string token_tag() const;
  BudgetView budget() const;
  // Everything since open().
  Usage usage() const;

 private:
  struct State;
  explicit Client(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cloudfolio::github

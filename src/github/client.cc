#include "github/client.h"

#include <algorithm>

#include "base/guarded.h"
#include "crypto/hash.h"
#include "github/api.h"
#include "github/graph_details.h"
#include "github/lists.h"
#include "http/url.h"

namespace cloudfolio::github {

struct Client::State {
  State(Options given, Endpoints endpoints, http::Client& http, const Clock& the_clock,
        Random random, telemetry::Log& the_log, telemetry::MetricRegistry& registry,
        std::unique_ptr<Pause> owned, Pause* lent)
      : options(std::move(given)),
        own_pause(std::move(owned)),
        clock(the_clock),
        log(the_log),
        metrics(registry),
        sizes(options, the_clock, metrics),
        api(options, std::move(endpoints), http, the_clock, lent ? *lent : *own_pause, random,
            the_log, metrics) {}

  // Asked once: nobody changes the owner of a token.
  Result<TokenOwner> owner_of_token(const Context& ctx, Usage& usage);
  // Whether the login's private repositories are reached through the token's own route.
  Result<bool> is_own(const Context& ctx, const std::string& login, Visibility visibility,
                      Usage& usage);
  Transport transport_for(const Context& ctx, Transport wanted);

  const Options options;
  const std::unique_ptr<Pause> own_pause;
  const Clock& clock;
  telemetry::Log& log;
  GithubMetrics metrics;
  BatchSizes sizes;
  Api api;
  Guarded<std::optional<TokenOwner>> token_owner;  // Once it is known.
};

namespace {

bool same_login(std::string_view one, std::string_view other) {
  return http::same_name(one, other);
}

Status check(const Options& options) {
  const auto out_of = [](std::size_t value, std::size_t most) { return value < 1 || value > most; };
  if (out_of(options.list_page_size, 100) || out_of(options.detail_batch_size, 100) ||
      out_of(options.follow_up_batch_size, 400) || options.attempts_max < 1)
    return Error(Code::invalid_argument,
                 "github: page and batch sizes are 1 to 100 (follow-ups 1 to 400), attempts_max at "
                 "least 1");
  if (options.user_agent.empty())
    return Error(Code::invalid_argument, "github: GitHub refuses requests without a user agent");
  return Done{};
}

Status check_login(const std::string& login) {
  const bool plain = !login.empty() && login.size() <= 100 &&
                     login.find_first_of("/?#% \t\r\n") == std::string::npos;
  if (plain) return Done{};
  return Error(Code::invalid_argument, "'" + login + "' is not a GitHub login");
}

Result<Probe> probe_from(const RestAnswer& answer, const ProbeOptions& options) {
  Probe probe;
  probe.etag = std::string(answer.headers.find("ETag").value_or(""));
  if (answer.status == 304) {
    probe.unchanged = true;
    if (probe.etag.empty()) probe.etag = options.etag;
    return probe;
  }
  CF_TRY(probe.page, page_from(answer.value));
  if (!next_page(answer.headers).empty()) probe.completeness = Completeness::partial;
  return probe;
}

bool lists_another(const std::vector<Repository>& page, const std::string& login) {
  return std::any_of(page.begin(), page.end(), [&](const Repository& repository) {
    return !same_login(repository.owner.login, login);
  });
}

}  // namespace

Result<TokenOwner> Client::State::owner_of_token(const Context& ctx, Usage& usage) {
  {
    auto known = token_owner.lock();
    if (*known) return **known;
  }
  const auto answer = api.get(ctx, {"/user"}, usage);
  // An installation's token speaks for nobody: GitHub refuses the question, and only that.
  if (!answer && answer.error().code() == Code::permission_denied) return TokenOwner();
  if (!answer) return answer.error();
  TokenOwner owner;
  owner.id = json::find_int(answer->value, "id").value_or(0);
  owner.login = std::string(json::find_string(answer->value, "login").value_or(""));
  auto known = token_owner.lock();
  *known = owner;
  return owner;
}

Result<bool> Client::State::is_own(const Context& ctx, const std::string& login,
                                   Visibility visibility, Usage& usage) {
  if (visibility == Visibility::public_only || !api.has_token()) return false;
  CF_TRY(const TokenOwner owner, owner_of_token(ctx, usage));
  return owner.id != 0 && same_login(owner.login, login);
}

Transport Client::State::transport_for(const Context& ctx, Transport wanted) {
  if (wanted == Transport::rest || api.has_token()) return wanted;
  log.warn(ctx, "github.rest_without_token",
           {{"reason", "GraphQL wants a token; REST allows 60 requests an hour without one"}});
  return Transport::rest;
}

Client::Client(std::unique_ptr<State> state) : state_(std::move(state)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::open(Options options, http::Client& http,
                                             const Clock& clock, Random random, telemetry::Log& log,
                                             telemetry::MetricRegistry& metrics) {
  CF_CHECK(check(options));
  CF_TRY(Endpoints endpoints, endpoints_of(options.api_url));
  return std::unique_ptr<Client>(
      new Client(std::make_unique<State>(std::move(options), std::move(endpoints), http, clock,
                                         random, log, metrics, make_pause(clock), nullptr)));
}

Result<std::unique_ptr<Client>> Client::open(Options options, http::Client& http,
                                             const Clock& clock, Random random, telemetry::Log& log,
                                             telemetry::MetricRegistry& metrics, Pause& pause) {
  CF_CHECK(check(options));
  CF_TRY(Endpoints endpoints, endpoints_of(options.api_url));
  return std::unique_ptr<Client>(
      new Client(std::make_unique<State>(std::move(options), std::move(endpoints), http, clock,
                                         random, log, metrics, nullptr, &pause)));
}

RepositoryRef ref_of(const Repository& repository) {
  return {repository.node_id, repository.database_id, repository.owner.login, repository.name};
}

Result<Probe> Client::probe(const Context& ctx, const std::string& login, ProbeOptions options) {
  CF_CHECK(check_login(login));
  if (options.token_owner) {
    auto known = state_->token_owner.lock();
    if (!*known) *known = options.token_owner;
  }
  Usage usage;
  for (int attempt = 1;; ++attempt) {
    CF_TRY(const bool own, state_->is_own(ctx, login, options.visibility, usage));
    RestCall call{list_target(login, own)};
    call.etag = options.etag;
    CF_TRY(const RestAnswer answer, state_->api.get(ctx, call, usage));
    if (answer.status == 404) return no_such_login(login);
    CF_TRY(Probe probe, probe_from(answer, options));
    if (own && lists_another(probe.page, login)) {
      // The account was renamed since the token's owner was asked.
      if (attempt > 1)
        return Error(Code::unavailable, "GitHub lists another account's repositories");
      auto known = state_->token_owner.lock();
      known->reset();
      continue;
    }
    probe.all_visible = own;
    probe.usage = usage;
    auto known = state_->token_owner.lock();
    if (*known) probe.token_owner = **known;
    return probe;
  }
}

Result<Listing> Client::list_repositories(const Context& ctx, const std::string& login,
                                          Transport transport, Visibility visibility) {
  CF_CHECK(check_login(login));
  if (state_->transport_for(ctx, transport) == Transport::graphql)
    return list_by_graph(state_->api, state_->sizes, state_->options.attempts_max, state_->clock,
                         ctx, login, visibility);
  Usage usage;
  CF_TRY(const bool own, state_->is_own(ctx, login, visibility, usage));
  CF_TRY(Listing listing, list_by_rest(state_->api, ctx, login, own));
  listing.usage += usage;
  return listing;
}

Result<DetailsAnswer> Client::fetch_details(const Context& ctx, std::span<const RepositoryRef> refs,
                                            Transport transport) {
  DetailsAnswer answer;
  if (refs.empty()) return answer;
  if (state_->transport_for(ctx, transport) == Transport::graphql) {
    GraphDetails details(state_->api, state_->sizes, state_->options.attempts_max, state_->clock,
                         state_->log, refs);
    answer.repositories = details.run(ctx, answer.usage);
    answer.fallback_count = details.fallback_count();
  } else {
    std::optional<Error> stopped;
    for (const RepositoryRef& ref : refs) {
      FetchedRepository fetched;
      fetched.node_id = ref.node_id;
      if (!stopped) {
        auto outcome = fetch_by_rest(state_->api, ctx, ref, answer.usage);
        if (outcome)
          fetched.outcome = *std::move(outcome);
        else
          stopped = std::move(outcome).error();
      }
      if (stopped) fetched.outcome = Unknown{*stopped};
      answer.repositories.push_back(std::move(fetched));
    }
  }
  for (const FetchedRepository& fetched : answer.repositories)
    if (!fetched.unknown() || fetched.unknown()->error.code() == Code::permission_denied)
      return answer;
  // Nobody got an answer: what they have in common is the caller's answer.
  return answer.repositories.front().unknown()->error;
}

std::string Client::token_tag() const {
  if (state_->options.token.empty()) return "";
  constexpr std::size_t kDigits = 16;
  return crypto::sha256_hex("cloudfolio token tag\n" + state_->options.token.reveal())
      .substr(0, kDigits);
}

BudgetView Client::budget() const {
  const Governor& governor = state_->api.governor();
  return {governor.rate(Resource::core), governor.rate(Resource::graphql),
          governor.resumes_at(Resource::core), governor.resumes_at(Resource::graphql)};
}

Usage Client::usage() const {
  return state_->api.usage();
}

}  // namespace cloudfolio::github

// fetch: one batch of a plan, read from GitHub and staged.

#include "sync/base_bundle.h"
#include "sync/entry.h"
#include "sync/steps.h"
#include "telemetry/log.h"
#include "tenancy/login.h"

namespace cloudfolio::sync {

namespace {

std::string note_name(std::uint64_t batch) {
  return "batch-" + std::to_string(batch);
}

bool has_unknown_document(const github::Details& details) {
  for (const github::Document& document : details.documents)
    if (document.state == github::Document::State::unknown) return true;
  return false;
}

constexpr std::size_t kReasonBytesMax = 200;

std::string short_text(std::string text) {
  if (text.size() <= kReasonBytesMax) return text;
  std::size_t end = kReasonBytesMax;  // Not inside a character.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  return text;
}

// Why there are no details; and whether asking again soon would say the same.
BatchOutcome::Missing missing_of(std::int64_t id, const github::FetchedRepository& fetched) {
  if (const auto* gone = fetched.gone()) return {id, short_text("gone: " + gone->reason), false};
  if (const auto* withheld = fetched.withheld())
    return {id, short_text("withheld: " + withheld->reason), true};
  const auto* unknown = fetched.unknown();
  const Error& error = unknown->error;
  return {id, short_text(std::string(to_string(error.code())) + ": " + error.message()), false};
}

std::vector<github::RepositoryRef> refs_of(const Plan& plan, const std::vector<std::int64_t>& ids) {
  std::vector<github::RepositoryRef> refs;
  for (const std::int64_t id : ids) {
    const PlannedRepository* planned = plan.find(id);
    if (!planned) continue;
    github::RepositoryRef ref;
    ref.node_id = planned->listed.node_id;
    ref.database_id = id;
    ref.owner = planned->listed.metadata.owner.login;
    ref.name = planned->listed.name;
    refs.push_back(std::move(ref));
  }
  return refs;
}

// The list's metadata stay: the next probe is compared with what a probe said, and a push in
// between is then seen as one.
cache::RepositoryEntry entry_of(const github::Details& details,
                                const cache::RepositoryEntry& listed,
                                const cache::RepositoryEntry* old) {
  cache::RepositoryEntry entry = fetched_entry(details, old);
  std::vector<std::string> paths = std::move(entry.metadata.file_paths);
  entry.metadata = listed.metadata;
  entry.metadata.file_paths = std::move(paths);
  entry.name = listed.name;
  entry.node_id = listed.node_id;
  entry.fingerprint = listed.fingerprint;
  return entry;
}

// A batch of which nothing could be read failed, even where GitHub answered; so did one that was
// read by falling back for each of its repositories, though the tenant has its data.
flags::Outcome outcome_of_batch(const Result<github::DetailsAnswer>& answer) {
  if (!answer) return flags::outcome_of(answer);
  if (answer->fallback_count > 0 && answer->fallback_count == answer->repositories.size())
    return flags::Outcome::failed;
  for (const github::FetchedRepository& fetched : answer->repositories) {
    if (!fetched.unknown()) return flags::Outcome::worked;
  }
  return answer->repositories.empty()
             ? flags::Outcome::not_counted
             : flags::outcome_of(answer->repositories.front().unknown()->error.code());
}

}  // namespace

// One plan's share of a batch.
struct RefreshSteps::Part {
  cache::TenantCache cache;
  std::uint64_t generation = 0;
  std::uint64_t batch = 0;
  bool done = false;  // This step ran before, to its end: `outcome` is what it came to.
  Plan plan = {};
  std::vector<github::RepositoryRef> refs = {};
  BatchOutcome outcome = {};
  std::optional<Base> base = {};  // Read only where GitHub left something out.

  bool is_private() const { return !cache.scope().is_public(); }
};

Result<RefreshSteps::Part> RefreshSteps::open_part(const Context& ctx, cache::TenantCache cache,
                                                   std::uint64_t generation,
                                                   std::uint64_t batch) const {
  Part part{std::move(cache), generation, batch};
  if (const auto note = part.cache.read_note(ctx, generation, note_name(batch))) {
    CF_TRY(part.outcome, batch_outcome_from_json(*note));
    part.done = true;
    return part;
  }
  CF_TRY(const std::string note, part.cache.read_note(ctx, generation, "plan"));
  CF_TRY(part.plan, plan_from_json(note));
  if (batch >= part.plan.batches.size())
    return Error(Code::invalid_argument, "the plan has no such batch");
  part.refs = refs_of(part.plan, part.plan.batches[batch]);
  return part;
}

Status RefreshSteps::take(const Context& ctx, Part& part, std::size_t index,
                          const github::FetchedRepository& fetched) const {
  const std::int64_t id = part.refs[index].database_id;
  const github::Details* details = fetched.details();
  if (!details) {
    part.outcome.missing.push_back(missing_of(id, fetched));
    services_.log.warn(ctx, "sync.repository_not_read",
                       {{"repository", part.refs[index].name},
                        {"scope", part.cache.scope().text()},
                        {"reason", part.outcome.missing.back().reason}});
    return Done{};
  }
  if (is_private(details->repository) != part.is_private()) {
    // It moved to the other publication after it was listed; the next refresh lists it there.
    part.outcome.missing.push_back({id, part.is_private() ? "public" : "private", true});
    return Done{};
  }
  if (has_unknown_document(*details) && !part.base) {
    CF_TRY(part.base, read_base(ctx, part.cache));
  }
  const cache::RepositoryEntry& listed = part.plan.find(id)->listed;
  CF_CHECK(part.cache.stage(
      ctx, part.generation,
      entry_of(*details, listed, part.base ? part.base->bundle.find_by_id(id) : nullptr)));
  part.outcome.staged.push_back(id);
  return Done{};
}

Result<std::string> RefreshSteps::fetch(const Context& ctx, const FetchInput& input) {
  CF_TRY(const TenantId tenant, tenancy::tenant_from_login(input.login));
  std::vector<Part> parts;
  if (input.generation != 0) {
    CF_TRY(Part part, open_part(ctx, services_.cache.open(tenant), input.generation, input.batch));
    parts.push_back(std::move(part));
  }
  std::optional<cache::Place> place;
  if (input.hidden) {
    CF_TRY(place, place_named(tenant, input.hidden->scope));
    CF_TRY(Part part,
           open_part(ctx, services_.cache.open(*place), input.hidden->generation, input.batch));
    parts.push_back(std::move(part));
  }
  std::vector<github::RepositoryRef> refs;
  for (const Part& part : parts)
    if (!part.done) refs.insert(refs.end(), part.refs.begin(), part.refs.end());

  FetchResult result;
  std::optional<Error> limit;
  github::Usage usage;  // of this step, whenever it was made
  for (const Part& part : parts)
    if (part.done) usage += github::Usage{part.outcome.requests, part.outcome.points};
  if (!refs.empty()) {
    const auto batches = input.batch_fetch ? input.batch_fetch : decide_batch_fetch(tenant);
    auto answer = source_for(batches).fetch(ctx, refs);
    record(tenant, batches, outcome_of_batch(answer));
    if (!answer && answer.error().code() == Code::unauthenticated && place)
      CF_CHECK(services_.rights->suspend(ctx, *place));
    const std::size_t public_count = input.generation == 0 ? 0 : parts.front().refs.size();
    if (!answer && answer.error().code() == Code::rate_limited) {
      result.limited = limited(answer.error());
      result.missing = public_count;
      return write(result);
    }
    if (!answer)
      return std::move(answer).error().while_doing("sync " + tenant.str() + ": read " +
                                                   std::to_string(public_count) + " repositories");
    std::size_t at = 0;
    bool first = true;  // Whose costs the requests are: they were made for the first of the parts.
    for (Part& part : parts) {
      if (part.done) continue;
      if (first) part.outcome.requests = answer->usage.requests_count;
      if (first) part.outcome.points = answer->usage.points;
      if (first) usage += answer->usage;
      first = false;
      for (std::size_t i = 0; i < part.refs.size() && at < answer->repositories.size(); ++i, ++at) {
        const github::FetchedRepository& fetched = answer->repositories[at];
        CF_CHECK(take(ctx, part, i, fetched));
        const auto* unknown = fetched.unknown();
        if (unknown && unknown->error.code() == Code::rate_limited) limit = unknown->error;
      }
      CF_CHECK(part.cache.stage_note(ctx, part.generation, note_name(part.batch),
                                     to_json(part.outcome)));
    }
  }
  CF_CHECK(count_calls(ctx, tenant, operation_of(input), usage));
  if (input.generation != 0) {
    result.staged = parts.front().outcome.staged.size();
    result.missing = parts.front().outcome.missing.size();
  }
  if (limit) result.limited = limited(*limit);
  return write(result);
}

}  // namespace cloudfolio::sync

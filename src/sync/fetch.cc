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

FetchResult result_of(const BatchOutcome& outcome) {
  FetchResult result;
  result.staged = outcome.staged.size();
  result.missing = outcome.missing.size();
  return result;
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

}  // namespace

Result<std::string> RefreshSteps::fetch(const Context& ctx, const FetchInput& input) {
  CF_TRY(const TenantId tenant, tenancy::tenant_from_login(input.login));
  const cache::TenantCache cache = services_.cache.open(tenant);
  if (const auto note = cache.read_note(ctx, input.generation, note_name(input.batch))) {
    CF_TRY(const BatchOutcome done, batch_outcome_from_json(*note));
    CF_CHECK(count_calls(ctx, tenant, operation_of(input), {done.requests, done.points}));
    return write(result_of(done));  // This step ran before, to its end.
  }
  CF_TRY(const std::string note, cache.read_note(ctx, input.generation, "plan"));
  CF_TRY(const Plan plan, plan_from_json(note));
  if (input.batch >= plan.batches.size())
    return Error(Code::invalid_argument, "the plan has no such batch");
  const std::vector<github::RepositoryRef> refs = refs_of(plan, plan.batches[input.batch]);

  auto answer = services_.source.fetch(ctx, refs);
  FetchResult result;
  if (!answer && answer.error().code() == Code::rate_limited) {
    result.limited = limited(answer.error());
    result.missing = refs.size();
    return write(result);
  }
  if (!answer)
    return std::move(answer).error().while_doing("sync " + tenant.str() + ": read " +
                                                 std::to_string(refs.size()) + " repositories");
  std::optional<Base> base;  // Read only where GitHub left something out.
  BatchOutcome outcome;
  outcome.requests = answer->usage.requests_count;
  outcome.points = answer->usage.points;
  const Error* limit = nullptr;
  for (std::size_t i = 0; i < refs.size() && i < answer->repositories.size(); ++i) {
    const github::FetchedRepository& fetched = answer->repositories[i];
    const std::int64_t id = refs[i].database_id;
    const github::Details* details = fetched.details();
    if (!details) {
      outcome.missing.push_back(missing_of(id, fetched));
      const auto* unknown = fetched.unknown();
      if (unknown && unknown->error.code() == Code::rate_limited) limit = &unknown->error;
      services_.log.warn(ctx, "sync.repository_not_read",
                         {{"repository", refs[i].name}, {"reason", outcome.missing.back().reason}});
      continue;
    }
    if (details->repository.is_private) {
      outcome.missing.push_back({id, "private", true});
      continue;
    }
    if (has_unknown_document(*details) && !base) {
      CF_TRY(base, read_base(ctx, cache));
    }
    const cache::RepositoryEntry& listed = plan.find(id)->listed;
    CF_CHECK(cache.stage(ctx, input.generation,
                         entry_of(*details, listed, base ? base->bundle.find_by_id(id) : nullptr)));
    outcome.staged.push_back(id);
  }
  CF_CHECK(cache.stage_note(ctx, input.generation, note_name(input.batch), to_json(outcome)));
  CF_CHECK(count_calls(ctx, tenant, operation_of(input), answer->usage));
  result = result_of(outcome);
  if (limit) result.limited = limited(*limit);
  return write(result);
}

}  // namespace cloudfolio::sync

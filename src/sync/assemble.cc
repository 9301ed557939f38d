#include "sync/assemble.h"

#include <algorithm>
#include <unordered_map>

#include "cache/fingerprint.h"
#include "sync/entry.h"

namespace cloudfolio::sync {

namespace {

using Entries = std::unordered_map<std::int64_t, const cache::RepositoryEntry*>;

Entries by_id(const cache::Bundle& bundle) {
  Entries entries;
  for (const cache::RepositoryEntry& entry : bundle.repositories)
    entries.emplace(entry.metadata.id, &entry);
  return entries;
}

// It became private after it was listed: nothing of it stays, not its name either.
bool is_private_now(const Gathered& gathered, std::int64_t id) {
  const auto found = gathered.missing.find(id);
  return found != gathered.missing.end() && found->second.reason == "private";
}

std::string reason_of(const Gathered& gathered, std::int64_t id) {
  const auto found = gathered.missing.find(id);
  return found == gathered.missing.end() ? "unavailable: it was not read" : found->second.reason;
}

Error made_for_another() {
  return Error(Code::conflict, "the plan was made for another publication");
}

}  // namespace

Result<cache::Bundle> assemble(const Plan& plan, const Gathered& gathered,
                               const cache::Bundle& base) {
  const Entries published = by_id(base);
  cache::Bundle bundle;
  for (const PlannedRepository& planned : plan.repositories) {
    const std::int64_t id = planned.listed.metadata.id;
    const auto found = published.find(id);
    const cache::RepositoryEntry* old = found == published.end() ? nullptr : found->second;
    if (planned.action == Action::keep) {
      if (!old) return made_for_another();
      bundle.repositories.push_back(kept_entry(*old, planned.listed));
    } else if (const auto staged = gathered.staged.find(id); staged != gathered.staged.end()) {
      bundle.repositories.push_back(staged->second);
    } else if (old && !is_private_now(gathered, id)) {
      cache::RepositoryEntry entry = kept_entry(*old, planned.listed);
      // As it was pushed when it was read: the next refresh sees that it is behind.
      entry.metadata.pushed_at = old->metadata.pushed_at;
      entry.fingerprint = cache::metadata_fingerprint(entry.metadata);
      bundle.repositories.push_back(unknown_entry(entry, reason_of(gathered, id)));
    }
  }
  for (const std::int64_t id : plan.carried) {
    const auto found = published.find(id);
    if (found == published.end()) return made_for_another();
    bundle.repositories.push_back(*found->second);
  }
  cache::sort_by_name(bundle);
  return bundle;
}

Report report_of(const Plan& plan, const Gathered& gathered, const cache::Bundle& published) {
  const Entries entries = by_id(published);
  Report report;
  report.forced = plan.force;
  report.seen = plan.seen_count();
  report.mirrored = published.repositories.size();
  report.skipped = plan.skipped;
  for (const PlannedRepository& planned : plan.repositories) {
    const std::int64_t id = planned.listed.metadata.id;
    if (!entries.contains(id))
      report.skipped.push_back({is_private_now(gathered, id) ? "(private)" : planned.listed.name,
                                reason_of(gathered, id)});
    else if (gathered.staged.contains(id))
      ++report.fetched;
    else
      ++report.unchanged;
  }
  report.skipped_count = report.skipped.size();
  report.unchanged += plan.carried.size();
  report.gone = plan.gone;
  report.renamed = plan.renamed;
  for (const cache::RepositoryEntry& entry : published.repositories)
    for (const cache::Problem& problem : entry.problems) {
      ++report.problems_count;
      if (report.problems.size() < kReportedProblemsMax)
        report.problems.push_back({entry.name, problem});
    }
  report.github_requests = plan.requests;
  report.github_points = plan.points;
  return report;
}

bool is_complete(const Plan& plan, const Gathered& gathered, const cache::Bundle& published) {
  if (plan.coverage == Coverage::partial) return false;
  for (const PlannedRepository& planned : plan.repositories) {
    if (planned.action == Action::keep || gathered.staged.contains(planned.listed.metadata.id))
      continue;
    const auto missing = gathered.missing.find(planned.listed.metadata.id);
    if (missing == gathered.missing.end() || !missing->second.resolved) return false;
  }
  return std::none_of(published.repositories.begin(), published.repositories.end(),
                      [&](const cache::RepositoryEntry& entry) {
                        const auto missing = gathered.missing.find(entry.metadata.id);
                        const bool known =
                            missing != gathered.missing.end() && missing->second.resolved;
                        return is_unresolved(entry) && !known;
                      });
}

}  // namespace cloudfolio::sync

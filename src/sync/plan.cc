#include "sync/plan.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "sync/entry.h"

namespace cloudfolio::sync {

namespace {

std::string folded(std::string name) {
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return name;
}

bool is_empty_repository(const cache::RepositoryEntry& entry) {
  return std::any_of(entry.problems.begin(), entry.problems.end(),
                     [](const cache::Problem& problem) { return problem.code == "empty"; });
}

bool was_pushed(const cache::RepositoryEntry& old, const github::Repository& now,
                const cache::RepositoryEntry& listed) {
  if (now.head_oid && now.tree_oid)
    return *now.head_oid != old.head_oid || *now.tree_oid != old.tree_oid;
  // The name of a branch that does not exist is told differently by GitHub's two interfaces.
  if (is_empty_repository(old)) return old.metadata.pushed_at != listed.metadata.pushed_at;
  return push_signal(old.metadata) != push_signal(listed.metadata);
}

bool needs_fetch(const cache::RepositoryEntry* old, const github::Repository& now,
                 const cache::RepositoryEntry& listed) {
  if (!old || old->node_id != now.node_id) return true;  // New, or written by the old app.
  if (old->head_oid.empty() && !is_empty_repository(*old)) return true;
  return is_unresolved(*old) || was_pushed(*old, now, listed);
}

// Whether a reader would see a difference, besides what moves with every star.
bool is_touched(const cache::RepositoryEntry& old, const cache::RepositoryEntry& listed) {
  cache::RepositoryEntry now = kept_entry(old, listed);
  now.fingerprint = old.fingerprint;
  now.metadata.updated_at = old.metadata.updated_at;
  now.metadata.size = old.metadata.size;
  now.metadata.owner.url = old.metadata.owner.url;  // The address that GitHub was asked at.
  return now != old;
}

void plan_batches(Plan& plan) {
  for (const PlannedRepository& repository : plan.repositories) {
    if (repository.action != Action::fetch) continue;
    if (plan.batches.empty() || plan.batches.back().size() == kBatchCountMax)
      plan.batches.emplace_back();
    plan.batches.back().push_back(repository.listed.metadata.id);
  }
}

}  // namespace

bool is_private(const github::Repository& repository) {
  return repository.is_private || repository.visibility == "private" ||
         repository.visibility == "internal";
}

Sides split_by_visibility(std::vector<github::Repository> listed, Coverage coverage) {
  Sides sides;
  sides.owner.side = Side::owner;
  sides.everybody.coverage = sides.owner.coverage = coverage;
  for (github::Repository& repository : listed) {
    const bool hidden = is_private(repository);
    (hidden ? sides.everybody : sides.owner).elsewhere.insert(repository.database_id);
    (hidden ? sides.owner : sides.everybody).repositories.push_back(std::move(repository));
  }
  return sides;
}

std::string_view to_string(Coverage coverage) {
  switch (coverage) {
    case Coverage::whole:
      return "whole";
    case Coverage::newest:
      return "newest";
    case Coverage::partial:
      return "partial";
  }
  return "partial";
}

bool Plan::changes() const {
  return force || touched || !batches.empty() || !gone.empty();
}

const PlannedRepository* Plan::find(std::int64_t id) const {
  for (const PlannedRepository& repository : repositories)
    if (repository.listed.metadata.id == id) return &repository;
  return nullptr;
}

Plan make_plan(const Listed& listed, const cache::Bundle& base, bool force) {
  Plan plan;
  plan.force = force;
  plan.coverage = listed.coverage;
  std::unordered_map<std::int64_t, const cache::RepositoryEntry*> published;
  for (const cache::RepositoryEntry& entry : base.repositories)
    published.emplace(entry.metadata.id, &entry);
  std::unordered_set<std::int64_t> ids;
  std::unordered_set<std::string> names;
  for (const github::Repository& repository : listed.repositories) {
    if (!ids.insert(repository.database_id).second) continue;
    if (listed.side == Side::everybody && is_private(repository)) {
      plan.skipped.push_back({"(private)", "private"});  // And out of the bundle, if it was there.
      continue;
    }
    names.insert(folded(repository.name));
    PlannedRepository planned;
    planned.listed = listed_entry(repository);
    const auto found = published.find(repository.database_id);
    const cache::RepositoryEntry* old = found == published.end() ? nullptr : found->second;
    if (force || needs_fetch(old, repository, planned.listed)) planned.action = Action::fetch;
    if (old && planned.action == Action::keep && is_touched(*old, planned.listed))
      plan.touched = true;
    if (old && old->name != repository.name) plan.renamed.push_back({old->name, repository.name});
    plan.repositories.push_back(std::move(planned));
  }
  for (const cache::RepositoryEntry& entry : base.repositories) {
    if (ids.contains(entry.metadata.id)) {
      if (!plan.find(entry.metadata.id)) plan.touched = true;  // It became private: it leaves.
      continue;
    }
    const bool moved = listed.elsewhere.contains(entry.metadata.id);
    // Nobody else has its name, and the list does not claim to be whole: it may well be there.
    if (!moved && listed.coverage != Coverage::whole && !names.contains(folded(entry.name)))
      plan.carried.push_back(entry.metadata.id);
    else
      plan.gone.push_back(entry.name);
  }
  plan_batches(plan);
  return plan;
}

}  // namespace cloudfolio::sync

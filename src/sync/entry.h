#pragma once
// GitHub's answers made entries of the bundle. Pure functions.

#include <string>

#include "cache/bundle.h"
#include "github/types.h"

namespace cloudfolio::sync {

// A listed repository without documents: metadata, identity and flags only.
cache::RepositoryEntry listed_entry(const github::Repository& repository);

// What was fetched of a repository. `old` (nullptr: none) is the entry before: a document that
// GitHub did not say anything about stays as it was there. What is wrong with it is recorded in
// `problems`.
cache::RepositoryEntry fetched_entry(const github::Details& details,
                                     const cache::RepositoryEntry* old);

// `old` with what the list says now: name, description, topics, flags, times; its documents stay.
// Problems that only said "not known at the moment" are dropped.
cache::RepositoryEntry kept_entry(const cache::RepositoryEntry& old,
                                  const cache::RepositoryEntry& listed);

// `old` as it was, because now nothing is known: `problem` says why.
cache::RepositoryEntry unknown_entry(const cache::RepositoryEntry& old, std::string message);
// Whether an entry was kept because nothing was known, and must be asked for again.
bool is_unresolved(const cache::RepositoryEntry& entry);

// What of the list decides whether the repository must be fetched: a push, another default branch,
// languages counted anew. Stars and the time of the last update do not.
std::string push_signal(const cache::RepositoryMetadata& metadata);

}  // namespace cloudfolio::sync

#pragma once
// The kinds of entries: one row each says where it is, who writes it, how long it lives, how stale
// a reader may see it and as what its bytes count.
//
// This table is the single source. docs/CACHE-CONTRACT.md shows the same rows to services that have
// none of our code; contract_test.cc compares the two, both ways.

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "tenancy/meter.h"

namespace cloudfolio::cache {

enum class EntryKind : std::uint8_t {
  bundle,
  repository,
  note,
  index,
  model,
  model_record,
  checkpoint,
  sync_state,
  sync_report,
  counter,
  // For the original app, while it shares the store (legacy/shared_writes.h).
  old_repository,
  old_bundle,
  old_model,
  model_slot,
  spellings,
};

// What a body is.
enum class ValueForm : std::uint8_t {
  envelope,  // {"data": …, "cached_at": …} (envelope.h)
  json,      // plain JSON
  bytes,
};

// How the in-process tier (tier.h) may answer for an entry.
struct TierRule {
  std::chrono::milliseconds fresh_for{0};    // Without asking the store.
  std::chrono::milliseconds stale_for{0};    // Beyond that, while one reader asks the store, and
                                             // while the store does not answer.
  std::chrono::milliseconds missing_for{0};  // "There is none", without asking again.
};

struct KindRow {
  EntryKind kind;
  std::string_view name;  // As in the metadata and in labels.
  // {login}, {n} and {id} numbers, {name}, {hex}, {fingerprint}; in a private place (place.h)
  // {scope} and {escaped}, the login with %5F for '_', as well. Of the original's: {spelling}, a
  // login with capitals, {spelled}, any spelling of it with %5F for '_', {md5} and {repo}.
  std::string_view key;
  std::string_view private_key;  // Empty: there is none.
  std::string_view writer;       // The room whose work writes it.
  ValueForm value;
  std::optional<std::chrono::hours> lifetime;  // nullopt: until replaced or collected.
  std::optional<TierRule> tier;                // nullopt: always from the store.
  tenancy::StorageClass storage_class;  // Of the tenant's quota that its bytes count towards.
};

std::span<const KindRow> kind_rows();
const KindRow& row_of(EntryKind kind);
std::string_view to_string(EntryKind kind);
std::string_view to_string(ValueForm value);
// The kind whose pattern a key has; nullopt for another system's keys.
std::optional<EntryKind> kind_of_key(std::string_view key);

// --- Lifetimes ---
// How long an entry of the kind is good; nullopt: until it is replaced or collected.
std::optional<std::chrono::seconds> lifetime_of(EntryKind kind);
// Of one repository's own entry, by how often the repository changes:
//   archived                            90 days: GitHub lets nobody push to it
//   not pushed to for kQuietAfter       30 days
//   pushed to since, or never said      7 days: outlasts any run, and litter goes soon
inline constexpr std::chrono::hours kLivelyLifetime{24 * 7};
inline constexpr std::chrono::hours kQuietLifetime{24 * 30};
inline constexpr std::chrono::hours kArchivedLifetime{24 * 90};
inline constexpr std::chrono::hours kQuietAfter{24 * 180};
enum class Archived : std::uint8_t { no, yes };
// `pushed_at` is GitHub's text; "" or one that cannot be read counts as lively, and so does a time
// ahead of `now`.
std::chrono::seconds repository_lifetime(Archived archived, std::string_view pushed_at,
                                         Clock::WallTime now);

// --- Keys that only the original wrote ---
// They may lie in a shared store. Nothing of ours removes them.
struct OldKeyRow {
  std::string_view key;
  std::string_view writer;    // Which version.
  std::string_view lifetime;  // As that version wrote it.
};
std::span<const OldKeyRow> old_key_rows();

}  // namespace cloudfolio::cache

#include "cache/kinds.h"

#include <algorithm>

#include "base/ensure.h"
#include "base/time_text.h"
#include "cache/keys.h"
#include "cache/place.h"

namespace cloudfolio::cache {

namespace {

using std::chrono::seconds;
using tenancy::StorageClass;

// What queries read again and again. A second hides a network's round trip from all but one query
// and is less than anybody waits for after a refresh.
constexpr TierRule kPublished{seconds(1), seconds(60), seconds(1)};
// What pages of a status show.
constexpr TierRule kReported{seconds(5), seconds(60), seconds(1)};

constexpr KindRow kRows[] = {
    {EntryKind::bundle, "bundle", "repos_bundle_context_{login}",
     "repos_private_context_{escaped}_{scope}", "sync, search", ValueForm::envelope, std::nullopt,
     kPublished, StorageClass::content},
    {EntryKind::repository, "repository", "gen/{login}/{n}/repository/{id}",
     "private/{login}/{scope}/gen/{n}/repository/{id}", "sync", ValueForm::envelope,
     kLivelyLifetime, std::nullopt, StorageClass::working},
    {EntryKind::note, "note", "gen/{login}/{n}/note/{name}",
     "private/{login}/{scope}/gen/{n}/note/{name}", "sync", ValueForm::envelope, kLivelyLifetime,
     std::nullopt, StorageClass::working},
    {EntryKind::index, "index", "gen/{login}/{n}/index/{hex}",
     "private/{login}/{scope}/gen/{n}/index/{hex}", "search", ValueForm::bytes, std::nullopt,
     std::nullopt, StorageClass::content},
    {EntryKind::model, "model", "model_{fingerprint}.zip",
     "private/{login}/{scope}/model_{fingerprint}.zip", "training", ValueForm::bytes, std::nullopt,
     std::nullopt, StorageClass::model},
    {EntryKind::model_record, "model_record", "model_metadata_{fingerprint}.json",
     "private/{login}/{scope}/model_metadata_{fingerprint}.json", "training", ValueForm::json,
     std::nullopt, kReported, StorageClass::working},
    {EntryKind::checkpoint, "checkpoint", "gen/{login}/checkpoint/{fingerprint}/{n}",
     "private/{login}/{scope}/gen/checkpoint/{fingerprint}/{n}", "training", ValueForm::bytes,
     kLivelyLifetime, std::nullopt, StorageClass::working},
    {EntryKind::sync_state, "sync_state", "sync_state_{login}",
     "private/{login}/{scope}/sync_state", "sync", ValueForm::envelope, std::nullopt, std::nullopt,
     StorageClass::working},
    {EntryKind::sync_report, "sync_report", "sync_report_{login}",
     "private/{login}/{scope}/sync_report", "sync", ValueForm::envelope, std::nullopt, kReported,
     StorageClass::working},
    {EntryKind::counter, "counter", "gen/{login}/latest", "private/{login}/{scope}/gen/latest",
     "sync", ValueForm::envelope, std::nullopt, std::nullopt, StorageClass::working},
    // Copies of what counts already.
    {EntryKind::old_repository, "old_repository", "repo_level_bundle_{spelled}_{repo}", "", "cache",
     ValueForm::envelope, std::nullopt, std::nullopt, StorageClass::working},
    {EntryKind::old_bundle, "old_bundle", "repos_bundle_context_{spelling}", "", "cache",
     ValueForm::envelope, std::nullopt, std::nullopt, StorageClass::working},
    {EntryKind::old_model, "old_model", "model_{md5}.zip", "", "cache", ValueForm::bytes,
     std::nullopt, std::nullopt, StorageClass::model},
    {EntryKind::model_slot, "model_slot", "fine_tuned_model_metadata", "", "cache",
     ValueForm::envelope, std::nullopt, std::nullopt, StorageClass::working},
    {EntryKind::spellings, "spellings", "gen/{login}/spellings", "", "cache", ValueForm::envelope,
     std::nullopt, std::nullopt, StorageClass::working},
};

constexpr OldKeyRow kOldRows[] = {
    {"repo_context_{login}_{repo}", "first versions", "none"},
    {"repos_metadata:{login}:all", "monolith", "1 hour"},
    {"repo_metadata:{login}:{repo}", "monolith", "1 hour"},
    {"file_content:{login}:{repo}:{path}", "monolith", "1 hour"},
    {"job:{id}", "v0.2", "1 hour"},
    {"file_{login}_{repo}_{kind}_{name}", "v0.3", "none"},
    {"repo_micro_summary:{login}:{repo}:{fingerprint}", "v0.4", "none"},
    {"profile_aggregate:{login}:{hex}", "v0.4", "none"},
    {"repo_expanded_summary:{login}:{repo}:{fingerprint}", "v0.4", "none"},
};

bool all_of(std::string_view text, bool (*good)(char)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), good);
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}
bool is_name(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-';
}
bool is_login(char c) {
  return is_name(c) || c == '_';
}
// As a login is written where something follows it.
bool is_escaped(char c) {
  return is_name(c) || c == '%' || c == 'F';
}

bool is_capital(char c) {
  return c >= 'A' && c <= 'Z';
}

bool fits(std::string_view placeholder, std::string_view text) {
  if (placeholder == "n" || placeholder == "id") return all_of(text, is_digit);
  if (placeholder == "hex") return all_of(text, is_hex);
  if (placeholder == "name") return all_of(text, is_name);
  if (placeholder == "fingerprint") return is_fingerprint(text);
  if (placeholder == "scope") return Scope::from(text).has_value();
  if (placeholder == "escaped") return all_of(text, is_escaped);
  if (placeholder == "md5") return text.size() == 32 && is_fingerprint(text);
  if (placeholder == "repo") return !text.empty();
  if (placeholder == "spelled")
    return all_of(text, [](char c) { return is_escaped(c) || is_capital(c); });
  if (placeholder == "spelling")
    return all_of(text, [](char c) { return is_login(c) || is_capital(c); }) &&
           std::any_of(text.begin(), text.end(), is_capital);
  return placeholder == "login" && all_of(text, is_login);
}

// Literal text and placeholders; a placeholder ends at the next literal's first character, or at
// the end.
bool has_pattern(std::string_view key, std::string_view pattern) {
  while (!pattern.empty()) {
    if (pattern.front() != '{') {
      if (key.empty() || key.front() != pattern.front()) return false;
      key.remove_prefix(1);
      pattern.remove_prefix(1);
      continue;
    }
    const std::size_t close = pattern.find('}');
    const std::string_view placeholder = pattern.substr(1, close - 1);
    pattern.remove_prefix(close + 1);
    const std::size_t end = pattern.empty() ? key.size() : key.find(pattern.front());
    if (end == std::string_view::npos || !fits(placeholder, key.substr(0, end))) return false;
    key.remove_prefix(end);
  }
  return key.empty();
}

}  // namespace

std::span<const KindRow> kind_rows() {
  return kRows;
}

const KindRow& row_of(EntryKind kind) {
  const auto index = static_cast<std::size_t>(kind);
  CF_ENSURE(index < std::size(kRows) && kRows[index].kind == kind, "a kind without a row", index);
  return kRows[index];
}

std::string_view to_string(EntryKind kind) {
  return row_of(kind).name;
}

std::string_view to_string(ValueForm value) {
  switch (value) {
    case ValueForm::envelope:
      return "envelope";
    case ValueForm::json:
      return "json";
    case ValueForm::bytes:
      return "bytes";
  }
  return "bytes";
}

std::optional<EntryKind> kind_of_key(std::string_view key) {
  // The original's are the narrower patterns, and stand last.
  for (std::size_t i = std::size(kRows); i-- > 0;)
    if (!key.empty() && (has_pattern(key, kRows[i].key) || has_pattern(key, kRows[i].private_key)))
      return kRows[i].kind;
  return std::nullopt;
}

std::optional<std::chrono::seconds> lifetime_of(EntryKind kind) {
  const auto lifetime = row_of(kind).lifetime;
  return lifetime ? std::optional<std::chrono::seconds>(*lifetime) : std::nullopt;
}

std::chrono::seconds repository_lifetime(Archived archived, std::string_view pushed_at,
                                         Clock::WallTime now) {
  if (archived == Archived::yes) return kArchivedLifetime;
  const auto pushed = time_from(pushed_at);
  return pushed && now - *pushed > kQuietAfter ? kQuietLifetime : kLivelyLifetime;
}

std::span<const OldKeyRow> old_key_rows() {
  return kOldRows;
}

}  // namespace cloudfolio::cache

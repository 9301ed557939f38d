#include "cache/collector.h"

#include <algorithm>
#include <map>

#include "cache/cache.h"
#include "cache/entry_metadata.h"
#include "cache/keys.h"
#include "cache/reach.h"
#include "cache/store.h"

namespace cloudfolio::cache {

namespace {

// Clocks are slewed and steps of a second are common; what matters here is hours.
constexpr std::chrono::minutes kJumpMin{5};

std::string text_of(const storage::Metadata& metadata, const char* name) {
  const auto found = metadata.find(name);
  return found == metadata.end() ? std::string() : found->second;
}

// nullopt: it does not say whose it is, so nobody of ours wrote it.
std::optional<Place> place_of(const storage::Metadata& metadata) {
  const std::string username = text_of(metadata, kUsername);
  const std::string scope = text_of(metadata, kScope);
  if (username.empty()) return std::nullopt;
  if (scope.empty()) return Place(TenantId(username));
  const auto known = Scope::from(scope);
  return known ? std::optional<Place>(Place(TenantId(username), *known)) : std::nullopt;
}

}  // namespace

// One slice's look at the store. What a place reaches is read once, after the slice was listed.
struct Collector::Round {
  const Context& ctx;
  const Store& store;
  const Options& options;
  const Clock::WallTime now;
  std::map<std::string, Reach> reaches = {};

  Result<const Reach*> reach_of(const Place& place) {
    const std::string name = place.tenant.str() + "/" + place.scope.text();
    auto found = reaches.find(name);
    if (found == reaches.end()) {
      CF_TRY(Reach reach, Reach::of(ctx, store, place));
      found = reaches.emplace(name, std::move(reach)).first;
    }
    return &found->second;
  }

  Result<bool> exists(const std::string& key) {
    const auto found = store.blobs().head(ctx, storage::BlobKey(key));
    if (found) return true;
    if (found.error().code() == Code::not_found) return false;
    return found.error();
  }

  Result<bool> may_go(EntryKind kind, const Place& place, const storage::BlobEntry& entry) {
    const auto age = now - entry.properties.last_modified;
    if (age < options.grace) return false;
    CF_TRY(const Reach* const reach, reach_of(place));
    const storage::Metadata& metadata = entry.properties.metadata;
    const std::string fingerprint = text_of(metadata, kFingerprint);
    switch (kind) {
      case EntryKind::bundle:
      case EntryKind::sync_state:
      case EntryKind::sync_report:
      case EntryKind::counter:
        return false;
      // The original reads these; whoever writes them for it takes them back (legacy/).
      case EntryKind::old_repository:
      case EntryKind::old_bundle:
      case EntryKind::old_model:
      case EntryKind::model_slot:
      case EntryKind::spellings:
        return false;
      case EntryKind::repository:
      case EntryKind::note:
      case EntryKind::index: {
        if (!generation_of(place, entry.key.str())) return false;  // Its key says another tenant.
        if (!reach->reaches(place, entry.key.str())) return true;
        const bool under_way =
            reach->info ? *generation_of(place, entry.key.str()) > reach->info->generation : true;
        return kind != EntryKind::index && !under_way && is_expired(metadata, now);
      }
      case EntryKind::checkpoint:
        return is_expired(metadata, now);
      case EntryKind::model: {
        if (reach->reaches_model(fingerprint)) return false;
        CF_TRY(const bool recorded, exists(model_metadata_key(place, fingerprint)));
        return !recorded;
      }
      case EntryKind::model_record: {
        if (reach->reaches_model(fingerprint)) return false;
        CF_TRY(const bool published, exists(model_archive_key(place, fingerprint)));
        return published || age >= kRecordGrace;
      }
    }
    return false;
  }
};

Collector::Collector(const Cache& cache, const Clock& clock, Options options)
    : cache_(cache), clock_(clock), options_(options) {}

bool Collector::trusts_clock() {
  const Times now{clock_.now(), clock_.wall_time()};
  if (seen_) {
    const auto passed =
        std::chrono::duration_cast<std::chrono::microseconds>(now.steady - seen_->steady);
    const auto shown = now.wall - seen_->wall;
    if (std::chrono::abs(shown - passed) > kJumpMin) jumped_at_ = now.steady;
  }
  seen_ = now;
  if (jumped_at_ && now.steady - *jumped_at_ >= options_.grace) jumped_at_.reset();
  return !jumped_at_;
}

Result<Collector::Slice> Collector::run(const Context& ctx) {
  Slice slice;
  if (!trusts_clock()) {
    slice.clock_jumped = true;
    return slice;
  }
  const Store& store = cache_.store();
  storage::ListOptions list;
  list.continuation = next_;
  list.max_count = std::clamp<std::size_t>(options_.slice_count, 1, storage::kBlobPageCountMax);
  CF_TRY(const storage::BlobPage page, store.blobs().list(ctx, list));
  Round round{ctx, store, options_, clock_.wall_time()};
  for (const storage::BlobEntry& entry : page.entries) {
    ++slice.examined_count;
    const auto kind = kind_of_key(entry.key.str());
    const auto place = place_of(entry.properties.metadata);
    if (!kind || !place) continue;
    CF_TRY(const bool may_go, round.may_go(*kind, *place, entry));
    if (!may_go) continue;
    const Status removed =
        store.remove(ctx, entry.key.str(), storage::Matches{entry.properties.etag});
    if (!removed && removed.error().code() == Code::conflict) continue;  // Written again.
    CF_CHECK(removed);
    ++slice.removed_count;
    slice.removed_bytes += entry.properties.size_bytes;
    store.metrics().collected.with({to_string(*kind)}).add();
    store.metrics().collected_bytes.with({to_string(*kind)}).add(entry.properties.size_bytes);
  }
  next_ = page.continuation;
  slice.round_ended = next_.empty();
  return slice;
}

}  // namespace cloudfolio::cache

#include "cache/store.h"

#include "base/time_text.h"
#include "cache/entry_metadata.h"
#include "crypto/hash.h"
#include "telemetry/log.h"

namespace cloudfolio::cache {

namespace {

Error corrupt_entry(EntryKind kind, Error error) {
  return std::move(error).while_doing("cached " + std::string(to_string(kind)) +
                                      " is damaged; a refresh with --force writes it anew");
}

double seconds_between(Clock::Instant from, Clock::Instant to) {
  return std::chrono::duration<double>(to - from).count();
}

// An entry that names nobody is the old app's, and so of no scope.
bool is_of(const storage::Metadata& metadata, const Place& place, Store::Unnamed unnamed) {
  const auto scope = metadata.find(kScope);
  if ((scope == metadata.end() ? "" : scope->second) != place.scope.text()) return false;
  const auto owner = metadata.find(kUsername);
  if (owner == metadata.end()) return unnamed == Store::Unnamed::accepted;
  return owner->second == place.tenant.str();
}

}  // namespace

Result<EntryRead> Store::read(const Context& ctx, EntryKind kind, const Place& place,
                              const std::string& key) const {
  const auto tally = tallies_.of(place.tenant);
  const auto count = [&](std::string_view outcome) {
    metrics_.reads.with({to_string(kind), outcome}).add();
    if (outcome == "hit") tally->hits.fetch_add(1, std::memory_order_relaxed);
    if (outcome == "miss" || outcome == "expired")
      tally->misses.fetch_add(1, std::memory_order_relaxed);
  };
  const Clock::Instant started = clock_.now();
  auto blob = blobs_.get(ctx, storage::BlobKey(key));
  metrics_.seconds.with({to_string(kind), "read"}).observe(seconds_between(started, clock_.now()));
  if (!blob) {
    const Code code = blob.error().code();
    count(code == Code::not_found ? "miss" : code == Code::corrupt ? "corrupt" : "error");
    if (code == Code::not_found) return EntryRead{};
    if (code == Code::corrupt) return corrupt_entry(kind, std::move(blob).error());
    return std::move(blob).error();
  }
  EntryRead read{EntryStatus::valid, *std::move(blob)};
  if (!is_expired(read.blob.properties.metadata, clock_.wall_time())) {
    count("hit");
    metrics_.read_bytes.with({to_string(kind)}).add(read.blob.bytes.size());
    tally->read_bytes.fetch_add(read.blob.bytes.size(), std::memory_order_relaxed);
    return read;
  }
  count("expired");
  read.status = EntryStatus::expired;
  read.blob.bytes.clear();
  // Best effort, and only what was seen expired: a newer entry stays.
  (void)remove(ctx, key, storage::Matches{read.blob.properties.etag});
  return read;
}

Result<std::string> Store::read_own(const Context& ctx, EntryKind kind, const Place& place,
                                    const std::string& key, Unnamed unnamed) const {
  CF_TRY(EntryRead read, this->read(ctx, kind, place, key));
  if (read.status != EntryStatus::valid || !is_of(read.blob.properties.metadata, place, unnamed))
    return Error(Code::not_found, "no " + std::string(to_string(kind)) + " under that name");
  return std::move(read.blob.bytes);
}

Result<std::shared_ptr<const TierEntry>> Store::read_shared(const Context& ctx, EntryKind kind,
                                                            const Place& place,
                                                            const std::string& key, Tier::Part part,
                                                            TenantTally& tally) const {
  auto found = tier_.get(ctx, kind, key, part);
  if (!found && found.error().code() == Code::corrupt)
    return corrupt_entry(kind, std::move(found).error());
  if (!found) return std::move(found).error();
  // What names nobody is the original's, whose keys say whose it is.
  if (!found->entry ||
      !is_of(found->entry->body->blob.properties.metadata, place, Unnamed::accepted)) {
    tally.misses.fetch_add(1, std::memory_order_relaxed);
    return std::shared_ptr<const TierEntry>();
  }
  if (found->outcome == Tier::Outcome::stale)
    tally.stale.fetch_add(1, std::memory_order_relaxed);
  else
    tally.hits.fetch_add(1, std::memory_order_relaxed);
  if (part == Tier::Part::all)
    tally.read_bytes.fetch_add(found->entry->body->blob.bytes.size(), std::memory_order_relaxed);
  return std::move(found->entry);
}

Result<storage::ETag> Store::write_json(const Context& ctx, const EntryLabel& label,
                                        const std::string& key, std::string text,
                                        storage::PutIf condition) const {
  storage::PutOptions options;
  options.condition = std::move(condition);
  options.content_type = "application/json";
  options.content_encoding = "utf-8";
  return write(ctx, label, key, std::move(text), std::move(options));
}

Result<storage::ETag> Store::write_bytes(const Context& ctx, const EntryLabel& label,
                                         const std::string& key, std::string bytes,
                                         const char* content_type) const {
  storage::PutOptions options;
  options.content_type = content_type;
  return write(ctx, label, key, std::move(bytes), std::move(options));
}

Result<storage::ETag> Store::write(const Context& ctx, const EntryLabel& label,
                                   const std::string& key, std::string bytes,
                                   storage::PutOptions options) const {
  options.metadata = label.more;
  options.metadata[kUsername] = label.place.tenant.str();
  if (!label.place.scope.is_public()) options.metadata[kScope] = label.place.scope.text();
  options.metadata[kKind] = to_string(label.kind);
  options.metadata[kFingerprint] =
      label.fingerprint.empty() ? crypto::sha256_hex(bytes) : label.fingerprint;
  options.metadata[kGeneration] = std::to_string(label.generation);
  const auto lifetime = label.lifetime ? label.lifetime : lifetime_of(label.kind);
  if (lifetime)
    options.metadata[kExpiresAt] = to_text(clock_.wall_time() + *lifetime);
  else
    options.metadata[kNoExpiry] = kNoExpiryTrue;
  const std::size_t size_bytes = bytes.size();
  const std::string_view kind = to_string(label.kind);
  const Clock::Instant started = clock_.now();
  auto etag = blobs_.put(ctx, storage::BlobKey(key), std::move(bytes), options);
  metrics_.seconds.with({kind, "write"}).observe(seconds_between(started, clock_.now()));
  tier_.forget(key);  // Also after an error: it may have been written all the same.
  if (etag) {
    metrics_.written_bytes.with({kind}).add(size_bytes);
    metrics_.writes.with({kind, "ok"}).add();
    tallies_.of(label.place.tenant)->written_bytes.fetch_add(size_bytes, std::memory_order_relaxed);
  } else if (etag.error().code() == Code::conflict) {
    metrics_.writes.with({kind, "conflict"}).add();
    note_conflict(ctx, label);
  } else {
    metrics_.writes.with({kind, "error"}).add();
  }
  return etag;
}

Status Store::remove(const Context& ctx, const std::string& key,
                     storage::RemoveIf condition) const {
  storage::RemoveOptions options;
  options.condition = std::move(condition);
  Status removed = blobs_.remove(ctx, storage::BlobKey(key), options);
  tier_.forget(key);
  return removed;
}

void Store::note_conflict(const Context& ctx, const EntryLabel& label) const {
  tallies_.of(label.place.tenant)->conflicts.fetch_add(1, std::memory_order_relaxed);
  if (log_ == nullptr) return;
  log_->info(ctx.for_tenant(label.place.tenant), "cache.conflict",
             {{"kind", to_string(label.kind)}, {"generation", label.generation}});
}

}  // namespace cloudfolio::cache

#include "cache/store.h"

#include "base/time_text.h"

namespace cloudfolio::cache {

namespace {

constexpr char kUsername[] = "username";
constexpr char kScope[] = "scope";
constexpr char kKind[] = "kind";
constexpr char kFingerprint[] = "fingerprint";
constexpr char kGeneration[] = "generation";
constexpr char kExpiresAt[] = "expires_at";
constexpr char kNoExpiry[] = "no_expiry";

// What only a run under way needs; longer than any run, shorter than anyone's patience with litter.
constexpr std::chrono::hours kRunLifetime{24 * 7};

bool is_expired(const storage::BlobProperties& properties, Clock::WallTime now) {
  const auto& metadata = properties.metadata;
  if (const auto forever = metadata.find(kNoExpiry);
      forever != metadata.end() && forever->second == "True")
    return false;
  const auto text = metadata.find(kExpiresAt);
  if (text == metadata.end()) return false;
  const auto expires_at = time_from(text->second);
  return !expires_at || *expires_at <= now;
}

// An entry that names nobody is the old app's, and so of no scope.
bool is_of(const storage::Metadata& metadata, const Place& place, Store::Unnamed unnamed) {
  const auto scope = metadata.find(kScope);
  if ((scope == metadata.end() ? "" : scope->second) != place.scope.text()) return false;
  const auto owner = metadata.find(kUsername);
  if (owner == metadata.end()) return unnamed == Store::Unnamed::accepted;
  return owner->second == place.tenant.str();
}

Error corrupt_entry(EntryKind kind, Error error) {
  return std::move(error).while_doing("cached " + std::string(to_string(kind)) +
                                      " is damaged; a refresh with --force writes it anew");
}

}  // namespace

std::string_view to_string(EntryKind kind) {
  switch (kind) {
    case EntryKind::bundle:
      return "bundle";
    case EntryKind::repository:
      return "repository";
    case EntryKind::note:
      return "note";
    case EntryKind::index:
      return "index";
    case EntryKind::model:
      return "model";
    case EntryKind::model_record:
      return "model_record";
    case EntryKind::sync_state:
      return "sync_state";
    case EntryKind::sync_report:
      return "sync_report";
    case EntryKind::counter:
      return "counter";
  }
  return "bundle";
}

std::optional<std::chrono::seconds> lifetime_of(EntryKind kind) {
  if (kind == EntryKind::repository || kind == EntryKind::note) return kRunLifetime;
  return std::nullopt;
}

Result<EntryRead> Store::read(const Context& ctx, EntryKind kind, const std::string& key) const {
  const auto count = [&](std::string_view outcome) {
    metrics_.reads.with({to_string(kind), outcome}).add();
  };
  auto blob = blobs_.get(ctx, storage::BlobKey(key));
  if (!blob) {
    const Code code = blob.error().code();
    count(code == Code::not_found ? "miss" : code == Code::corrupt ? "corrupt" : "error");
    if (code == Code::not_found) return EntryRead{};
    if (code == Code::corrupt) return corrupt_entry(kind, std::move(blob).error());
    return std::move(blob).error();
  }
  EntryRead read{EntryStatus::valid, *std::move(blob)};
  if (!is_expired(read.blob.properties, clock_.wall_time())) {
    count("hit");
    return read;
  }
  count("expired");
  read.status = EntryStatus::expired;
  read.blob.bytes.clear();
  // Best effort, and only what was seen expired: a newer entry stays.
  storage::RemoveOptions remove;
  remove.condition = storage::Matches{read.blob.properties.etag};
  (void)blobs_.remove(ctx, storage::BlobKey(key), remove);
  return read;
}

Result<std::string> Store::read_own(const Context& ctx, EntryKind kind, const Place& place,
                                    const std::string& key, Unnamed unnamed) const {
  CF_TRY(EntryRead read, this->read(ctx, kind, key));
  if (read.status != EntryStatus::valid || !is_of(read.blob.properties.metadata, place, unnamed))
    return Error(Code::not_found, "no " + std::string(to_string(kind)) + " under that name");
  return std::move(read.blob.bytes);
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
  if (!label.fingerprint.empty()) options.metadata[kFingerprint] = label.fingerprint;
  if (label.generation > 0) options.metadata[kGeneration] = std::to_string(label.generation);
  if (const auto lifetime = lifetime_of(label.kind))
    options.metadata[kExpiresAt] = to_text(clock_.wall_time() + *lifetime);
  else
    options.metadata[kNoExpiry] = "True";
  const std::size_t size_bytes = bytes.size();
  auto etag = blobs_.put(ctx, storage::BlobKey(key), std::move(bytes), options);
  const std::string_view kind = to_string(label.kind);
  if (etag) metrics_.written_bytes.with({kind}).add(size_bytes);
  metrics_.writes
      .with({kind, etag                                    ? "ok"
                   : etag.error().code() == Code::conflict ? "conflict"
                                                           : "error"})
      .add();
  return etag;
}

}  // namespace cloudfolio::cache

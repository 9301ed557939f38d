#include "cache/tier.h"

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "base/ensure.h"
#include "cache/entry_metadata.h"
#include "cache/metrics.h"
#include "cache/tier_table.h"

namespace cloudfolio::cache {

namespace {

// What an entry costs besides its body: itself, its place in the table, its metadata.
constexpr std::size_t kEntryOverheadBytes = kKiB;
// A bundle is kept as it was read and as it was parsed.
constexpr std::size_t kParsedFactor = 3;

// Fits: a blob has at most a GiB.
static_assert(storage::kBlobBytesMax * kParsedFactor + kEntryOverheadBytes <= UINT32_MAX);
std::uint32_t charge_of(EntryKind kind, std::size_t body_bytes) {
  return static_cast<std::uint32_t>(kEntryOverheadBytes +
                                    body_bytes * (kind == EntryKind::bundle ? kParsedFactor : 1));
}

const storage::ETag& etag_of(const TierEntry& entry) {
  return entry.body->blob.properties.etag;
}

constexpr std::size_t kKindCount = 32;
constexpr std::size_t kOutcomeCount = 5;
constexpr std::array<std::string_view, kOutcomeCount> kOutcomes{"hit", "missing", "stale", "load",
                                                                "error"};

}  // namespace

struct Tier::Key {
  std::string_view text;
  Part part;
  std::size_t hash;
  Shard& shard;
};

// One reader's call to the store, and the others that wait for its answer.
struct Tier::Flight {
  Part part = Part::all;
  Clock::Instant started_at;
  Entry old;               // What was kept when it began, or nullptr.
  bool overtaken = false;  // Somebody wrote meanwhile. Guarded by the shard's lock.

  std::mutex mutex;
  std::condition_variable_any landed;
  std::optional<Result<Found>> result;
};

struct alignas(64) Tier::Shard {
  std::mutex mutex;
  TierTable table;
  std::map<std::string, std::shared_ptr<Flight>, std::less<>> flights;
};

struct Tier::Metrics {
  explicit Metrics(telemetry::MetricRegistry& registry) : families(registry) {}
  // A family's series are looked up by text; a million times a second, that is too much.
  void count(EntryKind kind, Outcome outcome) {
    auto& place = reads[static_cast<std::size_t>(kind)][static_cast<std::size_t>(outcome)];
    telemetry::Counter* counter = place.load(std::memory_order_acquire);
    if (counter == nullptr) {
      const std::string_view text = kOutcomes[static_cast<std::size_t>(outcome)];
      counter = &families.reads.with({to_string(kind), text});
      place.store(counter, std::memory_order_release);
    }
    counter->add();
  }
  TierMetrics families;
  std::array<std::array<std::atomic<telemetry::Counter*>, kOutcomeCount>, kKindCount> reads{};
};

Tier::Tier(storage::BlobStore& blobs, const Clock& clock, telemetry::MetricRegistry& metrics,
           Options options)
    : blobs_(blobs),
      clock_(clock),
      options_(options),
      metrics_(std::make_unique<Metrics>(metrics)),
      shards_(std::make_unique<Shard[]>(kShardCount)) {
  CF_ENSURE(kind_rows().size() <= kKindCount, "more kinds than the tier counts");
}

Tier::~Tier() = default;

Tier::Key Tier::key_of(std::string_view text, Part part) const {
  const std::size_t hash = std::hash<std::string_view>()(text);
  // The table uses the lower bits.
  return {text, part, hash, shards_[(hash >> 48) % kShardCount]};
}

Tier::Found Tier::answer(EntryKind kind, const Entry& entry, Outcome outcome) {
  constexpr auto kNever = Clock::WallTime::max();
  const bool none =
      entry->missing || (entry->expires_at != kNever && entry->expires_at <= clock_.wall_time());
  if (none && outcome == Outcome::hit) outcome = Outcome::missing;
  metrics_->count(kind, outcome);
  return {none ? nullptr : entry, outcome};
}

Result<Tier::Found> Tier::get(const Context& ctx, EntryKind kind, std::string_view text,
                              Part part) {
  CF_ENSURE(row_of(kind).tier.has_value(), "a kind that the tier does not keep", to_string(kind));
  const TierRule& rule = *row_of(kind).tier;
  const Key key = key_of(text, part);
  while (true) {
    std::shared_ptr<Flight> flight;
    bool mine = false;
    {
      key.shard.table.expect(key.hash);
      const std::lock_guard lock(key.shard.mutex);
      key.shard.table.expect_entry(key.hash);
      const Clock::Instant now = clock_.now();  // While the entry is on its way.
      const Entry* const kept = key.shard.table.find(key.hash, text);
      const bool enough =
          kept != nullptr && ((*kept)->whole || (*kept)->missing || part == Part::properties);
      if (kept != nullptr) {
        (*kept)->found = true;
        const auto fresh_for = (*kept)->missing ? rule.missing_for : rule.fresh_for;
        if (enough && now - (*kept)->checked_at < fresh_for)
          return answer(kind, *kept, Outcome::hit);
      }
      auto& flights = key.shard.flights;
      if (const auto found = flights.find(text); found != flights.end()) {
        flight = found->second;
        if (enough && !(*kept)->missing &&
            now - (*kept)->checked_at < rule.fresh_for + rule.stale_for)
          return answer(kind, *kept, Outcome::stale);
      } else {
        mine = true;
        flight = std::make_shared<Flight>();
        flight->part = part;
        flight->started_at = now;
        if (kept != nullptr) flight->old = *kept;
        flights.emplace(std::string(text), flight);
      }
    }
    if (mine) return fly(ctx, kind, key, flight);
    if (auto found = wait(ctx, kind, key, *flight)) return *std::move(found);
  }
}

// nullopt: ask again, for the other one asked for less, or was stopped.
std::optional<Result<Tier::Found>> Tier::wait(const Context& ctx, EntryKind kind, const Key& key,
                                              Flight& flight) {
  std::unique_lock lock(flight.mutex);
  const auto landed = [&] { return flight.result.has_value(); };
  bool in_time = true;
  if (ctx.deadline() == Clock::Instant::max())
    flight.landed.wait(lock, ctx.stop_token(), landed);
  else
    in_time = flight.landed.wait_until(lock, ctx.stop_token(), ctx.deadline(), landed);
  if (!flight.result) {
    const Code code = in_time || ctx.stopped() ? Code::cancelled : Code::deadline_exceeded;
    return Result<Found>(Error(code, "while another reader asked the store for the same entry"));
  }
  const Result<Found>& result = *flight.result;
  if (!result) {
    const Code code = result.error().code();
    if (code == Code::cancelled || code == Code::deadline_exceeded) return std::nullopt;
    metrics_->count(kind, Outcome::error);
    return result;
  }
  if (flight.part == Part::properties && key.part == Part::all && result->entry) {
    if (!result->entry->whole) return std::nullopt;
  }
  metrics_->count(kind, result->outcome);
  return result;
}

Result<Tier::Found> Tier::fly(const Context& ctx, EntryKind kind, const Key& key,
                              const std::shared_ptr<Flight>& flight) {
  auto loaded = load(ctx, kind, key, *flight);
  Result<Found> result = Error(Code::internal, "a flight without an answer");
  if (loaded) {
    const Entry entry = keep(kind, key, *flight, *std::move(loaded));
    result = answer(kind, entry, Outcome::load);
  } else {
    result = std::move(loaded).error();
    const TierRule& rule = *row_of(kind).tier;
    const Entry& old = flight->old;
    const bool enough = old && !old->missing && (old->whole || key.part == Part::properties);
    const std::lock_guard lock(key.shard.mutex);
    // The store does not answer; what it said last is better than nothing, for a while.
    if (enough && !flight->overtaken && result.error().code() != Code::corrupt &&
        clock_.now() - old->checked_at < rule.fresh_for + rule.stale_for)
      result = answer(kind, old, Outcome::stale);
    else
      metrics_->count(kind, Outcome::error);
  }
  {
    const std::lock_guard lock(key.shard.mutex);
    const auto found = key.shard.flights.find(key.text);
    if (found != key.shard.flights.end() && found->second == flight) key.shard.flights.erase(found);
  }
  {
    const std::lock_guard lock(flight->mutex);
    flight->result = result;
  }
  flight->landed.notify_all();
  drop_beyond_limit();
  return result;
}

std::shared_ptr<TierEntry> Tier::whole_entry(EntryKind kind, std::string_view key,
                                             storage::Blob blob) {
  auto body = std::make_unique<TierBody>();
  body->blob = std::move(blob);
  auto entry = slots_.make(key);
  entry->expires_at = expiry_of(body->blob.properties.metadata).value_or(Clock::WallTime::max());
  entry->charge_bytes = charge_of(kind, body->blob.bytes.size());
  entry->whole = true;
  entry->body = std::move(body);
  return entry;
}

std::shared_ptr<TierEntry> Tier::properties_only(EntryKind kind, std::string_view key,
                                                 storage::BlobProperties properties) {
  auto entry = whole_entry(kind, key, {.bytes = {}, .properties = std::move(properties)});
  entry->whole = false;
  return entry;
}

Result<Tier::Entry> Tier::load(const Context& ctx, EntryKind kind, const Key& key,
                               const Flight& flight) {
  const storage::BlobKey blob_key{std::string(key.text)};
  const TierEntry* const old = flight.old && !flight.old->missing ? flight.old.get() : nullptr;
  std::optional<Error> failed;
  if (key.part == Part::properties) {
    auto properties = blobs_.head(ctx, blob_key);
    if (properties && old && properties->etag == etag_of(*old)) return flight.old;
    if (properties) return Entry(properties_only(kind, key.text, *std::move(properties)));
    failed = std::move(properties).error();
  } else {
    const storage::ETag known = old && old->whole ? etag_of(*old) : storage::ETag();
    auto blob = blobs_.get_if_changed(ctx, blob_key, known);
    if (blob && !*blob) return flight.old;
    if (blob) return Entry(whole_entry(kind, key.text, **std::move(blob)));
    failed = std::move(blob).error();
  }
  if (failed->code() != Code::not_found) return *std::move(failed);
  auto entry = slots_.make(key.text);
  entry->missing = true;
  entry->charge_bytes = charge_of(kind, 0);
  return Entry(std::move(entry));
}

Tier::Entry Tier::keep(EntryKind kind, const Key& key, const Flight& flight, Entry entry) {
  Entry kept = entry;
  // Too large to be worth everything else's place: what is said about it is kept.
  if (entry->charge_bytes > options_.bytes_max / 2)
    kept = properties_only(kind, key.text, entry->body->blob.properties);
  Entry before;  // Freed without the lock.
  const std::lock_guard lock(key.shard.mutex);
  if (flight.overtaken) return entry;
  kept->checked_at = flight.started_at;
  const std::size_t charge = kept->charge_bytes;
  before = key.shard.table.put(key.hash, std::move(kept));
  bytes_.fetch_add(charge, std::memory_order_relaxed);
  if (before)
    bytes_.fetch_sub(before->charge_bytes, std::memory_order_relaxed);
  else
    count_.fetch_add(1, std::memory_order_relaxed);
  return entry;
}

void Tier::forget(std::string_view text) {
  const Key key = key_of(text, Part::all);
  Entry removed;  // Freed without the lock.
  const std::lock_guard lock(key.shard.mutex);
  if (const auto found = key.shard.flights.find(text); found != key.shard.flights.end()) {
    found->second->overtaken = true;
    key.shard.flights.erase(found);
  }
  removed = key.shard.table.remove(key.hash, text);
  if (!removed) return;
  bytes_.fetch_sub(removed->charge_bytes, std::memory_order_relaxed);
  count_.fetch_sub(1, std::memory_order_relaxed);
}

void Tier::drop_beyond_limit() {
  for (std::size_t empty = 0; bytes() > options_.bytes_max && empty < kShardCount;) {
    Shard& shard = shards_[next_victim_.fetch_add(1, std::memory_order_relaxed) % kShardCount];
    Entry dropped;  // Freed without the lock.
    const std::lock_guard lock(shard.mutex);
    dropped = shard.table.evict();
    if (!dropped) {
      ++empty;
      continue;
    }
    empty = 0;
    bytes_.fetch_sub(dropped->charge_bytes, std::memory_order_relaxed);
    count_.fetch_sub(1, std::memory_order_relaxed);
    metrics_->families.evictions.add();
  }
  metrics_->families.bytes.set(static_cast<double>(bytes()));
  metrics_->families.entries.set(static_cast<double>(count()));
}

}  // namespace cloudfolio::cache

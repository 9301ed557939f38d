#include "migrate/compare.h"

#include <chrono>

#include "migrate/decide.h"
#include "migrate/transfer.h"
#include "migrate/workers.h"

namespace cloudfolio::migrate {

namespace {

constexpr std::size_t kSampleCount = 16;  // A place; read one after another.

Result<std::map<std::string, Row>> rows_of(const Look& look, const std::vector<Pair>& pairs) {
  if (!look.journal || pairs.empty()) return std::map<std::string, Row>();
  std::string first = pairs.front().source.key;
  std::string last = first;
  for (const Pair& pair : pairs) {
    first = std::min(first, pair.source.key);
    last = std::max(last, pair.source.key);
  }
  return look.journal->rows(look.from.name(), first, last);
}

Result<std::optional<Seen>> read(const Context& ctx, const Look& look, Place& place,
                                 const std::string& key) {
  return retrying(ctx, look.pace, look.options, [&] { return examine(ctx, place, key); });
}

Status plan_one(const Context& ctx, const Look& look, const Pair& pair,
                const std::optional<Row>& row) {
  const auto add = [&](Outcome outcome, const char* why = "") {
    look.report.add(outcome, pair.source.size_bytes, look.from.name(), pair.source.key, why);
    return Done{};
  };
  std::optional<storage::ETag> there;
  if (pair.there) there = pair.there->etag;
  switch (decide(pair.source.etag, there, row)) {
    case Do::nothing:
      return add(Outcome::unchanged);
    case Do::leave:
      return add(Outcome::changed_there, "the destination changed it since it was copied");
    case Do::create:
    case Do::overwrite:
      return add(Outcome::to_copy);
    case Do::repeat:
      return add(Outcome::conflict, "both sides differ");
    case Do::compare:
    case Do::settle:
      break;
  }
  CF_TRY(const auto ours, read(ctx, look, look.from, pair.source.key));
  CF_TRY(const auto theirs, read(ctx, look, look.to, pair.source.key));
  if (!ours) return add(Outcome::vanished);
  if (!theirs) return add(Outcome::to_copy);
  if (ours->digest == theirs->digest) return add(Outcome::same);
  if (row && row->state == State::intended && theirs->digest == row->digest)
    return add(Outcome::to_copy);
  return add(Outcome::conflict, "both sides differ");
}

Status verify_one(const Context& ctx, const Look& look, const Pair& pair,
                  const std::optional<Row>& row) {
  const auto add = [&](Outcome outcome, const char* why = "") {
    look.report.add(outcome, pair.source.size_bytes, look.from.name(), pair.source.key, why);
    return Done{};
  };
  CF_TRY(const auto ours, read(ctx, look, look.from, pair.source.key));
  if (!ours) return add(Outcome::vanished);
  CF_TRY(const auto theirs, read(ctx, look, look.to, pair.source.key));
  const bool known = row && (row->state == State::written || row->state == State::changed);
  const bool source_same = row && ours->etag.str() == row->source_etag;
  if (!theirs) {
    if (known && source_same)
      return add(Outcome::changed_there, "the destination removed it since it was copied");
    return add(Outcome::missing, "not at the destination; run again");
  }
  if (ours->digest == theirs->digest) return add(Outcome::equal);
  if (row && row->state == State::conflict)
    return add(Outcome::conflict, "both sides differ; nothing was written");
  const bool there_same = row && theirs->etag.str() == row->etag;
  if (known && !there_same && source_same)
    return add(Outcome::changed_there, "the destination changed it since it was copied");
  if (known && there_same && !source_same) return add(Outcome::stale);
  return add(Outcome::differs, known && !there_same ? "both sides changed it since it was copied"
                                                    : "not the same content");
}

template <class One>
Status each(const Context& ctx, const Look& look, Walk& walk, const One& one,
            const std::function<void()>& tick) {
  while (true) {
    CF_TRY(const Walk::Page page, walk.next(ctx));
    CF_TRY(const auto rows, rows_of(look, page.pairs));
    CF_CHECK(
        in_parallel(look.options.copies_at_once, page.pairs.size(), [&](std::size_t i) -> Status {
          const auto known = rows.find(page.pairs[i].source.key);
          const Status done =
              one(page.pairs[i],
                  known == rows.end() ? std::nullopt : std::optional<Row>(known->second));
          if (!done && ctx.stopped()) return done;
          if (!done)
            look.report.add(Outcome::failed, 0, look.from.name(), page.pairs[i].source.key,
                            done.error().message());
          tick();
          return Done{};
        }));
    if (page.last) break;
  }
  CF_CHECK(walk.rest(ctx));
  for (std::uint64_t i = 0; i < walk.only_there_count(); ++i)
    look.report.add(Outcome::only_there, 0, look.from.name(), "");
  return Done{};
}

}  // namespace

Status plan_place(const Context& ctx, const Look& look, const std::function<void()>& tick) {
  Walk walk(look.from, look.to, look.pace, look.options);
  const std::uint64_t before_count = look.report.count(Outcome::to_copy);
  const std::uint64_t before_bytes = look.report.size_bytes(Outcome::to_copy);
  std::mutex mutex;
  std::vector<std::string> sample;
  CF_CHECK(each(
      ctx, look, walk,
      [&](const Pair& pair, const std::optional<Row>& row) -> Status {
        if (!row && !pair.there) {
          const std::scoped_lock lock(mutex);
          if (sample.size() < kSampleCount) sample.push_back(pair.source.key);
        }
        return plan_one(ctx, look, pair, row);
      },
      tick));
  if (sample.empty()) return Done{};
  const Clock::Instant began = look.pace.clock().now();
  std::uint64_t sample_bytes = 0;
  for (const std::string& key : sample) {
    CF_TRY(const auto seen, read(ctx, look, look.from, key));
    if (seen) sample_bytes += seen->size_bytes;
  }
  const double seconds = std::chrono::duration<double>(look.pace.clock().now() - began).count();
  // A copy is a read and a write, both taken for as long as the reads of the sample took: by entry
  // or by byte, whichever is longer.
  const double count = static_cast<double>(look.report.count(Outcome::to_copy) - before_count);
  const double bytes = static_cast<double>(look.report.size_bytes(Outcome::to_copy) - before_bytes);
  const double by_count = count / static_cast<double>(sample.size());
  const double by_bytes = sample_bytes > 0 ? bytes / static_cast<double>(sample_bytes) : 0;
  double estimate =
      2 * seconds * std::max(by_count, by_bytes) / static_cast<double>(look.options.copies_at_once);
  if (look.options.bytes_per_second > 0)
    estimate = std::max(estimate, bytes / static_cast<double>(look.options.bytes_per_second));
  if (look.options.items_per_second > 0)
    estimate = std::max(estimate, count / static_cast<double>(look.options.items_per_second));
  look.report.estimated_seconds += estimate;
  return Done{};
}

Status verify_place(const Context& ctx, const Look& look, const std::function<void()>& tick) {
  Walk walk(look.from, look.to, look.pace, look.options);
  return each(
      ctx, look, walk,
      [&](const Pair& pair, const std::optional<Row>& row) {
        return verify_one(ctx, look, pair, row);
      },
      tick);
}

}  // namespace cloudfolio::migrate

#include "migrate/copier.h"

#include "migrate/content_text.h"
#include "migrate/decide.h"
#include "migrate/workers.h"

namespace cloudfolio::migrate {

namespace {

// Of one key in one pass: more means that both sides write it all the time.
constexpr int kRoundsMax = 8;
constexpr std::size_t kRowsAtOnce = 500;
// A store that refuses so many will refuse the next as well.
constexpr std::uint64_t kFailuresMax = 100;

constexpr char kBothDiffer[] =
    "the destination has something else that this migration did not write";
constexpr char kBothChanged[] = "changed at the source and at the destination since it was copied";
constexpr char kChangedThere[] = "the destination changed it since it was copied";

}  // namespace

struct Copier::Work {
  Pair pair;
  std::optional<Row> row;
  std::string why;  // Of a finding.
  std::uint64_t size_bytes = 0;

  Row& made_row() {
    if (!row) {
      row.emplace();
      row->key = pair.source.key;
      row->state = State::undone;
    }
    return *row;
  }
  std::optional<storage::ETag> there() const {
    if (!pair.there) return std::nullopt;
    return pair.there->etag;
  }
  void saw(const std::optional<Seen>& theirs) {
    pair.there.reset();
    if (theirs) pair.there = Place::Entry{pair.source.key, theirs->etag, theirs->size_bytes, {}};
  }
};

void Copier::note(Work& work, State state) {
  work.row->state = state;
  tools_.journal.note(from_.name(), *work.row);
}

// Something stands there that is not, or no longer, from us.
Outcome Copier::not_ours(Work& work, const storage::ETag& there, std::string why) {
  Row& row = work.made_row();
  const bool was_ours = row.state == State::written || row.state == State::changed;
  // What was ours is compared again by every pass: the conflict stays one until somebody ends it.
  if (!was_ours) {
    row.source_etag = work.pair.source.etag.str();
    row.etag = there.str();
  }
  work.why = std::move(why);
  note(work, was_ours ? State::changed : State::conflict);
  return Outcome::conflict;
}

// Of what is that large: all that is in memory of it at once.
std::uint64_t Copier::memory_for(std::uint64_t size_bytes) const {
  const bool streamed = size_bytes > tools_.options.stream_above_bytes && can_stream(from_, to_);
  return streamed ? std::min(size_bytes, kStreamedMemoryBytes) : size_bytes;
}

Result<std::optional<Transfer>> Copier::begin(const Context& ctx, const Work& work,
                                              std::optional<Content> content,
                                              const storage::PutIf& condition) {
  const Place::Entry& source = work.pair.source;
  if (!content && source.size_bytes > tools_.options.stream_above_bytes && can_stream(from_, to_))
    return stream(ctx, from_, to_, source.key, condition);
  if (!content) {
    CF_TRY(content, from_.get(ctx, source.key));
  }
  if (!content) return std::optional<Transfer>();
  return std::optional<Transfer>(hand_over(*std::move(content), to_, source.key, condition));
}

Result<std::optional<Outcome>> Copier::write(const Context& ctx, Work& work,
                                             std::optional<Content> content,
                                             std::optional<storage::ETag> over) {
  storage::PutIf condition = storage::Nothing{};
  if (over) condition = storage::Matches{*over};
  auto begun = begin(ctx, work, std::move(content), condition);
  // The source changed in the middle, or the destination refuses already.
  if (!begun && begun.error().code() == Code::conflict) return std::optional<Outcome>();
  if (!begun) return std::move(begun).error();
  if (!*begun) return std::optional(Outcome::vanished);
  const Transfer transfer = **std::move(begun);
  Row& row = work.made_row();
  const bool replaces = over && over->str() != row.etag;
  work.pair.source.etag = transfer.source.etag;
  row.state = State::intended;
  row.source_etag = transfer.source.etag.str();
  row.digest = transfer.source.digest;
  row.size_bytes = work.size_bytes = transfer.source.size_bytes;
  row.there = over ? over->str() : "";
  CF_CHECK(tools_.journal.intend(from_.name(), row));
  auto etag = transfer.commit(ctx);
  if (etag) {
    row.etag = etag->str();
    note(work, State::written);
    return std::optional(replaces ? Outcome::replaced : Outcome::copied);
  }
  if (etag.error().code() != Code::conflict) return std::move(etag).error();
  // Refused for certain: what is there now, somebody else wrote.
  CF_TRY(work.pair.there, to_.find(ctx, row.key));
  row.state = row.etag.empty() ? State::conflict : State::written;
  row.source_etag.clear();  // Of what the destination has, nothing is from this version.
  return std::optional<Outcome>();
}

Result<std::optional<Outcome>> Copier::compare(const Context& ctx, Work& work) {
  CF_TRY(const auto ours, examine(ctx, from_, work.pair.source.key));
  if (!ours) return std::optional(Outcome::vanished);
  work.pair.source.etag = ours->etag;
  work.pair.source.size_bytes = ours->size_bytes;
  CF_TRY(const auto theirs, examine(ctx, to_, work.pair.source.key));
  work.saw(theirs);
  Row& row = work.made_row();
  const bool was_ours = row.state == State::written || row.state == State::changed;
  if (!theirs) {
    if (!was_ours) return write(ctx, work, std::nullopt, std::nullopt);
    return std::optional(
        not_ours(work, storage::ETag(""), "changed at the source, removed at the destination"));
  }
  work.size_bytes = ours->size_bytes;
  if (ours->digest == theirs->digest) {
    row.source_etag = ours->etag.str();
    row.digest = ours->digest;
    row.etag = theirs->etag.str();
    row.size_bytes = work.size_bytes;
    note(work, State::same);
    return std::optional(Outcome::same);
  }
  if (tools_.options.on_conflict == OnConflict::report)
    return std::optional(not_ours(work, theirs->etag, was_ours ? kBothChanged : kBothDiffer));
  CF_TRY(const auto saved, to_.get(ctx, row.key));  // As a whole: the journal keeps it so.
  if (!saved) return std::optional<Outcome>();
  CF_TRY(row.backup, tools_.journal.save_backup(from_.name(), row.key, content_text(*saved)));
  row.etag.clear();  // Nothing of ours is there.
  work.why = was_ours ? kBothChanged : kBothDiffer;
  return write(ctx, work, std::nullopt, etag_of(*saved));
}

Status Copier::settle(const Context& ctx, Work& work) {
  Row& row = *work.row;
  CF_TRY(const auto theirs, examine(ctx, to_, row.key));
  work.saw(theirs);
  const std::string found = theirs ? theirs->etag.str() : "";
  if (row.state == State::removing) {
    if (theirs && found == row.etag) {
      row.source_etag.clear();  // Not yet removed, and there is a newer version.
      row.state = State::written;
    } else {
      row.state = theirs ? State::changed : State::removed;
    }
    return Done{};
  }
  if (theirs && theirs->digest == row.digest && found != row.there) {
    row.etag = found;
    note(work, State::written);
  } else if (found == row.there) {
    row.source_etag.clear();  // The put did not happen.
    row.state = row.etag.empty() ? State::undone : State::written;
    if (!row.there.empty() && row.there != row.etag) row.state = State::conflict;
  } else {
    row.source_etag.clear();
    row.state = row.etag.empty() ? State::conflict : State::written;
  }
  return Done{};
}

Result<std::optional<Outcome>> Copier::attempt(const Context& ctx, Work& work) {
  if (work.row && (work.row->state == State::intended || work.row->state == State::removing))
    CF_CHECK(settle(ctx, work));
  work.size_bytes = work.pair.source.size_bytes;
  switch (decide(work.pair.source.etag, work.there(), work.row)) {
    case Do::nothing:
      return std::optional(Outcome::unchanged);
    case Do::leave:
      work.why = kChangedThere;
      if (work.row->state != State::changed) note(work, State::changed);
      return std::optional(Outcome::changed_there);
    case Do::repeat:
      if (tools_.options.on_conflict == OnConflict::replace) return compare(ctx, work);
      work.why = kBothDiffer;
      return std::optional(Outcome::conflict);
    case Do::compare:
    case Do::settle:
      return compare(ctx, work);
    case Do::create:
    case Do::overwrite:
      break;
  }
  std::optional<Content> content = std::move(work.pair.source.content);
  work.pair.source.content.reset();
  return write(ctx, work, std::move(content), work.there());
}

Status Copier::bring(const Context& ctx, Pair pair, std::optional<Row> row) {
  Work work{std::move(pair), std::move(row), {}, 0};
  // Nothing to do needs no room and no turn.
  const Do first = decide(work.pair.source.etag, work.there(), work.row);
  std::optional<Pace::Room> room;
  if (first != Do::nothing && first != Do::leave) {
    std::uint64_t bytes = work.pair.source.size_bytes;
    std::uint64_t memory_bytes = memory_for(bytes);
    if (first == Do::compare && work.pair.there) {
      // What may be replaced is kept in the journal first, and goes there as a whole.
      const std::uint64_t there_bytes = work.pair.there->size_bytes;
      memory_bytes +=
          tools_.options.on_conflict == OnConflict::replace ? there_bytes : memory_for(there_bytes);
      bytes += there_bytes;
    }
    CF_TRY(Pace::Room entered, tools_.pace.enter(ctx, bytes, memory_bytes));
    room.emplace(std::move(entered));
  }
  int failures_count = 0;
  for (int round = 1; round <= kRoundsMax; ++round) {
    auto outcome = attempt(ctx, work);
    if (outcome && !*outcome) continue;  // Somebody else wrote meanwhile: decide anew.
    if (outcome) {
      tools_.report.add(**outcome, work.size_bytes, from_.name(), work.pair.source.key,
                        std::move(work.why));
      return Done{};
    }
    const Status paused =
        pause_before_retry(ctx, tools_.pace, tools_.options, ++failures_count, outcome.error());
    if (ctx.stopped()) return outcome.error();
    if (paused) continue;
    tools_.report.add(Outcome::failed, 0, from_.name(), work.pair.source.key,
                      outcome.error().message());
    if (tools_.report.count(Outcome::failed) < kFailuresMax) return Done{};
    return Error(outcome.error())
        .while_doing("too many failures, the last: " + work.pair.source.key);
  }
  tools_.report.add(Outcome::failed, 0, from_.name(), work.pair.source.key,
                    "both sides write it all the time; run again");
  return Done{};
}

Status Copier::copy_page(const Context& ctx, std::vector<Pair> pairs, const Tick& tick) {
  if (pairs.empty()) return Done{};
  const auto by_key = [](const Pair& one, const Pair& other) {
    return one.source.key < other.source.key;
  };
  const auto [first, last] = std::minmax_element(pairs.begin(), pairs.end(), by_key);
  CF_TRY(const auto rows, tools_.journal.rows(from_.name(), first->source.key, last->source.key));
  return in_parallel(tools_.options.copies_at_once, pairs.size(), [&](std::size_t i) -> Status {
    const auto known = rows.find(pairs[i].source.key);
    CF_CHECK(bring(ctx, std::move(pairs[i]),
                   known == rows.end() ? std::nullopt : std::optional<Row>(known->second)));
    tick();
    return Done{};
  });
}

Result<Coverage> Copier::pass(const Context& ctx, std::int64_t pass, const Tick& tick) {
  CF_TRY(const Journal::Checkpoint begin, tools_.journal.checkpoint(from_.name(), pass));
  if (begin.finished) return Coverage::rest;
  Walk walk(from_, to_, tools_.pace, tools_.options, begin.continuation);
  bool source_is_empty = begin.continuation.empty();
  while (true) {
    CF_TRY(Walk::Page page, walk.next(ctx));
    std::vector<std::string> keys;
    keys.reserve(page.pairs.size());
    for (const Pair& pair : page.pairs) keys.push_back(pair.source.key);
    source_is_empty = source_is_empty && keys.empty();
    CF_CHECK(copy_page(ctx, std::move(page.pairs), tick));
    CF_CHECK(tools_.journal.settle(from_.name(), pass, keys, {page.continuation, false}));
    if (page.last) break;
  }
  CF_CHECK(remove_gone(ctx, pass, source_is_empty));
  CF_CHECK(tools_.journal.settle(from_.name(), pass, {}, {{}, true}));
  return begin.continuation.empty() ? Coverage::whole : Coverage::rest;
}

// A source that is empty from one pass to the next is more likely the wrong one than cleared.
Status Copier::remove_gone(const Context& ctx, std::int64_t pass, bool source_is_empty) {
  std::string after;
  while (true) {
    CF_TRY(auto rows, tools_.journal.unseen_after(from_.name(), pass, after, kRowsAtOnce));
    if (rows.empty()) return Done{};
    if (source_is_empty)
      return Error(Code::invalid_argument,
                   from_.name() +
                       " is empty at the source, and was not when it was copied; nothing "
                       "is removed at the destination. Roll back if that is meant");
    after = rows.back().key;
    CF_CHECK(in_parallel(tools_.options.copies_at_once, rows.size(), [&](std::size_t i) -> Status {
      const std::string key = rows[i].key;
      const Status done =
          retrying(ctx, tools_.pace, tools_.options, [&] { return remove_one(ctx, rows[i]); });
      if (!done && ctx.stopped()) return done;
      if (!done) tools_.report.add(Outcome::failed, 0, from_.name(), key, done.error().message());
      return Done{};
    }));
  }
}

Status Copier::remove_one(const Context& ctx, Row row) {
  CF_TRY(const auto source, from_.find(ctx, row.key));
  if (source) return Done{};  // It came after the listing: the next pass sees it.
  Work work{{{row.key, {}, row.size_bytes, {}}, {}}, row, {}, row.size_bytes};
  if (row.state == State::intended) CF_CHECK(settle(ctx, work));
  CF_TRY(const auto there, to_.find(ctx, row.key));
  if (!there) {
    note(work, State::removed);
    return Done{};
  }
  if (work.row->state == State::undone || work.row->state == State::conflict) return Done{};
  if (there->etag.str() == work.row->etag) {
    work.row->state = State::removing;
    CF_CHECK(tools_.journal.intend(from_.name(), *work.row));
    const Status removed = to_.remove(ctx, row.key, there->etag);
    if (removed) {
      note(work, State::removed);
      tools_.report.add(Outcome::removed, row.size_bytes, from_.name(), row.key);
      return Done{};
    }
    if (removed.error().code() != Code::conflict) return removed.error();
  }
  note(work, State::changed);
  tools_.report.add(Outcome::changed_there, row.size_bytes, from_.name(), row.key,
                    "gone at the source, changed at the destination since it was copied");
  return Done{};
}

}  // namespace cloudfolio::migrate

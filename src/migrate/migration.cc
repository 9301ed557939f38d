#include "migrate/migration.h"

#include <atomic>
#include <mutex>

#include "migrate/compare.h"
#include "migrate/copier.h"
#include "migrate/rollback.h"
#include "migrate/workers.h"

namespace cloudfolio::migrate {

namespace {

constexpr std::chrono::milliseconds kBetweenSteps{100};

// Counts entries and tells the watcher now and then.
class Ticker {
 public:
  Ticker(std::string phase, std::uint64_t total, const Watch& watch, const Clock& clock)
      : phase_(std::move(phase)), total_(total), watch_(watch), clock_(clock) {
    tell();
  }
  ~Ticker() { tell(); }
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

  void tick() {
    ++done_;
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock || clock_.now() - told_ < kBetweenSteps) return;
    tell();
  }

 private:
  void tell() {
    told_ = clock_.now();
    if (watch_) watch_({phase_, done_, std::max<std::uint64_t>(total_, total_ ? done_.load() : 0)});
  }

  const std::string phase_;
  const std::uint64_t total_;
  const Watch& watch_;
  const Clock& clock_;
  std::atomic<std::uint64_t> done_{0};
  std::mutex mutex_;
  Clock::Instant told_{};
};

Status check(const Ends& ends, const Options& options) {
  if (&ends.from == &ends.to || ends.from_name == ends.to_name)
    return Error(Code::invalid_argument, "source and destination are the same store");
  if (options.containers.empty() && options.tables.empty())
    return Error(Code::invalid_argument, "nothing to migrate: no container and no table is named");
  if (options.copies_at_once < 1 || options.copies_at_once > kCopiesAtOnceMax)
    return Error(Code::invalid_argument,
                 "copies at once: 1 to " + std::to_string(kCopiesAtOnceMax));
  if (options.journal.empty())
    return Error(Code::invalid_argument, "a migration needs a folder for its journal");
  return Done{};
}

}  // namespace

Migration::Migration(const Ends& ends, Options options, const Clock& clock, Wait wait)
    : from_name_(ends.from_name),
      to_name_(ends.to_name),
      options_(std::move(options)),
      clock_(clock),
      pace_({options_.memory_bytes, options_.bytes_per_second, options_.items_per_second}, clock,
            std::move(wait)) {}

Migration::~Migration() = default;

Result<std::unique_ptr<Migration>> Migration::open(const Ends& ends, Options options,
                                                   const Clock& clock, Wait wait) {
  CF_CHECK(check(ends, options));
  std::unique_ptr<Migration> migration(
      new Migration(ends, std::move(options), clock, std::move(wait)));
  CF_CHECK(migration->open_places(ends));
  return migration;
}

Status Migration::open_places(const Ends& ends) {
  for (const std::string& name : options_.containers) {
    PlacePair pair;
    CF_TRY(pair.from, open_blobs(ends.from, name));
    CF_TRY(pair.to, open_blobs(ends.to, name));
    places_.push_back(std::move(pair));
  }
  for (const std::string& name : options_.tables) {
    PlacePair pair;
    CF_TRY(pair.from, open_table(ends.from, name));
    CF_TRY(pair.to, open_table(ends.to, name));
    places_.push_back(std::move(pair));
  }
  return Done{};
}

Result<Journal*> Migration::journal() {
  if (!journal_) {
    CF_TRY(journal_, Journal::open(options_.journal, from_name_, to_name_));
  }
  return journal_.get();
}

Result<Journal*> Migration::known_journal() {
  std::error_code ignored;
  if (!journal_ && !std::filesystem::exists(options_.journal / "journal.db", ignored))
    return static_cast<Journal*>(nullptr);
  return journal();
}

Result<std::uint64_t> Migration::count_source(const Context& ctx) {
  std::uint64_t count = 0;
  for (const PlacePair& place : places_) {
    std::string continuation;
    do {
      CF_TRY(const Place::Page page,
             retrying(ctx, pace_, options_, [&] { return place.from->list(ctx, continuation); }));
      count += page.entries.size();
      continuation = page.continuation;
    } while (!continuation.empty());
  }
  return count;
}

Status Migration::plan(const Context& ctx, const Watch& watch, Report& report) {
  const Clock::Instant began = clock_.now();
  CF_TRY(Journal* const known, known_journal());
  {
    Ticker ticker("plan", 0, watch, clock_);
    for (const PlacePair& place : places_) {
      const Look look{*place.from, *place.to, known, pace_, options_, report};
      const Status done = plan_place(ctx, look, [&ticker] { ticker.tick(); });
      if (!done) return Error(done.error()).while_doing("plan " + place.from->name());
    }
  }
  report.seconds = std::chrono::duration<double>(clock_.now() - began).count();
  return Done{};
}

Result<Coverage> Migration::pass_over(const Context& ctx, std::int64_t pass, std::uint64_t total,
                                      const Watch& watch, const Tools& tools) const {
  Ticker ticker("copy, pass " + std::to_string(pass), total, watch, clock_);
  auto coverage = Coverage::whole;
  for (const PlacePair& place : places_) {
    Copier copier(*place.from, *place.to, tools);
    auto covered = copier.pass(ctx, pass, [&ticker] { ticker.tick(); });
    if (!covered) return std::move(covered).error().while_doing("copy " + place.from->name());
    if (*covered == Coverage::rest) coverage = Coverage::rest;
  }
  return coverage;
}

Status Migration::run(const Context& ctx, const Watch& watch, Report& report) {
  const Clock::Instant began = clock_.now();
  CF_TRY(Journal* const journal, this->journal());
  std::uint64_t total = 0;
  if (watch) {
    CF_TRY(total, count_source(ctx));
  }
  while (report.passes < options_.passes_max) {
    CF_TRY(const std::int64_t pass, journal->begin_pass());
    // What an earlier pass left undone or in doubt is found again by this one.
    Report of_pass;
    const Tools of_this_pass{*journal, pace_, options_, of_pass};
    const auto covered = pass_over(ctx, pass, total, watch, of_this_pass);
    ++report.passes;
    report.absorb(of_pass);
    report.seconds = std::chrono::duration<double>(clock_.now() - began).count();
    if (!covered) return covered.error();
    CF_CHECK(journal->end_pass(pass));
    // What an interrupted pass covered before is looked at again.
    if (!of_pass.moved() && *covered == Coverage::whole) break;
  }
  return Done{};
}

Status Migration::verify(const Context& ctx, const Watch& watch, Report& report) {
  const Clock::Instant began = clock_.now();
  CF_TRY(Journal* const known, known_journal());
  std::uint64_t total = 0;
  if (watch) {
    CF_TRY(total, count_source(ctx));
  }
  {
    Ticker ticker("verify", total, watch, clock_);
    for (const PlacePair& place : places_) {
      const Look look{*place.from, *place.to, known, pace_, options_, report};
      const Status done = verify_place(ctx, look, [&ticker] { ticker.tick(); });
      if (!done) return Error(done.error()).while_doing("verify " + place.from->name());
    }
  }
  report.seconds = std::chrono::duration<double>(clock_.now() - began).count();
  return Done{};
}

Status Migration::rollback(const Context& ctx, const Watch& watch, Report& report) {
  const Clock::Instant began = clock_.now();
  CF_TRY(Journal* const journal, known_journal());
  if (!journal)
    return Error(Code::not_found,
                 "no journal in '" + options_.journal.string() + "': nothing was migrated with it");
  const Tools tools{*journal, pace_, options_, report};
  {
    Ticker ticker("roll back", 0, watch, clock_);
    for (const PlacePair& place : places_) {
      const Status done = roll_back_place(ctx, *place.to, tools, [&ticker] { ticker.tick(); });
      if (!done) return Error(done.error()).while_doing("roll back " + place.to->name());
      CF_CHECK(journal->flush());
    }
  }
  report.seconds = std::chrono::duration<double>(clock_.now() - began).count();
  return Done{};
}

}  // namespace cloudfolio::migrate

#include "migrate/rollback.h"

#include "migrate/content_text.h"
#include "migrate/transfer.h"
#include "migrate/workers.h"

namespace cloudfolio::migrate {

namespace {

constexpr std::size_t kRowsAtOnce = 500;

bool wrote(State state) {
  return state == State::intended || state == State::written || state == State::removing ||
         state == State::removed || state == State::changed;
}

class RollBack {
 public:
  RollBack(Place& to, const Tools& tools) : to_(to), tools_(tools) {}

  Status one(const Context& ctx, Row row) const {
    CF_TRY(const auto there, examine(ctx, to_, row.key));
    std::optional<Content> before;
    if (!row.backup.empty()) {
      CF_TRY(const std::string text, tools_.journal.read_backup(row.backup));
      CF_TRY(before, content_from_text(text));
    }
    if (is_before(there, before)) return undone(row, Outcome::undone);
    if (there && !is_ours(row, *there)) return left(row, "the destination changed it since");
    if (!there && row.state != State::removed && row.state != State::removing)
      return left(row, "the destination removed it since");
    if (before) {
      storage::PutIf condition = storage::Nothing{};
      if (there) condition = storage::Matches{there->etag};
      const auto put = to_.put(ctx, row.key, *std::move(before), condition);
      if (put) return undone(row, Outcome::restored);
      if (put.error().code() == Code::conflict) return left(row, "the destination changed it");
      return put.error();
    }
    const Status removed = to_.remove(ctx, row.key, there->etag);
    if (removed) return undone(row, Outcome::undone);
    if (removed.error().code() == Code::conflict) return left(row, "the destination changed it");
    return removed;
  }

 private:
  // As it was before the first run: nothing to do, also after a crash between undoing and noting.
  static bool is_before(const std::optional<Seen>& there, const std::optional<Content>& before) {
    if (!there || !before) return !there && !before;
    return there->digest == digest_of(*before);
  }
  static bool is_ours(const Row& row, const Seen& there) {
    if (row.state == State::changed || row.state == State::removed) return false;
    const std::string etag = there.etag.str();
    if (!row.etag.empty() && etag == row.etag) return true;
    return row.state == State::intended && etag != row.there && there.digest == row.digest;
  }
  Status undone(Row row, Outcome outcome) const {
    row.state = State::undone;
    tools_.journal.note(to_.name(), row);
    tools_.report.add(outcome, row.size_bytes, to_.name(), row.key);
    return Done{};
  }
  Status left(const Row& row, const char* why) const {
    tools_.report.add(Outcome::changed_there, row.size_bytes, to_.name(), row.key, why);
    return Done{};
  }

  Place& to_;
  const Tools& tools_;
};

}  // namespace

Status roll_back_place(const Context& ctx, Place& to, const Tools& tools,
                       const std::function<void()>& tick) {
  const RollBack roll_back(to, tools);
  std::string after;
  while (true) {
    CF_TRY(const auto rows, tools.journal.rows_after(to.name(), after, kRowsAtOnce));
    if (rows.empty()) return Done{};
    after = rows.back().key;
    CF_CHECK(in_parallel(tools.options.copies_at_once, rows.size(), [&](std::size_t i) -> Status {
      if (!wrote(rows[i].state)) return Done{};
      CF_TRY(const Pace::Room room,
             tools.pace.enter(ctx, rows[i].size_bytes,
                              rows[i].backup.empty() && to.streams()
                                  ? std::min(rows[i].size_bytes, kStreamedMemoryBytes)
                                  : rows[i].size_bytes));
      const Status done =
          retrying(ctx, tools.pace, tools.options, [&] { return roll_back.one(ctx, rows[i]); });
      if (!done && ctx.stopped()) return done;
      if (!done)
        tools.report.add(Outcome::failed, 0, to.name(), rows[i].key, done.error().message());
      tick();
      return Done{};
    }));
  }
}

}  // namespace cloudfolio::migrate

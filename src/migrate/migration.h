#pragma once
// Migration: copies containers and tables from one store to another while both serve.
//
//   plan      what run would do, without writing anywhere
//   run       copies; resumable after a crash at any moment, and idempotent: run it again
//   verify    compares both sides by content
//   rollback  takes back what run wrote, and restores what it replaced
//
// Promises: run never writes over, and rollback never removes, what somebody else wrote or changed
//   at the destination, however it interleaves: each write has a condition. What differs is
//   reported, never chosen silently (but for OnConflict::replace, which keeps a backup).
//   Memory: Options::memory_bytes of contents, or one content that is larger, alone.
//   Keys that end at the source while it is copied end at the destination too, if they are
//   unchanged there.
// Threads:  one thread calls; copies run on threads of its own.
// Errors:   those of the stores, where a listing fails; an entry that fails is in the report.
//   cancelled: stopped; run goes on where it was.

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/context.h"
#include "base/result.h"
#include "migrate/options.h"
#include "migrate/pace.h"
#include "migrate/report.h"

namespace cloudfolio::storage {
class Storage;
}

namespace cloudfolio::migrate {

class Journal;
class Place;
struct Tools;

// The two stores, and how the journal names them.
struct Ends {
  storage::Storage& from;
  std::string from_name;
  storage::Storage& to;
  std::string to_name;
};

class Migration {
 public:
  // Everything given outlives it. Makes the journal's folder only where something is written.
  // Errors: invalid_argument (names, limits, the same store twice), and the journal's.
  static Result<std::unique_ptr<Migration>> open(const Ends& ends, Options options,
                                                 const Clock& clock, Wait wait);
  ~Migration();

  Status plan(const Context& ctx, const Watch& watch, Report& report);
  Status run(const Context& ctx, const Watch& watch, Report& report);
  Status verify(const Context& ctx, const Watch& watch, Report& report);
  Status rollback(const Context& ctx, const Watch& watch, Report& report);

 private:
  struct PlacePair {
    std::unique_ptr<Place> from;
    std::unique_ptr<Place> to;
  };
  Migration(const Ends& ends, Options options, const Clock& clock, Wait wait);
  Status open_places(const Ends& ends);
  // Opens the journal once.
  Result<Journal*> journal();
  // The journal where there is one already, else nullptr.
  Result<Journal*> known_journal();
  Result<std::uint64_t> count_source(const Context& ctx);
  Result<Coverage> pass_over(const Context& ctx, std::int64_t pass, std::uint64_t total,
                             const Watch& watch, const Tools& tools) const;

  const std::string from_name_;
  const std::string to_name_;
  const Options options_;
  const Clock& clock_;
  Pace pace_;
  std::vector<PlacePair> places_;
  std::unique_ptr<Journal> journal_;
};

}  // namespace cloudfolio::migrate

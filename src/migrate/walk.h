#pragma once
// Walk: the source's pages in order, each entry with what the destination's listing shows beside
// it.
//
// Both listings go in byte order of the keys, so that one pass over each is enough and no key needs
// a question of its own. Where an order is broken (table.h), the destination's entry may be missed:
// `there` is a hint.
//
// Threads: one thread at a time.

#include <optional>
#include <string>
#include <vector>

#include "migrate/options.h"
#include "migrate/pace.h"
#include "migrate/place.h"

namespace cloudfolio::migrate {

struct Pair {
  Place::Entry source;
  std::optional<Place::Entry> there;
};

class Walk {
 public:
  Walk(Place& from, Place& to, const Pace& pace, const Options& options,
       std::string continuation = {});

  struct Page {
    std::vector<Pair> pairs;
    std::string continuation;  // Where the next page begins.
    bool last = false;
  };
  Result<Page> next(const Context& ctx);
  // What the destination's listing had beyond the source's keys, so far; all of it once rest() was
  // called. Meaningful for a walk from the beginning.
  std::uint64_t only_there_count() const { return only_there_count_; }
  Status rest(const Context& ctx);

 private:
  Result<std::optional<Place::Entry>> beside(const Context& ctx, const std::string& key);
  // Whether an entry of the destination is at hand.
  Result<bool> fill(const Context& ctx);

  Place& from_;
  Place& to_;
  const Pace& pace_;
  const Options& options_;
  std::string continuation_;
  Place::Page there_;
  std::size_t at_ = 0;
  bool there_ended_ = false;
  std::uint64_t only_there_count_ = 0;
};

}  // namespace cloudfolio::migrate

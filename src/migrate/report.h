#pragma once
// Report: what a verb of the migration found and did, counted by outcome; what needs a person is
// named.
//
// Threads: add() and counts from any thread.

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "json/json_fwd.h"

namespace cloudfolio::migrate {

enum class Outcome : std::uint8_t {
  to_copy,        // plan: not at the destination
  copied,         // new at the destination, or a newer version over our own earlier copy
  replaced,       // over something else that stood there, as asked; a backup is kept
  same,           // the destination has the same content, not from us
  unchanged,      // copied before, nothing changed since
  removed,        // gone at the source since it was copied, so removed here as well
  vanished,       // gone at the source between listing and reading
  changed_there,  // ours once; the destination changed it since: left alone
  conflict,       // both sides differ, and the destination's is not ours: left alone
  failed,         // an error, also after retries; run again
  equal,          // verify: same content on both sides
  differs,        // verify: not the same, with no known reason
  missing,        // verify: not at the destination
  stale,          // verify: changed at the source since it was copied; run again
  only_there,     // at the destination alone
  undone,         // rollback: removed what the run wrote
  restored,       // rollback: what stood there before is back
};
inline constexpr std::size_t kOutcomesCount = 17;
std::string_view to_string(Outcome outcome);

struct Finding {
  Outcome outcome;
  std::string place;
  std::string key;
  std::string why;
};

class Report {
 public:
  // More are counted, not named.
  static constexpr std::size_t kFindingsMax = 1'000;

  // What needs a person (conflict, failed, differs, missing, changed_there) is named.
  void add(Outcome outcome, std::uint64_t size_bytes, const std::string& place,
           const std::string& key, std::string why = {});

  // Takes in one more pass of a run: what it moved adds up, what it found is the latest word.
  void absorb(const Report& pass);
  // Copied, replaced or removed anything.
  bool moved() const;

  std::uint64_t count(Outcome outcome) const;
  std::uint64_t size_bytes(Outcome outcome) const;
  std::vector<Finding> findings() const;
  // Everything that the destination should have of the source, it has.
  bool clean() const;
  json::Value to_json() const;

  std::int64_t passes = 0;
  double seconds = 0;
  double estimated_seconds = 0;  // plan

 private:
  mutable std::mutex mutex_;
  std::array<std::uint64_t, kOutcomesCount> counts_{};
  std::array<std::uint64_t, kOutcomesCount> bytes_{};
  std::vector<Finding> findings_;
};

}  // namespace cloudfolio::migrate

#pragma once
// Presence: which roles have a live process, where they run apart.
//
// Each process says now and then that it is there; whoever wants to know reads when each was last
// seen. Of a process of its own machine it also knows at once that it ended. Nothing depends on it
// but what is shown: work waits in the store for whoever comes.
//
// Threads: thread-safe. `table`, clock and random outlive it. Errors: those of the table.

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "roles/role_set.h"
#include "storage/table.h"

namespace cloudfolio::roles {

inline constexpr char kPresenceTable[] = "processes";

// "no process has role 'sync': …"
std::string missing_text(Role role);

class Presence {
 public:
  static constexpr std::chrono::seconds kSayEvery{5};
  static constexpr std::chrono::seconds kGoneAfter{16};

  // `capacity`: who brings trainers where none stands by ("process"); empty: nobody.
  Presence(storage::Table& table, const Clock& clock, SharedRandom& random, RoleSet roles,
           std::string capacity);

  // This process is there.
  Status say(const Context& ctx);
  // This process ends in order.
  Status leave(const Context& ctx);
  struct Seen {
    std::map<Role, int> counts;  // Processes of each role; roles without one are in it with 0.
    std::string capacity;        // What an orchestrator that is there says; "": nothing.
  };
  // unavailable, saying how to start one, where `role` has no process.
  Status expect(const Context& ctx, Role role) const;
  // Rows of processes that are long gone are removed on the way.
  Result<Seen> look(const Context& ctx) const;

 private:
  storage::Table& table_;
  const Clock& clock_;
  const RoleSet roles_;
  const std::string capacity_;
  const std::string process_;
  const std::string machine_;  // Where process ids mean the same; empty: not known.
};

}  // namespace cloudfolio::roles

#pragma once
// The planner: what to create, drain and delete now, from what is remembered and what is seen.
//
// Pure: no clock, no store, no network; the provisioner (provisioner.h) carries the effects out and
// writes each decision down by compare-and-set before it acts on it.
//
// Promises:
//  - On an incomplete view (a list that failed, jobs that could not be read) nothing is created,
//    deleted or taken for gone.
//  - A worker that holds work is drained by nobody; a heartbeat says so, whatever the platform
//    says. For what is paid, the platform says, whatever the heartbeat says.
//  - No second worker for a job that a worker holds or was made for, one a tenant, workers_max in
//    all. Between tenants whoever was served longest ago is next, then whoever waits longest.
//  - A worker idle for idle_limit goes; one that never started is replaced after start_limit; a
//    one that ended before it took work counts as a failed start, and only a later worker that
//    takes work ends the count; a group without a row goes; a deletion is asked again every
//    ask_again until the platform no longer shows the group.
//  - Money: nothing is created that a minute of all workers would carry over the day's limit.

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "capacity/creation_gate.h"
#include "capacity/policy.h"
#include "capacity/worker.h"

namespace cloudfolio::capacity {

// One piece of work that the store knows: waiting, or held.
struct Job {
  std::string id;
  TenantId tenant;
  WallTime queued_at;
};

// A tenant's row: when it was last served, which worker works for it, how long one worked today.
struct TenantRow {
  TenantId tenant;
  WallTime served_at = {};
  std::uint64_t holder = 0;  // Generation; 0: none.
  std::string day = {};      // "2026-01-01"
  std::int64_t worked_ms = 0;
  storage::ETag etag = {};
};

// What the leader remembers beside the workers.
struct Memory {
  std::uint64_t epoch = 0;  // Of the leader who wrote it: a lower one is refused.
  std::uint64_t next_generation = 1;
  CreationGate gate;
  std::string day = {};
  std::int64_t spent_nanos = 0;  // By workers that went today.
  WallTime listed_at = {};       // The last whole list, while there were workers.
  storage::ETag etag = {};       // As read; empty: not written yet.
};

struct Book {
  Memory memory;
  std::map<std::uint64_t, Worker> workers;
  std::map<TenantId, TenantRow> tenants;
};

struct View {
  bool complete = false;
  std::vector<Group> groups;
  std::vector<Job> jobs;
  std::string trouble = {};  // Why it is not complete.
};

struct CreateWorker {
  Worker worker;
};
struct CreateAgain {  // The same group again, whose first creation nobody knows the end of.
  std::uint64_t generation;
};
struct NoteStarted {
  std::uint64_t generation;
  WallTime at;
};
struct NoteWorked {  // After failed starts one took work.
  std::uint64_t generation;
};
struct NoteAccepted {  // The platform shows it, and the row does not know yet.
  std::uint64_t generation;
};
struct NoteAbsent {
  std::uint64_t generation;
};
struct NoteIdle {  // Liveness::platform: the job that it was made for is done.
  std::uint64_t generation;
};
struct Drain {  // Holds nothing: from now on it takes nothing.
  std::uint64_t generation;
  std::string reason;
};
enum class Blame { nobody, start };  // start: it counts as a failed start.
struct Delete {
  std::uint64_t generation;
  std::string reason;
  Blame blame = Blame::nobody;
};
struct DeleteOrphan {
  Group group;
};
struct AskStop {
  std::uint64_t generation;
};
struct Close {  // Gone and paid: its row goes, its hours into the ledger.
  std::uint64_t generation;
};
struct Note {  // For the decision log; an alarm also counts in the metric.
  enum class Kind { decision, alarm } kind;
  std::string text;
};
using Effect =
    std::variant<CreateWorker, CreateAgain, NoteStarted, NoteWorked, NoteAccepted, NoteAbsent,
                 NoteIdle, Drain, Delete, DeleteOrphan, AskStop, Close, Note>;

// What the day has cost so far, running workers included.
std::int64_t spent_today_nanos(const Policy& policy, const Book& book, WallTime now);
std::string day_of(WallTime time);  // "2026-01-01", UTC.

// Job positions in `jobs` that deserve a worker next, best first: one a tenant, none for a tenant
// that has a worker.
std::vector<std::size_t> fair_order(const Book& book, const std::vector<Job>& jobs);

std::vector<Effect> plan(const Policy& policy, const Book& book, const View& view, WallTime now);

// "model-training-queue-westeurope-17": lower-case, at most 63 characters.
std::string worker_name(const Policy& policy, const std::string& region, std::uint64_t generation);

}  // namespace cloudfolio::capacity

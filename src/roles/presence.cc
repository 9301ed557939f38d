#include "roles/presence.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace cloudfolio::roles {
namespace {

constexpr char kSeen[] = "seen";
constexpr char kVersion[] = "version";
constexpr char kCapacity[] = "capacity";
constexpr char kMachine[] = "machine";
constexpr char kPid[] = "pid";
constexpr char kStarted[] = "started";
constexpr int kStartedAfterName = 19;  // Words in /proc/PID/stat from the state to the start time.
constexpr std::chrono::hours kForgottenAfter{24};

std::string new_process_name(SharedRandom& random) {
  char text[48];
  std::snprintf(text, sizeof text, "%ld-%016llx", static_cast<long>(getpid()),
                static_cast<unsigned long long>(random.next()));
  return text;
}

// One boot of one kernel, and a space of process ids in it.
std::string this_machine() {
  std::string boot;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
  std::error_code failed;
  const auto space = std::filesystem::read_symlink("/proc/self/ns/pid", failed);
  return boot.empty() || failed ? std::string() : boot + " " + space.string();
}

// When a process began, in the kernel's ticks: with its id it names it for ever. 0: it is not
// there.
std::int64_t start_of(std::int64_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  if (!std::getline(in, text)) return 0;
  const std::size_t name_end = text.rfind(") ");
  if (name_end == std::string::npos || text[name_end + 2] == 'Z') return 0;
  std::istringstream words(text.substr(name_end + 2));
  std::string word;
  for (int i = 0; i < kStartedAfterName; ++i) words >> word;
  std::int64_t started = 0;
  words >> started;
  return started;
}

template <class Value>
Value value_of(const storage::Entity& entity, const char* name) {
  const auto found = entity.values.find(name);
  if (found == entity.values.end()) return {};
  const auto* value = std::get_if<Value>(&found->second);
  return value ? *value : Value();
}

bool has_ended(const storage::Entity& entity, const std::string& machine) {
  if (machine.empty() || value_of<std::string>(entity, kMachine) != machine) return false;
  return start_of(value_of<std::int64_t>(entity, kPid)) != value_of<std::int64_t>(entity, kStarted);
}

}  // namespace

Presence::Presence(storage::Table& table, const Clock& clock, SharedRandom& random, RoleSet roles,
                   std::string capacity)
    : table_(table),
      clock_(clock),
      roles_(roles),
      capacity_(std::move(capacity)),
      process_(new_process_name(random)),
      machine_(this_machine()) {}

Status Presence::say(const Context& ctx) {
  for (const Role role : roles_.roles()) {
    storage::Entity entity;
    entity.key = {.partition = std::string(to_string(role)), .row = process_};
    entity.values[kSeen] = clock_.wall_time();
    entity.values[kVersion] = std::string(CLOUDFOLIO_VERSION);
    entity.values[kMachine] = machine_;
    entity.values[kPid] = static_cast<std::int64_t>(getpid());
    entity.values[kStarted] = start_of(getpid());
    if (role == Role::orchestrator && !capacity_.empty()) entity.values[kCapacity] = capacity_;
    CF_CHECK(table_.upsert(ctx, entity, storage::Write::replace));
  }
  return Done{};
}

Status Presence::leave(const Context& ctx) {
  for (const Role role : roles_.roles()) {
    CF_CHECK(table_.remove(ctx, {.partition = std::string(to_string(role)), .row = process_},
                           storage::Anything{}));
  }
  return Done{};
}

std::string missing_text(Role role) {
  const std::string name(to_string(role));
  return "no process has role '" + name + "': its work waits; start one with --role " + name;
}

Status Presence::expect(const Context& ctx, Role role) const {
  CF_TRY(const Seen seen, look(ctx));
  const auto found = seen.counts.find(role);
  if (found != seen.counts.end() && found->second > 0) return Done{};
  return Error(Code::unavailable, missing_text(role));
}

Result<Presence::Seen> Presence::look(const Context& ctx) const {
  Seen seen_now;
  const auto now = clock_.wall_time();
  for (const Role role : kRoles) {
    int& count = seen_now.counts[role];
    storage::TableQuery query;
    query.partition = std::string(to_string(role));
    CF_TRY(const auto page, table_.query(ctx, query));
    for (const storage::Entity& entity : page.entities) {
      const auto age = now - value_of<Clock::WallTime>(entity, kSeen);
      if (age < kGoneAfter && !has_ended(entity, machine_)) {
        ++count;
        const auto capacity = value_of<std::string>(entity, kCapacity);
        if (!capacity.empty()) seen_now.capacity = capacity;
      }
      if (age >= kForgottenAfter)
        (void)table_.remove(ctx, entity.key, storage::Matches{entity.etag});
    }
  }
  return seen_now;
}

}  // namespace cloudfolio::roles

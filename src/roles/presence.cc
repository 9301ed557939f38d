#include "roles/presence.h"

#include <unistd.h>

#include <cstdio>

namespace cloudfolio::roles {
namespace {

constexpr char kSeen[] = "seen";
constexpr char kVersion[] = "version";
constexpr char kCapacity[] = "capacity";
constexpr std::chrono::hours kForgottenAfter{24};

std::string new_process_name(SharedRandom& random) {
  char text[48];
  std::snprintf(text, sizeof text, "%ld-%016llx", static_cast<long>(getpid()),
                static_cast<unsigned long long>(random.next()));
  return text;
}

}  // namespace

Presence::Presence(storage::Table& table, const Clock& clock, SharedRandom& random, RoleSet roles,
                   std::string capacity)
    : table_(table),
      clock_(clock),
      roles_(roles),
      capacity_(std::move(capacity)),
      process_(new_process_name(random)) {}

Status Presence::say(const Context& ctx) {
  for (const Role role : roles_.roles()) {
    storage::Entity entity;
    entity.key = {.partition = std::string(to_string(role)), .row = process_};
    entity.values[kSeen] = clock_.wall_time();
    entity.values[kVersion] = std::string(CLOUDFOLIO_VERSION);
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
      const auto found = entity.values.find(kSeen);
      const auto* seen =
          found == entity.values.end() ? nullptr : std::get_if<Clock::WallTime>(&found->second);
      const auto age = seen ? now - *seen : Clock::WallTime::duration(kForgottenAfter);
      if (age < kGoneAfter) {
        ++count;
        const auto capacity = entity.values.find(kCapacity);
        if (capacity != entity.values.end())
          if (const auto* text = std::get_if<std::string>(&capacity->second))
            seen_now.capacity = *text;
      }
      if (age >= kForgottenAfter)
        (void)table_.remove(ctx, entity.key, storage::Matches{entity.etag});
    }
  }
  return seen_now;
}

}  // namespace cloudfolio::roles

#include "roles/presence.h"

#include <unistd.h>

#include <cstdio>

namespace cloudfolio::roles {
namespace {

constexpr char kSeen[] = "seen";
constexpr char kVersion[] = "version";
constexpr std::chrono::hours kForgottenAfter{24};

std::string new_process_name(SharedRandom& random) {
  char text[48];
  std::snprintf(text, sizeof text, "%ld-%016llx", static_cast<long>(getpid()),
                static_cast<unsigned long long>(random.next()));
  return text;
}

}  // namespace

Presence::Presence(storage::Table& table, const Clock& clock, SharedRandom& random, RoleSet roles)
    : table_(table), clock_(clock), roles_(roles), process_(new_process_name(random)) {}

Status Presence::say(const Context& ctx) {
  for (const Role role : roles_.roles()) {
    storage::Entity entity;
    entity.key = {.partition = std::string(to_string(role)), .row = process_};
    entity.values[kSeen] = clock_.wall_time();
    entity.values[kVersion] = std::string(CLOUDFOLIO_VERSION);
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

Result<std::map<Role, int>> Presence::look(const Context& ctx) const {
  std::map<Role, int> counts;
  const auto now = clock_.wall_time();
  for (const Role role : kRoles) {
    int& count = counts[role];
    storage::TableQuery query;
    query.partition = std::string(to_string(role));
    CF_TRY(const auto page, table_.query(ctx, query));
    for (const storage::Entity& entity : page.entities) {
      const auto found = entity.values.find(kSeen);
      const auto* seen =
          found == entity.values.end() ? nullptr : std::get_if<Clock::WallTime>(&found->second);
      const auto age = seen ? now - *seen : Clock::WallTime::duration(kForgottenAfter);
      if (age < kGoneAfter) ++count;
      if (age >= kForgottenAfter)
        (void)table_.remove(ctx, entity.key, storage::Matches{entity.etag});
    }
  }
  return counts;
}

}  // namespace cloudfolio::roles

#include "capacity/creation_gate.h"

#include <algorithm>

#include "base/time_text.h"
#include "json/fields.h"

namespace cloudfolio::capacity {
namespace {

struct Kept {
  std::vector<std::int64_t> created;
  std::int64_t failures = 0;
  std::int64_t failed_at = 0;
  std::int64_t failed_generation = 0;
  std::int64_t open_until = 0;
  bool probing = false;
  std::int64_t throttled_until = 0;
  std::int64_t quota_until = 0;
  std::string why;
  std::int64_t choice = 0;
  static constexpr auto fields() {
    return std::tuple{json::Field{"created", &Kept::created, "Times of creations."},
                      json::Field{"failures", &Kept::failures, "Failed starts in a row."},
                      json::Field{"failed_at", &Kept::failed_at, "When the last one failed."},
                      json::Field{"failed_generation", &Kept::failed_generation, "Its worker."},
                      json::Field{"open_until", &Kept::open_until, "Circuit open until."},
                      json::Field{"probing", &Kept::probing, "One attempt is under way."},
                      json::Field{"throttled_until", &Kept::throttled_until, "Throttled until."},
                      json::Field{"quota_until", &Kept::quota_until, "No attempt before."},
                      json::Field{"why", &Kept::why, "The last refusal."},
                      json::Field{"choice", &Kept::choice, "Size and region in turn."}};
  }
};

constexpr std::chrono::hours kToldFor{1};
constexpr std::size_t kWhyBytesMax = 800;

std::size_t count_since(const std::vector<WallTime>& times, WallTime since) {
  return static_cast<std::size_t>(times.end() -
                                  std::upper_bound(times.begin(), times.end(), since));
}

}  // namespace

std::string_view to_string(Answer answer) {
  switch (answer) {
    case Answer::accepted:
      return "accepted";
    case Answer::exists:
      return "exists";
    case Answer::throttled:
      return "throttled";
    case Answer::no_capacity:
      return "no_capacity";
    case Answer::quota:
      return "quota";
    case Answer::refused:
      return "refused";
    case Answer::unknown:
      return "unknown";
  }
  return "unknown";
}

std::string CreationGate::refusal(const Policy& policy, WallTime now) const {
  if (now < quota_until)
    return "the quota is reached (" + why + "); next attempt at " +
           cloudfolio::to_text(quota_until);
  if (now < throttled_until)
    return "the platform asked to wait until " + cloudfolio::to_text(throttled_until);
  if (now < open_until)
    return "starts keep failing (" + why + "); next attempt at " + cloudfolio::to_text(open_until);
  if (probing) return "one attempt after failed starts is under way";
  if (count_since(created, now - std::chrono::minutes(5)) >= policy.creations_per_5_minutes_max)
    return "our own limit of creations in 5 minutes is reached";
  if (count_since(created, now - std::chrono::hours(1)) >= policy.creations_per_hour_max)
    return "our own limit of creations in an hour is reached";
  return "";
}

std::string CreationGate::trouble(const Policy& policy, WallTime now) const {
  if (failures >= policy.failures_to_open && now - failed_at < kToldFor)
    return "the last " + std::to_string(failures) + " workers failed at their start: " + why;
  if (now < quota_until) return "no worker can be made: " + why;
  return "";
}

void CreationGate::note_asked(const Policy& policy, WallTime now) {
  // A clock that went back must not make the list unordered.
  const WallTime at = created.empty() ? now : std::max(now, created.back());
  created.erase(created.begin(),
                std::upper_bound(created.begin(), created.end(), at - std::chrono::hours(1)));
  created.push_back(at);
  if (failures >= policy.failures_to_open) probing = true;
}

void CreationGate::note_answer(const Policy& policy, Answer answer,
                               std::chrono::seconds retry_after, const std::string& reason,
                               WallTime now, Random& random) {
  const std::size_t choices = policy.sizes.size() * policy.regions.size();
  if (answer != Answer::accepted && answer != Answer::exists) why = reason;
  switch (answer) {
    case Answer::accepted:
    case Answer::exists:
    case Answer::unknown:
      return;
    case Answer::throttled: {
      const auto half = static_cast<std::uint64_t>(retry_after.count() * 500 + 1);
      throttled_until = now + retry_after + std::chrono::milliseconds(random.below(half));
      probing = false;
      return;
    }
    case Answer::no_capacity:
      probing = false;
      choice = choices == 0 ? 0 : (choice + 1) % choices;
      // All were tried: as rarely as with a quota.
      if (choice == 0) quota_until = now + policy.quota_probe;
      return;
    case Answer::quota:
    case Answer::refused:
      probing = false;
      quota_until = now + policy.quota_probe;
      return;
  }
}

void CreationGate::note_worked() {
  failures = 0;
  probing = false;
  open_until = {};
}

void CreationGate::note_failed(const Policy& policy, WallTime now) {
  ++failures;
  failed_at = now;
  probing = false;
  if (failures < policy.failures_to_open) return;
  auto pause = policy.open_first;
  for (std::size_t i = policy.failures_to_open; i < failures && pause < policy.open_longest; ++i)
    pause *= 2;
  open_until = now + std::min(pause, policy.open_longest);
}

std::string CreationGate::to_text() const {
  Kept kept;
  for (const WallTime time : created) kept.created.push_back(to_unix_ms(time));
  kept.failures = static_cast<std::int64_t>(failures);
  kept.failed_at = to_unix_ms(failed_at);
  kept.failed_generation = static_cast<std::int64_t>(failed_generation);
  kept.open_until = to_unix_ms(open_until);
  kept.probing = probing;
  kept.throttled_until = to_unix_ms(throttled_until);
  kept.quota_until = to_unix_ms(quota_until);
  kept.why = why.substr(0, kWhyBytesMax);
  kept.choice = static_cast<std::int64_t>(choice);
  return json::write(json::to_json(kept));
}

Result<CreationGate> CreationGate::from_text(std::string_view text) {
  CF_TRY(const Kept kept, json::parse_as<Kept>(text, json::UnknownKeys::ignored));
  CreationGate gate;
  for (const std::int64_t time : kept.created) gate.created.push_back(from_unix_ms(time));
  gate.failures = static_cast<std::size_t>(kept.failures);
  gate.failed_at = from_unix_ms(kept.failed_at);
  gate.failed_generation = static_cast<std::uint64_t>(kept.failed_generation);
  gate.open_until = from_unix_ms(kept.open_until);
  gate.probing = kept.probing;
  gate.throttled_until = from_unix_ms(kept.throttled_until);
  gate.quota_until = from_unix_ms(kept.quota_until);
  gate.why = kept.why;
  gate.choice = static_cast<std::size_t>(kept.choice);
  return gate;
}

}  // namespace cloudfolio::capacity

#pragma once
// Setting: what the flags table says of one flag, and what follows from it for a tenant.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "flags/bucket.h"

namespace cloudfolio::flags {

inline constexpr std::uint32_t kEverybody = kBucketCount;  // Basis points: 100 %.
// Tenants of one flag that have a value of their own. More than that is a share.
inline constexpr std::size_t kTenantValuesMax = 500;

// "on", "off", "default" (nullopt: the environment's value), or a share such as "25%", "0.01%".
using Share = std::optional<std::uint32_t>;
// Errors: invalid_argument: anything else; a share over 100 % or finer than 0.01 %.
Result<Share> share_from(std::string_view text);
std::string to_string(const Share& share);

struct Setting {
  Share share;                       // Basis points of all tenants; nullopt: the default.
  std::map<TenantId, bool> tenants;  // Stronger than the share.
  std::uint64_t version = 0;         // Of its last change; 0: never changed.
  std::uint64_t armed_version = 0;   // Outcomes of decisions before this one are history.
  bool armed = true;                 // False: the guard turned it back; a person re-arms.
  std::string by;                    // Who made the last change, and why.
  std::string reason;
  Clock::WallTime at = {};
  bool operator==(const Setting&) const = default;
};

// A value, and what a piece of work carries with it to its end, so that it finishes under the value
// that it began with and its outcome is charged to that value.
struct Decision {
  enum class Why { standard, share, tenant, turned_back, stale };
  std::string flag;
  bool value = false;
  std::uint64_t version = 0;
  Why why = Why::standard;
  bool operator==(const Decision&) const = default;
};
std::string_view to_string(Decision::Why why);

// `standard` is the environment's value. Without a tenant: 0 % is off, 100 % is on, and a share in
// between is the environment's value, the same on every call.
Decision decide(std::string_view flag, bool standard, const Setting& setting,
                const TenantId& tenant);

}  // namespace cloudfolio::flags

#pragma once
// What this system writes for the original app while both share one store.

#include <cstdint>
#include <optional>

#include "base/id.h"

namespace cloudfolio::cache {

struct OldAppSharing {
  enum class Writes : std::uint8_t { no, yes };
  // compatibility.old_app: with each publication the per-repository keys, and bundles under every
  // spelling of the login that was asked for.
  Writes writes = Writes::no;
  // compatibility.model_slot_login: whose published models go into the original's one global slot.
  std::optional<TenantId> model_slot = {};
};

}  // namespace cloudfolio::cache

#pragma once
// A Setting as the row of its flag. Format: docs/formats/flags.md.

#include <string_view>

#include "base/result.h"
#include "flags/setting.h"
#include "storage/table.h"

namespace cloudfolio::flags {

storage::Entity to_entity(std::string_view flag, const Setting& setting);
// Errors: corrupt; unavailable: its buckets are of a newer release's function.
Result<Setting> setting_from(const storage::Entity& entity);

}  // namespace cloudfolio::flags

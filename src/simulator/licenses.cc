#include "simulator/licenses.h"

#include <array>
#include <string_view>

#include "crypto/encoding.h"
#include "simulator/world.h"

namespace cloudfolio::simulator {
namespace {

struct Known {
  std::string_view spdx_id;
  std::string_view name;
};
constexpr std::array<Known, 16> kKnown{
    {{"MIT", "MIT License"},
     {"Apache-2.0", "Apache License 2.0"},
     {"BSD-2-Clause", "BSD 2-Clause \"Simplified\" License"},
     {"BSD-3-Clause", "BSD 3-Clause \"New\" or \"Revised\" License"},
     {"GPL-2.0", "GNU General Public License v2.0"},
     {"GPL-3.0", "GNU General Public License v3.0"},
     {"AGPL-3.0", "GNU Affero General Public License v3.0"},
     {"LGPL-2.1", "GNU Lesser General Public License v2.1"},
     {"LGPL-3.0", "GNU Lesser General Public License v3.0"},
     {"MPL-2.0", "Mozilla Public License 2.0"},
     {"ISC", "ISC License"},
     {"Unlicense", "The Unlicense"},
     {"CC0-1.0", "Creative Commons Zero v1.0 Universal"},
     {"WTFPL", "Do What The F*ck You Want To Public License"},
     {"CC-BY-4.0", "Creative Commons Attribution 4.0 International"},
     {"EPL-2.0", "Eclipse Public License 2.0"}}};

}  // namespace

std::optional<LicenseName> license_from(const std::optional<std::string>& spdx) {
  if (!spdx || spdx->empty()) return std::nullopt;
  for (const Known& known : kKnown)
    if (known.spdx_id == *spdx)
      return LicenseName{folded(*spdx), std::string(known.name), *spdx, false};
  return LicenseName{"other", "Other", "NOASSERTION", true};
}

std::string license_node_id(const LicenseName& license) {
  return "L_kwDO" + crypto::to_base64url(license.key);
}

}  // namespace cloudfolio::simulator

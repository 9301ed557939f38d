#pragma once
// Licences as GitHub names them: from the corpus' SPDX guess to key, name and SPDX id.

#include <optional>
#include <string>

namespace cloudfolio::simulator {

struct LicenseName {
  std::string key;
  std::string name;
  std::string spdx_id;
  bool is_pseudo = false;  // "other": a text that GitHub does not know, or several at once.
};

std::optional<LicenseName> license_from(const std::optional<std::string>& spdx);
// An opaque id, the same for one key everywhere.
std::string license_node_id(const LicenseName& license);

}  // namespace cloudfolio::simulator

#include "flags/rows.h"

namespace cloudfolio::flags {
namespace {

constexpr std::size_t kVersionDigits = 20;

}  // namespace

std::string audit_row(std::uint64_t version) {
  const std::string digits = std::to_string(version);
  return kAuditPrefix + std::string(kVersionDigits - digits.size(), '0') + digits;
}

std::string flag_row(std::string_view name) {
  return kFlagPrefix + std::string(name);
}

Status RowReader::status() const {
  if (missing_.empty()) return Done{};
  return Error(Code::corrupt, "row '" + entity_.key.row + "' of table " + kFlagsTable +
                                  ": no usable value '" + missing_ + "'");
}

}  // namespace cloudfolio::flags

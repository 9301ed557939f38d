#pragma once
// The rows of the flags table: their keys, and reading values of the type that was written.
//
// One partition, so that a change and its audit entry are one batch: `audit_{version}` (20 digits),
// `flag_{NAME}`, `head`. Format: docs/formats/flags.md.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/table.h"

namespace cloudfolio::flags {

inline constexpr char kFlagsTable[] = "featureflags";
inline constexpr char kPartition[] = "flags";
inline constexpr char kHeadRow[] = "head";
inline constexpr char kAuditPrefix[] = "audit_";
inline constexpr char kFlagPrefix[] = "flag_";

std::string audit_row(std::uint64_t version);
std::string flag_row(std::string_view name);

// Reads one entity's values; the first that is missing or of another type is the error of status().
class RowReader {
 public:
  explicit RowReader(const storage::Entity& entity) : entity_(entity) {}
  std::string text(const std::string& name) { return value<std::string>(name); }
  std::uint64_t number(const std::string& name) {
    return static_cast<std::uint64_t>(value<std::int64_t>(name));
  }
  bool truth(const std::string& name) { return value<bool>(name); }
  Clock::WallTime time(const std::string& name) { return value<Clock::WallTime>(name); }
  bool has(const std::string& name) const { return entity_.values.contains(name); }
  Status status() const;

 private:
  template <class T>
  T value(const std::string& name) {
    const auto found = entity_.values.find(name);
    if (found != entity_.values.end()) {
      if (const T* typed = std::get_if<T>(&found->second)) return *typed;
    }
    if (missing_.empty()) missing_ = name;
    return T();
  }

  const storage::Entity& entity_;
  std::string missing_;
};

}  // namespace cloudfolio::flags

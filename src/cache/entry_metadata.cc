#include "cache/entry_metadata.h"

#include "base/time_text.h"

namespace cloudfolio::cache {

std::optional<Clock::WallTime> expiry_of(const storage::Metadata& metadata) {
  if (const auto forever = metadata.find(kNoExpiry);
      forever != metadata.end() && forever->second == kNoExpiryTrue)
    return std::nullopt;
  const auto text = metadata.find(kExpiresAt);
  if (text == metadata.end()) return std::nullopt;
  return time_from(text->second).value_or(Clock::WallTime());
}

bool is_expired(const storage::Metadata& metadata, Clock::WallTime now) {
  const auto expires_at = expiry_of(metadata);
  return expires_at && *expires_at <= now;
}

}  // namespace cloudfolio::cache

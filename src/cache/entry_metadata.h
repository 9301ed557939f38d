#pragma once
// The metadata that every entry carries, so that a service without our code can count and clean up.

#include <array>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "storage/blob_store.h"

namespace cloudfolio::cache {

inline constexpr char kUsername[] = "username";
inline constexpr char kScope[] = "scope";  // Of a private place only.
inline constexpr char kKind[] = "kind";
inline constexpr char kFingerprint[] = "fingerprint";
inline constexpr char kGeneration[] = "generation";
inline constexpr char kExpiresAt[] = "expires_at";
inline constexpr char kNoExpiry[] = "no_expiry";
inline constexpr char kNoExpiryTrue[] = "True";  // Python's; the original compares the text.

// Every entry has the first five, `scope` only in a private place, and one of the last two.
inline constexpr std::array<std::string_view, 7> kEntryMetadataNames{
    kUsername, kScope, kKind, kFingerprint, kGeneration, kExpiresAt, kNoExpiry};

// nullopt: never. A time that cannot be read is the beginning of time, as the original has it.
std::optional<Clock::WallTime> expiry_of(const storage::Metadata& metadata);
// An entry is good until its expiry and not at it.
bool is_expired(const storage::Metadata& metadata, Clock::WallTime now);

}  // namespace cloudfolio::cache

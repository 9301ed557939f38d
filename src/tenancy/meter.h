#pragma once
// Meter: what is counted of a tenant, and how much of it there may be.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cloudfolio::tenancy {

enum class Meter : std::uint8_t {
  storage_bytes,   // of its content in the cache, now
  orchestrations,  // refreshes that began
  trainings,       // models that were fine-tuned
  github_calls,    // requests to GitHub on its behalf
};
inline constexpr std::size_t kMetersCount = 4;
inline constexpr std::array<Meter, kMetersCount> kMeters{
    Meter::storage_bytes, Meter::orchestrations, Meter::trainings, Meter::github_calls};

// "storage_bytes", as tables and APIs write it. Never renamed: stored.
std::string_view to_string(Meter meter);
std::optional<Meter> meter_from(std::string_view name);

// The span over which a meter's limit holds, ending now: a day of 24 hours, not the calendar's, so
// that nothing doubles around midnight. Zero: the limit is one of the present amount.
std::chrono::seconds window_of(Meter meter);
// What is granted where nobody said otherwise. 0: no limit.
std::int64_t default_limit_of(Meter meter);

// What a kind of stored bytes counts as. Only content is under the storage limit: what a run stages
// is collected after it, and models are bounded by the trainings.
enum class StorageClass : std::uint8_t { content, working, model };
inline constexpr std::array<StorageClass, 3> kStorageClasses{
    StorageClass::content, StorageClass::working, StorageClass::model};
std::string_view to_string(StorageClass storage_class);

}  // namespace cloudfolio::tenancy

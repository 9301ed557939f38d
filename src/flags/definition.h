#pragma once
// The flags that there are, and what holds for each before anybody changes it.
//
// Off is always the old path, so that turning a flag back means off. docs/operating/flags.md says
// why each default is what it is.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cloudfolio::flags {

inline constexpr char kAsyncModelTraining[] = "ENABLE_ASYNC_MODEL_TRAINING";
inline constexpr char kGraphqlBatchFetch[] = "ENABLE_GRAPHQL_BATCH_FETCH";
inline constexpr char kQuotaEnforcement[] = "ENABLE_QUOTA_ENFORCEMENT";
inline constexpr char kNewGateway[] = "ENABLE_NEW_GATEWAY";
inline constexpr char kShadow[] = "ENABLE_SHADOW";

// What a process does with a flag whose table it could not read for Flags::Options::age_max.
enum class WhenStale {
  keep_last,        // The last value that was read.
  take_the_default  // The environment's.
};

struct Definition {
  std::string_view name;
  bool value;               // The default where only this system writes the cache.
  bool value_with_old_app;  // While the old app shares it: as the original had them.
  std::string_view about;
  WhenStale when_stale = WhenStale::keep_last;
};

std::span<const Definition> definitions();
// Null where there is none of that name.
const Definition* find_definition(std::string_view name);
// invalid_argument with the names that there are.
Result<const Definition*> get_definition(std::string_view name);

}  // namespace cloudfolio::flags

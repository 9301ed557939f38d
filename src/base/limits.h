#pragma once
// Sizes with their unit. Each room names its own limits (`…_bytes_max`, `…_count_max`) beside the
// thing that they bound.

#include <cstddef>

namespace cloudfolio {

inline constexpr std::size_t kKiB = 1024;
inline constexpr std::size_t kMiB = 1024 * kKiB;
inline constexpr std::size_t kGiB = 1024 * kMiB;

}  // namespace cloudfolio

#pragma once
// Bucket: which ten-thousandth of all tenants a tenant falls into, for one flag.
//
// Frozen: the same flag and tenant fall into the same bucket in every service, language and release
// (testing/buckets.tsv holds 10,000 of them; tools/flag_buckets.py is the second implementation).
// A better function would be a new version beside this one, which a flag names.
//
//   h      = MurmurHash3_x86_32 of the bytes  flag 0x1F tenant , seed 0
//   bucket = (uint64(h) * 10000) >> 32          integers only, so that no rounding can differ
//
// The flag is part of the hashed text, so that being early in one flag says nothing about another.

#include <cstdint>
#include <string_view>

namespace cloudfolio::flags {

inline constexpr std::uint32_t kBucketCount = 10'000;
inline constexpr std::int64_t kBucketVersion = 1;

// MurmurHash3_x86_32 (Appleby, 2011, public domain) of any bytes.
std::uint32_t murmur3_32(std::string_view bytes, std::uint32_t seed = 0);

// 0 to kBucketCount - 1. A share of s basis points means the tenants with bucket < s, so a wider
// share keeps everybody whom a narrower one had.
std::uint32_t bucket_of(std::string_view flag, std::string_view tenant);

}  // namespace cloudfolio::flags

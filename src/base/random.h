#pragma once
// Chance, passed in like time: seeded in tests (the seed is printed), from the system in a process.
//
// Not for secrets: those come from crypto/random_bytes.h.

#include <cstdint>
#include <mutex>

namespace cloudfolio {

// A stream of 64-bit numbers: SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
// generators", 2014). Same seed, same stream, on every platform. A value: copy it to fork a stream.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  // Seeded from the operating system.
  static Random from_system();

  std::uint64_t next();
  // Uniform in [0, bound), without bias; bound > 0.
  std::uint64_t below(std::uint64_t bound);
  // Uniform in [0, 1), 53 bits.
  double unit();

  // For <algorithm>.
  using result_type = std::uint64_t;
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type(0); }
  result_type operator()() { return next(); }

 private:
  std::uint64_t state_;
};

// One stream that several threads draw from.
class SharedRandom {
 public:
  explicit SharedRandom(Random random) : random_(random) {}
  std::uint64_t next();
  double unit();

 private:
  std::mutex mutex_;
  Random random_;
};

}  // namespace cloudfolio

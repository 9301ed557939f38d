#include "base/random.h"

#include <random>

namespace cloudfolio {

Random Random::from_system() {
  std::random_device device;
  return Random((std::uint64_t(device()) << 32) | device());
}

std::uint64_t Random::next() {
  std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

std::uint64_t Random::below(std::uint64_t bound) {
  // Rejects the few values that would make small numbers likelier.
  const std::uint64_t limit = max() - max() % bound;
  std::uint64_t value = next();
  while (value >= limit) value = next();
  return value % bound;
}

double Random::unit() {
  return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

std::uint64_t SharedRandom::next() {
  const std::lock_guard lock(mutex_);
  return random_.next();
}

double SharedRandom::unit() {
  const std::lock_guard lock(mutex_);
  return random_.unit();
}

}  // namespace cloudfolio

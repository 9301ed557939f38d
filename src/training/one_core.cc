#include "training/one_core.h"

#include <cstddef>

namespace cloudfolio::training {

OneCore::OneCore() {
  if (sched_getaffinity(0, sizeof before_, &before_) != 0) return;
  cpu_set_t one;
  CPU_ZERO(&one);
  // The last one: the first takes most interrupts.
  for (std::size_t i = CPU_SETSIZE; i > 0 && CPU_COUNT(&one) == 0; --i) {
    if (CPU_ISSET(i - 1, &before_)) CPU_SET(i - 1, &one);
  }
  bound_ = sched_setaffinity(0, sizeof one, &one) == 0;
}

OneCore::~OneCore() {
  if (bound_) (void)sched_setaffinity(0, sizeof before_, &before_);
}

}  // namespace cloudfolio::training

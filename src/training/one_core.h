#pragma once
// OneCore: what the calling thread computes meanwhile, and the threads that it starts, stay on one
// processor, so that others go on beside it. Where the system refuses, nothing is bound.
//
// Threads: made and destroyed on the thread that it binds.

#include <sched.h>

namespace cloudfolio::training {

class OneCore {
 public:
  OneCore();
  ~OneCore();  // As it was before.
  OneCore(const OneCore&) = delete;
  OneCore& operator=(const OneCore&) = delete;

 private:
  cpu_set_t before_;
  bool bound_ = false;
};

}  // namespace cloudfolio::training

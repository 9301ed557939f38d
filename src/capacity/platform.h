#pragma once
// Platform: something that runs workers: processes of this machine, container groups of Azure.
//
// Promises (testing/platform_conformance.cc):
//  - create() of a name that is there already answers Answer::exists and starts nothing.
//  - list() names everything that was created under our owner tag and not yet removed, whoever
//    created it, or is an error: never half of it. What create() just took may be missing for
//    Policy::settle.
//  - remove() may be repeated; Done means: asked, or not there. It is gone when list() no longer
//    names it. What runs in it is ended with everything it started.
// Threads:  thread-safe.
// Errors:   unavailable, rate_limited, permission_denied, unauthenticated; the message says which.

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "capacity/creation_gate.h"
#include "capacity/worker.h"

namespace cloudfolio::capacity {

struct CreateRequest {
  std::string name;
  std::uint64_t generation = 0;
  std::string queue = {};
  std::string region = {};
  std::string image = {};
  WorkerSize size = {};
  std::string job = {};
};

struct CreateAnswer {
  Answer answer = Answer::accepted;
  std::chrono::seconds retry_after{0};  // Answer::throttled.
  std::string detail = {};
};

class Platform {
 public:
  virtual ~Platform() = default;
  // What goes wrong is an answer: the planner has a different move for each.
  virtual CreateAnswer create(const Context& ctx, const CreateRequest& request) = 0;
  virtual Result<std::vector<Group>> list(const Context& ctx) = 0;
  virtual Status remove(const Context& ctx, const std::string& name) = 0;
};

}  // namespace cloudfolio::capacity

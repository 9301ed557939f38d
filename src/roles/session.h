#pragma once
// Session: the system as a command sees it, in this process or in another one that serves.
//
// Threads: thread-safe. Lifetime: owns what it opened; closing a local session stops its scheduler,
// and what was not finished goes on in the next process that opens the store.

#include <memory>
#include <optional>
#include <string>

#include "base/context.h"
#include "base/id.h"
#include "base/result.h"
#include "gateway/administration.h"
#include "gateway/services.h"
#include "gateway/trainings.h"

namespace cloudfolio::roles {

// An orchestration as a watcher sees it.
struct JobView {
  std::string status;         // Durable Task's word: Pending, Running, Completed, Failed, …
  std::string custom_status;  // JSON {"phase", "done", "total", …}; empty: none yet.
  std::string output;         // JSON; set once Completed.
  std::optional<Error> failure;

  bool finished() const {
    return status == "Completed" || status == "Failed" || status == "Terminated" ||
           status == "Canceled";
  }
};

class Session {
 public:
  virtual ~Session() = default;
  virtual gateway::Portfolios& portfolios() = 0;
  virtual gateway::Administration& administration() = 0;
  virtual gateway::Trainings& trainings() = 0;
  // nullopt: no such instance.
  virtual Result<std::optional<JobView>> find_job(const Context&, const InstanceId&) = 0;
  // Where it is, for messages: "http://127.0.0.1:7071", or "this process".
  virtual std::string place() const = 0;
};

}  // namespace cloudfolio::roles

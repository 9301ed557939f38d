#pragma once
// FaultProxy: stands between a client and the emulator's three services, and does to each request
// what the test says.
//
// Threads: the plan is called from several threads at once.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/random.h"
#include "http/client.h"
#include "http/server.h"
#include "storage/azure/account.h"

namespace cloudfolio::storage::azure {

struct Fault {
  enum class Kind {
    none,
    answer,        // `status` and `code`, and nothing happens.
    no_answer,     // The connection breaks, and nothing happens.
    lost_answer,   // It happens, and the connection breaks.
    wrong_answer,  // It happens, and the answer is `status` and `code`.
    late_answer,   // It happens, and the answer waits for release().
  };
  Kind kind = Kind::none;
  int status = 0;
  std::string code = {};
  std::string retry_after = {};
};

class FaultProxy {
 public:
  // What becomes of a request, the `number`th (from 1) that arrived.
  using Plan = std::function<Fault(const http::Request& request, int number)>;

  struct Options {
    std::chrono::milliseconds idle_timeout{60'000};
  };

  FaultProxy(const Account& account, Plan plan, Options options);
  FaultProxy(const Account& account, Plan plan) : FaultProxy(account, std::move(plan), Options{}) {}
  ~FaultProxy();

  // The same account by way of the proxy.
  const Account& account() const { return through_; }
  int request_count() const { return count_; }
  void set_plan(Plan plan);
  // Lets late answers go, now and from now on.
  void release();
  // Connections that clients hold open.
  int connection_count() const;

 private:
  http::Response handle(const std::string& target, http::Request& request);
  http::Response forward(const std::string& target, const http::Request& request);

  SystemClock clock_;
  SharedRandom random_{Random(1)};
  telemetry::MemoryLogSink sink_;
  telemetry::Log log_{sink_, clock_, telemetry::Level::warn};
  telemetry::MetricRegistry metrics_;
  std::mutex mutex_;
  std::condition_variable released_;
  bool is_released_ = false;
  Plan plan_;
  std::atomic<int> count_ = 0;
  Account through_;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<http::Server> servers_[3];
};

// Faults of one kind for every `n`th request.
FaultProxy::Plan every(int n, Fault fault);

}  // namespace cloudfolio::storage::azure

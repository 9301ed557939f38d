#pragma once
// Azurite, Microsoft's emulator of Azure Storage, as a child process on free ports of 127.0.0.1.
//
// Installed on first use into the per-user cache by emulator/install.sh. It keeps no promise about
// crashes: what it acknowledged in its last seconds is gone after a kill.

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "storage/azure/account.h"

namespace cloudfolio::storage::azure {

// Runs on with the machine's clock, and can be moved ahead together with the emulator's.
class MovableClock final : public Clock {
 public:
  Instant now() const override { return system_.now() + ahead(); }
  WallTime wall_time() const override { return system_.wall_time() + ahead(); }
  void advance(std::chrono::seconds by) { ahead_ += by.count(); }

 private:
  std::chrono::seconds ahead() const { return std::chrono::seconds(ahead_.load()); }
  SystemClock system_;
  std::atomic<std::int64_t> ahead_{0};
};

class Azurite {
 public:
  struct Options {
    std::filesystem::path folder = {};        // Empty: in memory.
    std::vector<std::string> arguments = {};  // Besides those for ports and persistence.
    // 0: a free one.
    int blob_port = 0;
    int queue_port = 0;
    int table_port = 0;
  };
  // Errors: unavailable, saying what is missing, where it cannot be installed.
  static Result<std::unique_ptr<Azurite>> start(const Options& options);
  // One for the whole test program, in memory; ends with it.
  static Result<Azurite*> shared();
  ~Azurite();  // Stops it.
  Azurite(const Azurite&) = delete;
  Azurite& operator=(const Azurite&) = delete;

  // An account that nobody had yet: an empty store. There are kAccounts.
  Account next_account();
  static constexpr int kAccounts = 400;
  // The clock of the emulator and of its clients in this program.
  MovableClock& clock() { return clock_; }
  void advance(std::chrono::seconds by);
  // kill -9, and waits for its end.
  void kill();

  int blob_port() const { return ports_[0]; }
  int queue_port() const { return ports_[1]; }
  int table_port() const { return ports_[2]; }

 private:
  Azurite() = default;
  Status launch(const std::string& packages, const Options& options);
  Status read_ports();
  std::string read_line();
  void end(int signal);

  MovableClock clock_;
  pid_t id_ = -1;
  int input_ = -1;
  std::FILE* output_ = nullptr;
  int ports_[3] = {0, 0, 0};
  std::string scheme_ = "http";
  Guarded<int> accounts_{0};
};

// The folder of the npm packages, installing them where they are not; unavailable, saying why not.
Result<std::string> azure_peers();

}  // namespace cloudfolio::storage::azure

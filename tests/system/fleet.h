#pragma once
// The services of one system as processes of their own over one store, each of which a test may
// kill and start again.

#include <map>
#include <memory>
#include <string>

#include "world.h"

namespace cloudfolio::system_test {

class Fleet {
 public:
  static constexpr const char* kRoles[] = {"gateway", "orchestrator", "sync", "trainer"};

  // Over the installation's store, with its environment; starts every role.
  Fleet(Installation& installation, std::string github_url);

  // The gateway's address. It stays the same over restarts.
  const std::string& url() const { return url_; }
  // Starts `role`, or one more of it under the name `as`, and waits until it says that it serves.
  void start(const std::string& role, const std::string& as = "");
  void kill(const std::string& name);      // SIGKILL; waits for its end.
  int terminate(const std::string& name);  // SIGTERM; its exit code.
  std::string log(const std::string& name) const;

 private:
  Installation& installation_;
  const std::string github_url_;
  TemporaryFolder logs_;
  std::string listen_ = "127.0.0.1:0";
  std::string url_;
  std::map<std::string, std::unique_ptr<Process>> processes_;
};

}  // namespace cloudfolio::system_test

#pragma once
// FakeArm: the part of Azure Resource Manager that runs container groups, with a memory and with
// faults, by a manual clock. Answers http::Requests, so it serves behind a Client without sockets
// (DirectClient) as well as behind an http::Server.
//
// What it does as the documentation says: PUT answers 201 and the group is Creating for
// `start_seconds`; DELETE answers 202 and the group is Deleting for `delete_seconds`; the list has
// pages and no instanceView; names are of one resource group.

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "capacity/aci_platform.h"
#include "http/message.h"

namespace cloudfolio::capacity::simulated {

struct ArmFaults {
  double before = 0;        // Share of requests that fail and change nothing (500, 429, no answer).
  double after = 0;         // Share of requests that are done, and whose answer is lost.
  double never_starts = 0;  // Share of groups that run and whose worker never speaks.
  double fails = 0;         // Share of groups that end up Failed.
  double forgets = 0;       // Share of deletions that are taken and never done.
  double half_list = 0;     // Share of lists that break off.
  double no_capacity = 0;   // Share of creations.
  int quota_groups = 100;   // Creations beyond: ContainerGroupQuotaReached.
  int start_seconds = 30;
  int delete_seconds = 20;
};

struct ArmBill {
  std::string name;
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;  // 0: it still runs.
  std::string body = {};
};

class FakeArm {
 public:
  FakeArm(const Clock& clock, std::uint64_t seed) : clock_(clock), random_(seed) {}

  http::Response handle(const http::Request& request);
  void set_faults(const ArmFaults& faults);
  // Names of groups whose worker runs and speaks.
  std::vector<std::string> speaking();
  std::vector<std::string> names();
  bool has(const std::string& name);
  // The group's containers end, as by exit(0).
  void end(const std::string& name);
  // The group's PUT body.
  std::string body(const std::string& name);
  std::size_t creations() const { return creations_; }
  std::vector<ArmBill> bill();
  std::vector<std::string> bodies();
  // Puts a group there that nobody here has asked for.
  void plant(const std::string& name, const std::string& body);

 private:
  struct Kept {
    std::string body;
    std::int64_t running_at_ms = 0;
    std::int64_t gone_at_ms = 0;  // 0: no deletion under way.
    bool never_starts = false;
    bool fails = false;
    bool ended = false;
    std::size_t bill = 0;
  };
  std::int64_t now_ms() const;
  void settle();
  http::Response answer(const http::Request& request, const std::string& name);
  http::Response put(const std::string& name, const std::string& body);
  http::Response remove(const std::string& name);
  http::Response list(const http::Request& request);
  std::string json_of(const std::string& name, const Kept& kept, bool with_view) const;

  const Clock& clock_;
  mutable std::mutex mutex_;
  Random random_;
  ArmFaults faults_;
  std::map<std::string, Kept> groups_;
  std::vector<ArmBill> bill_;
  std::vector<std::string> bodies_;
  std::size_t creations_ = 0;
};

// A client whose only server is `answer`, called directly.
class DirectClient final : public http::Client {
 public:
  explicit DirectClient(std::function<http::Response(const http::Request&)> answer)
      : answer_(std::move(answer)) {}
  Result<http::Response> send(const Context& ctx, const http::ClientRequest& request) override;

 private:
  std::function<http::Response(const http::Request&)> answer_;
};

// Always the same token.
class FixedToken final : public AccessTokens {
 public:
  Result<Secret> get(const Context&) override { return Secret("token-of-a-test"); }
  void forget() override {}
};

}  // namespace cloudfolio::capacity::simulated

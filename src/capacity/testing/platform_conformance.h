#pragma once
// The promises of Platform as tests that every platform runs.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "capacity/platform.h"

namespace cloudfolio::capacity {

class PlatformUnderTest {
 public:
  virtual ~PlatformUnderTest() = default;
  virtual Platform& platform() = 0;
  // Another one over the same workers: the process that comes after.
  virtual void reopen() = 0;
  // Time passes: moved by hand where that is possible, waited for elsewhere.
  virtual void pass() = 0;
  // Whether anything of that worker runs, by another way than list().
  virtual bool runs(const std::string& name) = 0;
  // The worker's program ends by itself.
  virtual void finish(const std::string& name) = 0;
  // From now on creations are refused for want of quota; false: it cannot be simulated.
  virtual bool use_up_quota() = 0;
  // Something under our tag that nobody here created. Its name.
  virtual std::string plant_orphan() = 0;
};

struct PlatformCase {
  std::string name;
  std::function<std::unique_ptr<PlatformUnderTest>()> open;
};

class PlatformConformance : public testing::TestWithParam<PlatformCase> {
 protected:
  void SetUp() override { under_test_ = GetParam().open(); }
  Platform& platform() { return under_test_->platform(); }
  CreateRequest request(std::uint64_t generation) const;
  std::optional<Group> find(const std::string& name);
  bool comes_to(const std::string& name, std::optional<GroupState> state);

  std::unique_ptr<PlatformUnderTest> under_test_;
};

}  // namespace cloudfolio::capacity

#include "storage/testing/conformance.h"

namespace cloudfolio::storage {
namespace {

class MemoryUnderTest final : public StoreUnderTest {
 public:
  Storage& storage() override { return *storage_; }
  const Clock& clock() const override { return clock_; }
  void pass(std::chrono::seconds time) override { clock_.advance(time); }

 private:
  ManualClock clock_;
  std::unique_ptr<Storage> storage_ = open_memory(clock_);
};

const auto kBackends =
    testing::Values(Backend{"memory", [] { return std::make_unique<MemoryUnderTest>(); }});

INSTANTIATE_TEST_SUITE_P(memory, BlobStoreConformance, kBackends, name_of);
INSTANTIATE_TEST_SUITE_P(memory, QueueConformance, kBackends, name_of);
INSTANTIATE_TEST_SUITE_P(memory, TableConformance, kBackends, name_of);
INSTANTIATE_TEST_SUITE_P(memory, LeaseConformance, kBackends, name_of);

}  // namespace
}  // namespace cloudfolio::storage

#include "storage/azure/azure.h"
#include "storage/azure/testing/azurite.h"
#include "storage/testing/conformance.h"

namespace cloudfolio::storage {
namespace {

// An account of its own in the program's emulator.
class AzureUnderTest final : public StoreUnderTest {
 public:
  explicit AzureUnderTest(azure::Azurite& azurite) : azurite_(azurite) {
    azure::Options options;
    options.account = azurite.next_account();
    options.polling = {.pause_first = std::chrono::milliseconds(5),
                       .pause_max = std::chrono::milliseconds(50)};
    // Small, so that the suite's large blobs go in blocks and come in pieces.
    options.transfers = {
        .single_put_bytes_max = kMiB, .block_bytes = 300'000, .read_bytes = 512 * kKiB};
    auto opened = azure::open(std::move(options), azurite.clock());
    if (!opened) throw std::runtime_error(opened.error().message());
    storage_ = *std::move(opened);
  }
  Storage& storage() override { return *storage_; }
  const Clock& clock() const override { return azurite_.clock(); }
  void pass(std::chrono::seconds time) override { azurite_.advance(time); }

 private:
  azure::Azurite& azurite_;
  std::unique_ptr<Storage> storage_;
};

// None where the emulator cannot be had; the_emulator_is_there says why.
std::vector<Backend> backends() {
  auto azurite = azure::Azurite::shared();
  if (!azurite) return {};
  return {
      Backend{"azure", [found = *azurite] { return std::make_unique<AzureUnderTest>(*found); }}};
}

const auto kBackends = testing::ValuesIn(backends());

INSTANTIATE_TEST_SUITE_P(azure, BlobStoreConformance, kBackends, name_of);
INSTANTIATE_TEST_SUITE_P(azure, QueueConformance, kBackends, name_of);
INSTANTIATE_TEST_SUITE_P(azure, TableConformance, kBackends, name_of);
INSTANTIATE_TEST_SUITE_P(azure, LeaseConformance, kBackends, name_of);

TEST(AzureConformance, the_emulator_is_there) {
  const auto azurite = azure::Azurite::shared();
  if (!azurite) GTEST_SKIP() << azurite.error().message();
}

}  // namespace
}  // namespace cloudfolio::storage

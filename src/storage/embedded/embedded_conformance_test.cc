#include <unistd.h>

#include <filesystem>

#include "storage/embedded/embedded.h"
#include "storage/testing/conformance.h"

namespace cloudfolio::storage {
namespace {

namespace fs = std::filesystem;

class EmbeddedUnderTest final : public StoreUnderTest {
 public:
  EmbeddedUnderTest() {
    std::string name = (fs::temp_directory_path() / "embedded-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    auto opened = embedded::open({.directory = directory_}, clock_);
    if (!opened) throw std::runtime_error(opened.error().message());
    storage_ = *std::move(opened);
  }
  ~EmbeddedUnderTest() override {
    storage_.reset();
    fs::remove_all(directory_);
  }
  Storage& storage() override { return *storage_; }
  const Clock& clock() const override { return clock_; }
  void pass(std::chrono::seconds time) override { clock_.advance(time); }

 private:
  ManualClock clock_;
  fs::path directory_;
  std::unique_ptr<Storage> storage_;
};

const auto kBackends =
    testing::Values(Backend{"embedded", [] { return std::make_unique<EmbeddedUnderTest>(); }});

INSTANTIATE_TEST_SUITE_P(embedded, BlobStoreConformance, kBackends, name_of);
INSTANTIATE_TEST_SUITE_P(embedded, QueueConformance, kBackends, name_of);
INSTANTIATE_TEST_SUITE_P(embedded, TableConformance, kBackends, name_of);
INSTANTIATE_TEST_SUITE_P(embedded, LeaseConformance, kBackends, name_of);

}  // namespace
}  // namespace cloudfolio::storage

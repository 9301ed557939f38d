#pragma once
// The promises of the storage interfaces as tests that every backend runs.
//
//   INSTANTIATE_TEST_SUITE_P(memory, BlobStoreConformance, testing::Values(memory_backend()),
//   name_of);
//
// Each suite is instantiated by the backend's own test with a Backend that opens an empty store.

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "storage/storage.h"

namespace cloudfolio::storage {

// One empty store and the time that it goes by.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual Storage& storage() = 0;
  virtual const Clock& clock() const = 0;
  // Time passes for the store and for clock(): moved by hand where that is possible, waited
  // elsewhere.
  virtual void pass(std::chrono::seconds time) = 0;
};

struct Backend {
  std::string name;
  std::function<std::unique_ptr<StoreUnderTest>()> open_empty;
};

// For gtest's messages, and as INSTANTIATE_TEST_SUITE_P's last argument.
void PrintTo(const Backend& backend, std::ostream* out);
std::string name_of(const testing::TestParamInfo<Backend>& info);

class StorageConformance : public testing::TestWithParam<Backend> {
 protected:
  StorageConformance() : under_test_(GetParam().open_empty()) {}
  Storage& storage() { return under_test_->storage(); }
  const Clock& clock() const { return under_test_->clock(); }
  void pass(std::chrono::seconds time) { under_test_->pass(time); }

  const Context ctx;

 private:
  std::unique_ptr<StoreUnderTest> under_test_;
};

class BlobStoreConformance : public StorageConformance {
 protected:
  BlobStoreConformance() : blobs(**storage().blobs("conformance")) {}
  ETag put(const std::string& key, std::string bytes, const PutOptions& options = {});
  // The bytes, or the name of the error's code.
  std::string get(const std::string& key);
  // The keys of all pages, `max_count` a page.
  std::vector<std::string> list(const std::string& prefix, std::size_t max_count);

  BlobStore& blobs;
};

class QueueConformance : public StorageConformance {
 protected:
  QueueConformance() : queue(**storage().queue("conformance")) {}
  MessageId send(std::string body, const SendOptions& options = {});
  // The body of the next message, or "EMPTY"; the whole of it in `last`.
  std::string receive(std::chrono::seconds visibility = std::chrono::seconds(30));

  Queue& queue;
  ReceivedMessage last;
};

class TableConformance : public StorageConformance {
 protected:
  TableConformance() : table(**storage().table("Conformance")) {}
  ETag insert(const std::string& partition, const std::string& row, Values values = {});
  // "partition/row" of all pages.
  std::vector<std::string> query(TableQuery query);
  // The value `name` of the entity as text, "NONE" without it, or the name of the error's code.
  std::string value(const std::string& partition, const std::string& row, const std::string& name);

  Table& table;
};

class LeaseConformance : public StorageConformance {
 protected:
  LeaseBook& leases = storage().leases();
};

// The suites are in a library: this keeps the linker from leaving them out.
bool link_conformance_suites();
inline const bool kConformanceSuitesLinked = link_conformance_suites();

}  // namespace cloudfolio::storage

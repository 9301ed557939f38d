#include <algorithm>
#include <map>
#include <memory>

#include "base/guarded.h"
#include "storage/memory/memory_blob_store.h"
#include "storage/memory/memory_queue.h"
#include "storage/memory/memory_table.h"
#include "storage/rules.h"
#include "storage/storage.h"

namespace cloudfolio::storage {

namespace {

// Objects by name, made on first use.
template <class Object>
class ByName {
 public:
  Object& get(std::string name, const Clock& clock) {
    auto objects = objects_.lock();
    auto& object = (*objects)[std::move(name)];
    if (!object) object = std::make_unique<Object>(clock);
    return *object;
  }

 private:
  Guarded<std::map<std::string, std::unique_ptr<Object>>> objects_;
};

class MemoryStorage final : public Storage {
 public:
  explicit MemoryStorage(const Clock& clock)
      : clock_(clock), lease_blobs_(clock), leases_(lease_blobs_, clock) {}

  Result<BlobStore*> blobs(std::string_view container) override {
    CF_CHECK(check_container_name(container));
    if (container == kLeaseContainer) return &lease_blobs_;
    return &containers_.get(std::string(container), clock_);
  }
  Result<Queue*> queue(std::string_view name) override {
    CF_CHECK(check_queue_name(name));
    return &queues_.get(std::string(name), clock_);
  }
  Result<Table*> table(std::string_view name) override {
    CF_CHECK(check_table_name(name));
    std::string folded(name);
    std::transform(folded.begin(), folded.end(), folded.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? char(c | 32) : c; });
    return &tables_.get(std::move(folded), clock_);
  }
  LeaseBook& leases() override { return leases_; }
  Status check(const Context& ctx) override { return check_context(ctx, clock_.now()); }
  Status maintain(const Context& ctx) override { return check_context(ctx, clock_.now()); }

 private:
  const Clock& clock_;
  ByName<MemoryBlobStore> containers_;
  ByName<MemoryQueue> queues_;
  ByName<MemoryTable> tables_;
  MemoryBlobStore lease_blobs_;
  LeaseBook leases_;
};

}  // namespace

std::unique_ptr<Storage> open_memory(const Clock& clock) {
  return std::make_unique<MemoryStorage>(clock);
}

}  // namespace cloudfolio::storage

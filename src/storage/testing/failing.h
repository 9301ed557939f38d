#pragma once
// Wrappers that let a chosen call fail, for fault tests.
//
//   for (std::uint64_t call = 1;; ++call) {
//     Faults faults({.call = call, .when = Fault::When::after});
//     FailingBlobStore blobs(real_blobs, faults);
//     FailingQueue queue(real_queue, faults);
//     const bool finished = scenario(blobs, queue).ok();
//     … what must hold, whatever failed …
//     if (!faults.happened()) break;   // The scenario makes fewer calls than that.
//   }
//
// Threads:  thread-safe.
// Lifetime: wrappers borrow the real object and the Faults; one Faults counts the calls of all its
//   wrappers together, in the order they come.

#include <atomic>
#include <cstdint>

#include "base/error.h"
#include "storage/blob_store.h"
#include "storage/blob_streams.h"
#include "storage/queue.h"
#include "storage/table.h"

namespace cloudfolio::storage {

struct Fault {
  enum class When : std::uint8_t {
    before,  // The call has no effect.
    after,   // The call has its effect, and its answer is lost.
  };
  enum class Then : std::uint8_t {
    works,  // Only this call fails.
    fails,  // So do all after it, without effect: as if the store, or the process, had died.
  };
  std::uint64_t call = 1;  // The first is 1.
  When when = When::before;
  Then then = Then::works;
  Error error = Error(Code::unavailable, "injected");
};

class Faults {
 public:
  explicit Faults(Fault fault) : fault_(std::move(fault)) {}

  bool happened() const { return calls_ >= fault_.call; }
  std::uint64_t calls_count() const { return calls_; }

  // Runs one call; for further wrappers.
  template <class Call>
  auto run(Call call) -> decltype(call()) {
    const std::uint64_t number = ++calls_;
    const bool this_one = number == fault_.call;
    if (this_one && fault_.when == Fault::When::after) {
      (void)call();
      return fault_.error;
    }
    if (this_one || (number > fault_.call && fault_.then == Fault::Then::fails))
      return fault_.error;
    return call();
  }

 private:
  const Fault fault_;
  std::atomic<std::uint64_t> calls_{0};
};

class FailingBlobStore final : public BlobStore, public BlobStreams {
 public:
  FailingBlobStore(BlobStore& real, Faults& faults) : real_(real), faults_(faults) {}

  Result<Blob> get(const Context& ctx, const BlobKey& key) override;
  Result<std::optional<Blob>> get_if_changed(const Context& ctx, const BlobKey& key,
                                             const ETag& known) override;
  Result<BlobProperties> head(const Context& ctx, const BlobKey& key) override;
  Result<ETag> put(const Context& ctx, const BlobKey& key, std::string bytes,
                   const PutOptions& options) override;
  Status remove(const Context& ctx, const BlobKey& key, const RemoveOptions& options) override;
  Result<BlobPage> list(const Context& ctx, const ListOptions& options) override;
  Result<LeaseId> acquire_lease(const Context& ctx, const BlobKey& key,
                                std::chrono::seconds length) override;
  Status renew_lease(const Context& ctx, const BlobKey& key, const LeaseId& lease) override;
  Status release_lease(const Context& ctx, const BlobKey& key, const LeaseId& lease) override;
  Status break_lease(const Context& ctx, const BlobKey& key) override;
  Result<std::unique_ptr<BlobReader>> open_reader(const Context& ctx, const BlobKey& key) override;
  Result<std::unique_ptr<BlobWriter>> open_writer(const Context& ctx, const BlobKey& key,
                                                  const PutOptions& options) override;

 private:
  BlobStore& real_;
  Faults& faults_;
};

// Waiting for a message is not counted and does not fail.
class FailingQueue final : public Queue {
 public:
  FailingQueue(Queue& real, Faults& faults) : real_(real), faults_(faults) {}

  Result<MessageId> send(const Context& ctx, std::string body, const SendOptions& options) override;
  Result<std::vector<ReceivedMessage>> receive(const Context& ctx,
                                               const ReceiveOptions& options) override;
  Result<Renewal> renew(const Context& ctx, const MessageId& id, const PopReceipt& receipt,
                        const RenewOptions& options) override;
  Status remove(const Context& ctx, const MessageId& id, const PopReceipt& receipt) override;
  Result<std::vector<Message>> peek(const Context& ctx, std::size_t max_count) override;
  Result<std::uint64_t> approximate_count(const Context& ctx) override;
  Status clear(const Context& ctx) override;
  Result<Wakeup> wait_for_message(const Context& ctx, Clock::Instant until) override;

 private:
  Queue& real_;
  Faults& faults_;
};

class FailingTable final : public Table {
 public:
  FailingTable(Table& real, Faults& faults) : real_(real), faults_(faults) {}

  Result<Entity> get(const Context& ctx, const EntityKey& key) override;
  Result<TablePage> query(const Context& ctx, const TableQuery& query) override;
  Result<ETag> insert(const Context& ctx, const Entity& entity) override;
  Result<ETag> upsert(const Context& ctx, const Entity& entity, Write write) override;
  Result<ETag> update(const Context& ctx, const Entity& entity, Write write,
                      const UpdateIf& condition) override;
  Status remove(const Context& ctx, const EntityKey& key, const UpdateIf& condition) override;
  Result<BatchOutcome> batch(const Context& ctx, const std::vector<TableAction>& actions) override;

 private:
  Table& real_;
  Faults& faults_;
};

}  // namespace cloudfolio::storage

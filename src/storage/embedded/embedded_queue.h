#pragma once
// One queue of an embedded store.

#include <cstdint>

#include "storage/embedded/store.h"
#include "storage/queue.h"
#include "storage/wakeups.h"

namespace cloudfolio::storage::embedded {

class EmbeddedQueue final : public Queue {
 public:
  EmbeddedQueue(Store& store, std::int64_t place)
      : store_(store), place_(place), wakeups_(store.clock) {}

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

  // Deletes a bounded number of expired messages.
  Status maintain();

 private:
  Store& store_;
  const std::int64_t place_;
  Wakeups wakeups_;
};

}  // namespace cloudfolio::storage::embedded

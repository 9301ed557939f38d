#pragma once
// One queue. Contract: storage/queue.h and azure.h. Bodies go as plain text, escaped for XML, not
// as base64.

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>

#include "storage/azure/service.h"
#include "storage/queue.h"

namespace cloudfolio::storage::azure {

class AzureQueue final : public Queue {
 public:
  // `service` outlives the queue.
  AzureQueue(Service& service, const std::string& name) : service_(service), path_("/" + name) {}

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
  Status create_queue(const Context& ctx);
  // Of this process's own sends.
  std::uint64_t sent_count();
  void notify();

  Service& service_;
  const std::string path_;
  std::mutex mutex_;
  std::condition_variable_any sent_;
  std::uint64_t sent_count_ = 0;
};

}  // namespace cloudfolio::storage::azure

#pragma once
// Messages in two maps.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/clock.h"
#include "base/guarded.h"
#include "storage/queue.h"
#include "storage/wakeups.h"

namespace cloudfolio::storage {

class MemoryQueue final : public Queue {
 public:
  explicit MemoryQueue(const Clock& clock) : clock_(clock), wakeups_(clock) {}

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
  struct Stored {
    Message message;
    PopReceipt receipt;
    Clock::WallTime visible_at;
    std::uint64_t turn = 0;  // Sent or made visible as the so-and-so-many-th: breaks ties.
  };
  using Turn = std::pair<std::pair<Clock::WallTime, std::uint64_t>, std::string>;
  struct State {
    std::map<std::string, Stored> messages;
    std::set<Turn> by_time;
    std::uint64_t last_number = 0;
    // No message expires before.
    Clock::WallTime first_expiry = Clock::WallTime::max();

    void schedule(Stored& stored, Clock::WallTime visible_at);
    void erase(std::map<std::string, Stored>::iterator at);
    void drop_expired(Clock::WallTime now);
    Result<std::map<std::string, Stored>::iterator> find(const MessageId& id,
                                                         const PopReceipt& receipt);
  };

  const Clock& clock_;
  Wakeups wakeups_;
  Guarded<State> state_;
};

}  // namespace cloudfolio::storage

#pragma once
// External events of one execution: raised ones that nobody waited for yet, and waits that nothing
// was raised for yet. By name without regard to case, first come first served on both sides.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "durable/coroutine.h"
#include "durable/history.h"

namespace cloudfolio::durable {

class EventInbox {
 public:
  // Gives the event to the oldest live wait of its name, or keeps it.
  void raise(const HistoryEvent& event, const EventRaised& raised);
  // Completes the wait at once where an event is kept; otherwise remembers it for as long as
  // someone holds it.
  void wait(const std::string& name, const std::shared_ptr<detail::Cell>& cell);
  // Events that nobody consumed, in the order in which they were raised.
  History unconsumed() const;

 private:
  struct Kept {
    std::uint64_t order = 0;
    HistoryEvent event;
  };
  struct Name {
    std::deque<Kept> kept;
    std::deque<std::weak_ptr<detail::Cell>> waits;
  };
  void forget_if_empty(std::map<std::string, Name>::iterator name);

  std::map<std::string, Name> names_;  // Lower case.
  std::uint64_t order_ = 0;
};

}  // namespace cloudfolio::durable

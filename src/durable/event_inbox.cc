#include "durable/event_inbox.h"

#include <algorithm>
#include <vector>

namespace cloudfolio::durable {
namespace {

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

}  // namespace

void EventInbox::raise(const HistoryEvent& event, const EventRaised& raised) {
  const auto at = names_.try_emplace(lower(raised.name)).first;
  auto& waits = at->second.waits;
  while (!waits.empty()) {
    const auto cell = waits.front().lock();
    waits.pop_front();
    if (!cell || cell->done()) continue;
    cell->complete(raised.input);
    forget_if_empty(at);
    return;
  }
  at->second.kept.push_back(Kept{++order_, event});
}

void EventInbox::wait(const std::string& name, const std::shared_ptr<detail::Cell>& cell) {
  const auto at = names_.try_emplace(lower(name)).first;
  auto& kept = at->second.kept;
  if (kept.empty()) {
    std::erase_if(at->second.waits, [](const auto& wait) { return wait.expired(); });
    at->second.waits.push_back(cell);
    return;
  }
  auto input = std::get<EventRaised>(kept.front().event.body).input;
  kept.pop_front();
  forget_if_empty(at);
  cell->complete(std::move(input));
}

History EventInbox::unconsumed() const {
  std::vector<const Kept*> all;
  for (const auto& [name, entry] : names_) {
    for (const Kept& kept : entry.kept) all.push_back(&kept);
  }
  std::sort(all.begin(), all.end(), [](auto* a, auto* b) { return a->order < b->order; });
  History events;
  for (const Kept* kept : all) events.push_back(kept->event);
  return events;
}

void EventInbox::forget_if_empty(std::map<std::string, Name>::iterator name) {
  if (name->second.kept.empty() && name->second.waits.empty()) names_.erase(name);
}

}  // namespace cloudfolio::durable

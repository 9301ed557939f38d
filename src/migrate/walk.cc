#include "migrate/walk.h"

#include "migrate/workers.h"

namespace cloudfolio::migrate {

Walk::Walk(Place& from, Place& to, const Pace& pace, const Options& options,
           std::string continuation)
    : from_(from),
      to_(to),
      pace_(pace),
      options_(options),
      continuation_(std::move(continuation)) {}

Result<bool> Walk::fill(const Context& ctx) {
  while (at_ == there_.entries.size()) {
    if (there_ended_) return false;
    const std::string from = there_.continuation;
    CF_TRY(there_, retrying(ctx, pace_, options_, [&] { return to_.list(ctx, from); }));
    at_ = 0;
    there_ended_ = there_.continuation.empty();
  }
  return true;
}

Result<std::optional<Place::Entry>> Walk::beside(const Context& ctx, const std::string& key) {
  while (true) {
    CF_TRY(const bool any, fill(ctx));
    if (!any || there_.entries[at_].key > key) return std::optional<Place::Entry>();
    if (there_.entries[at_].key == key)
      return std::optional<Place::Entry>(std::move(there_.entries[at_++]));
    ++at_;
    ++only_there_count_;
  }
}

Result<Walk::Page> Walk::next(const Context& ctx) {
  CF_TRY(Place::Page listed,
         retrying(ctx, pace_, options_, [&] { return from_.list(ctx, continuation_); }));
  Page page;
  page.pairs.reserve(listed.entries.size());
  for (Place::Entry& entry : listed.entries) {
    CF_TRY(auto there, beside(ctx, entry.key));
    page.pairs.push_back({std::move(entry), std::move(there)});
  }
  continuation_ = listed.continuation;
  page.last = continuation_.empty();
  page.continuation = std::move(listed.continuation);
  return page;
}

Status Walk::rest(const Context& ctx) {
  while (true) {
    CF_TRY(const bool any, fill(ctx));
    if (!any) return Done{};
    only_there_count_ += there_.entries.size() - at_;
    at_ = there_.entries.size();
  }
}

}  // namespace cloudfolio::migrate

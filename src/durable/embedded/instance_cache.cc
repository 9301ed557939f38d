#include "durable/embedded/instance_cache.h"

#include <utility>

namespace cloudfolio::durable {
namespace {

constexpr std::size_t kRowBytes = 768;  // An instance without its coroutine.

}  // namespace

Result<Instance*> InstanceCache::find(const std::string& id) {
  const auto at = by_id_.find(id);
  if (at != by_id_.end()) return at->second.get();
  CF_TRY(auto row, journal_.find(id));
  if (!row) return static_cast<Instance*>(nullptr);
  return &put(*std::move(row));
}

Result<Instance*> InstanceCache::find(std::int64_t key) {
  CF_TRY(auto row, journal_.find(key));
  if (!row) return static_cast<Instance*>(nullptr);
  const auto at = by_id_.find(row->id);
  if (at != by_id_.end()) return at->second.get();
  return &put(*std::move(row));
}

Instance& InstanceCache::put(InstanceRow row) {
  const auto at = by_id_.find(row.id);
  if (at != by_id_.end()) {
    Instance& instance = *at->second;
    static_cast<InstanceRow&>(instance) = std::move(row);
    instance.live.reset();
    instance.inbox.clear();
    used(instance);
    return instance;
  }
  auto added = std::make_unique<Instance>(std::move(row));
  Instance& instance = *added;
  by_id_.emplace(instance.id, std::move(added));
  instance.recency = recency_.insert(recency_.end(), &instance);
  used(instance);
  return instance;
}

void InstanceCache::forget(const std::string& id) {
  const auto at = by_id_.find(id);
  if (at == by_id_.end()) return;
  Instance& instance = *at->second;
  bytes_ -= instance.bytes;
  if (instance.counted_live) --live_count_;
  recency_.erase(instance.recency);
  by_id_.erase(at);
}

void InstanceCache::forget_if_idle(const std::string& id) {
  const auto at = by_id_.find(id);
  if (at == by_id_.end() || at->second->queued || !at->second->inbox.empty()) return;
  forget(id);
}

void InstanceCache::used(Instance& instance) {
  bytes_ -= instance.bytes;
  instance.bytes = kRowBytes + (instance.live ? instance.live->live_bytes() : 0);
  bytes_ += instance.bytes;
  const bool live = instance.live != nullptr;
  if (live != std::exchange(instance.counted_live, live)) live_count_ += live ? 1 : -1;
  recency_.splice(recency_.end(), recency_, instance.recency);
}

void InstanceCache::trim() {
  for (auto at = recency_.begin(); at != recency_.end() && bytes_ > bytes_max_;) {
    Instance* const instance = *at++;
    forget_if_idle(instance->id);
  }
}

void InstanceCache::clear() {
  by_id_.clear();
  recency_.clear();
  bytes_ = 0;
  live_count_ = 0;
}

}  // namespace cloudfolio::durable

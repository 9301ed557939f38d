#pragma once
// The instances in memory: those with work, and as many recently used ones as the budget allows.
//
// Threads: the scheduler's owner. A pointer stays valid until trim() or clear().

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "durable/embedded/instance.h"

namespace cloudfolio::durable {

class InstanceCache {
 public:
  InstanceCache(Journal& journal, std::size_t bytes_max)
      : journal_(journal), bytes_max_(bytes_max) {}

  // From memory or from its row; null if there is none.
  Result<Instance*> find(const std::string& id);
  Result<Instance*> find(std::int64_t key);
  // Takes the place of one with the same id.
  Instance& put(InstanceRow row);
  void forget(const std::string& id);
  // The same, unless it has messages or is about to run.
  void forget_if_idle(const std::string& id);
  // Counts what the instance holds now, and makes it the most recently used.
  void used(Instance& instance);
  // Drops the least recently used down to the budget; never one that has messages.
  void trim();
  void clear();

  std::size_t live_count() const { return live_count_; }
  std::size_t size() const { return by_id_.size(); }

 private:
  Journal& journal_;
  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::size_t live_count_ = 0;
  std::unordered_map<std::string, std::unique_ptr<Instance>> by_id_;
  std::list<Instance*> recency_;  // Least recently used first.
};

}  // namespace cloudfolio::durable

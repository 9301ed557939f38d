#pragma once
// What must be in the store after a kill, from what the killed process had said.

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "storage_crash_worker.h"

namespace cloudfolio::crash {

// One thread. check() fails the running test where the store breaks a promise.
class Model {
 public:
  void hear(const Report& report);
  // The step that a worker may have been in without having said so.
  std::uint64_t next_step(std::uint32_t worker) const { return highest_[worker] + 1; }
  // Opens the store in `directory`, compares, and takes what it found as known from now on.
  void check(const std::filesystem::path& directory);

  std::uint64_t heard_count() const { return heard_count_; }

 private:
  using Message = std::pair<std::uint32_t, std::uint64_t>;
  bool may_have_happened(std::uint32_t worker, std::uint64_t number) const;
  void check_blobs(const std::filesystem::path& directory);
  void check_messages(const std::filesystem::path& directory);
  void check_bookings(const std::filesystem::path& directory);
  void check_files(const std::filesystem::path& directory);

  std::uint64_t heard_count_ = 0;
  std::uint64_t highest_[kWorkers] = {};
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::uint64_t>
      blobs_;                   // (worker, slot) to step.
  std::set<Message> sent_;      // And not known to be removed.
  std::set<Message> removing_;  // Said before; whether it happened is not known.
  std::map<std::uint32_t, std::set<std::uint64_t>> booked_;
};

}  // namespace cloudfolio::crash

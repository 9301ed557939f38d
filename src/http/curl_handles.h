#pragma once
// CurlHandles: easy handles that keep their connections, lent to one request at a time.
//
// Threads: thread-safe.
// Lifetime: outlives what it lends.

#include <curl/curl.h>

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

namespace cloudfolio::http {

class CurlHandles {
 public:
  explicit CurlHandles(std::size_t idle_max) : idle_max_(idle_max) {}
  ~CurlHandles() {
    for (CURL* handle : idle_) curl_easy_cleanup(handle);
  }
  CurlHandles(const CurlHandles&) = delete;
  CurlHandles& operator=(const CurlHandles&) = delete;

  class Lent {
   public:
    Lent(CurlHandles& owner, CURL* handle) : owner_(owner), handle_(handle) {}
    ~Lent() { owner_.take_back(handle_); }
    Lent(const Lent&) = delete;
    Lent& operator=(const Lent&) = delete;
    CURL* get() const { return handle_; }

   private:
    CurlHandles& owner_;
    CURL* const handle_;
  };

  // The most recently used one first: its connection is the most likely to live.
  Lent lend() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        CURL* handle = idle_.back();
        idle_.pop_back();
        return Lent(*this, handle);
      }
    }
    return Lent(*this, curl_easy_init());
  }

 private:
  void take_back(CURL* handle) {
    if (!handle) return;
    curl_easy_reset(handle);  // Options go, connections stay.
    {
      const std::lock_guard lock(mutex_);
      if (idle_.size() < idle_max_) {
        idle_.push_back(handle);
        return;
      }
    }
    curl_easy_cleanup(handle);
  }

  const std::size_t idle_max_;
  std::mutex mutex_;
  std::vector<CURL*> idle_;
};

}  // namespace cloudfolio::http

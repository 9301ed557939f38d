#pragma once
// What can be configured about talking to GitHub.

#include <chrono>
#include <cstddef>
#include <string>

#include "base/limits.h"
#include "base/secret.h"

namespace cloudfolio::github {

struct Options {
  // REST's base. GraphQL's address follows from it: https://api.github.com → …/graphql,
  // https://host/api/v3 (GitHub Enterprise Server) → https://host/api/graphql, else …/graphql.
  std::string api_url = "https://api.github.com";
  // Without one, REST allows 60 requests an hour and GraphQL none.
  Secret token;
  // GitHub refuses requests without one, and prints differently for browsers and curl.
  std::string user_agent = "cloudfolio";
  // One request. GitHub itself gives up after 10 s.
  std::chrono::milliseconds request_timeout{15'000};
  std::size_t response_bytes_max = 32 * kMiB;

  // Where batches start; they shrink when GitHub cannot answer in time, and the size is remembered.
  std::size_t list_page_size = 100;        // 1 to 100.
  std::size_t detail_batch_size = 25;      // Repositories a detail request; 1 to 100.
  std::size_t follow_up_batch_size = 200;  // Trees and blobs a follow-up request.

  // Failures that pass: 502, 503, 504, "Something went wrong", connection trouble.
  std::size_t attempts_max = 4;
  std::chrono::milliseconds backoff_first{1'000};  // Doubles, with full jitter above the half.
  std::chrono::milliseconds backoff_max{30'000};
  // A limit that ends sooner than this (and before the context's deadline) is waited for; a longer
  // one is Code::rate_limited at once.
  std::chrono::milliseconds limit_wait_max{60'000};
};

}  // namespace cloudfolio::github

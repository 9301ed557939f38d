#pragma once
// What the refresh orchestration and its activities tell one another, as JSON. References and
// counts only: documents go through the cache.

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "json/fields.h"
#include "json/json.h"

namespace cloudfolio::sync {

// Input of refresh_portfolio, and of detect_changes. The counts and the start travel through
// restarts.
struct RefreshInput {
  std::string login;
  bool force = false;
  std::string scope = "public";       // one run covers every scope
  std::string started_at;             // of the first execution; "" = now
  std::int64_t superseded_count = 0;  // restarts because somebody else published first
  std::int64_t limited_count = 0;     // restarts after a limit of GitHub's
  static constexpr auto fields() {
    return std::tuple{json::Required{"login", &RefreshInput::login, "GitHub login."},
                      json::Field{"force", &RefreshInput::force, "Read everything again."},
                      json::Field{"scope", &RefreshInput::scope, "Written by older versions."},
                      json::Field{"started_at", &RefreshInput::started_at, "When it began."},
                      json::Field{"superseded_count", &RefreshInput::superseded_count,
                                  "Times somebody published first."},
                      json::Field{"limited_count", &RefreshInput::limited_count,
                                  "Times that a limit was waited for."}};
  }
};

// A limit of GitHub's that ends at `resumes_at` (RFC 3339).
struct Limited {
  std::string resumes_at;
  std::string message;
  static constexpr auto fields() {
    return std::tuple{json::Required{"resumes_at", &Limited::resumes_at, "When it ends."},
                      json::Required{"message", &Limited::message, "For people."}};
  }
};

// The private publication's part of a run, where there is one. What it does shows in no custom
// status and in no output: those are for everybody.
struct PrivatePart {
  std::string scope;
  std::uint64_t generation = 0;  // that the plan makes; 0: nothing to do
  std::uint64_t batches = 0;
  bool index_missing = false;
  static constexpr auto fields() {
    return std::tuple{
        json::Required{"scope", &PrivatePart::scope, "Whose rights."},
        json::Field{"generation", &PrivatePart::generation, "That the plan makes."},
        json::Field{"batches", &PrivatePart::batches, "To fetch."},
        json::Field{"index_missing", &PrivatePart::index_missing, "No index answers."}};
  }
};

// ENABLE_GRAPHQL_BATCH_FETCH as a pass of a refresh began with it.
struct BatchFetch {
  bool value = true;
  std::uint64_t version = 0;
  static constexpr auto fields() {
    return std::tuple{json::Required{"value", &BatchFetch::value, "In GraphQL batches."},
                      json::Required{"version", &BatchFetch::version, "Of the flag."}};
  }
};

// Exactly one of: limited; unchanged (with its report); a plan. And perhaps a private part.
struct DetectResult {
  std::optional<Limited> limited;
  bool unchanged = false;
  bool index_missing = false;
  std::optional<json::Value> report;
  std::uint64_t generation = 0;
  std::uint64_t batches = 0;
  std::uint64_t repositories = 0;  // to fetch
  bool has_base = false;           // something is mirrored already
  std::optional<PrivatePart> hidden;
  std::optional<BatchFetch> batch_fetch;
  static constexpr auto fields() {
    return std::tuple{
        json::Field{"limited", &DetectResult::limited, "Nothing could be asked."},
        json::Field{"unchanged", &DetectResult::unchanged, "Nothing to do."},
        json::Field{"index_missing", &DetectResult::index_missing, "No index answers."},
        json::Field{"report", &DetectResult::report, "Where unchanged."},
        json::Field{"generation", &DetectResult::generation, "That the plan makes."},
        json::Field{"batches", &DetectResult::batches, "To fetch."},
        json::Field{"repositories", &DetectResult::repositories, "In all batches."},
        json::Field{"has_base", &DetectResult::has_base, "Some are mirrored already."},
        json::Field{"hidden", &DetectResult::hidden, "The private publication's part."},
        json::Field{"batch_fetch", &DetectResult::batch_fetch, "How the batches are read."}};
  }
};

// One batch of either plan: what private repositories there are ride along with the public ones.
struct FetchInput {
  std::string login;
  std::uint64_t generation = 0;  // 0: nothing public in this batch
  std::uint64_t batch = 0;
  std::optional<PrivatePart> hidden = {};  // absent: nothing private in this batch
  std::optional<BatchFetch> batch_fetch = {};
  static constexpr auto fields() {
    return std::tuple{json::Required{"login", &FetchInput::login, "GitHub login."},
                      json::Required{"generation", &FetchInput::generation, "Whose plan."},
                      json::Required{"batch", &FetchInput::batch, "Its number."},
                      json::Field{"hidden", &FetchInput::hidden, "The private plan."},
                      json::Field{"batch_fetch", &FetchInput::batch_fetch, "How it is read."}};
  }
};

struct FetchResult {
  std::optional<Limited> limited;
  std::uint64_t staged = 0;  // of the public plan, as is the next
  std::uint64_t missing = 0;
  static constexpr auto fields() {
    return std::tuple{json::Field{"limited", &FetchResult::limited, "Nothing could be asked."},
                      json::Field{"staged", &FetchResult::staged, "Repositories that were read."},
                      json::Field{"missing", &FetchResult::missing, "Repositories that were not."}};
  }
};

struct FailedBatch {
  std::uint64_t batch = 0;
  std::string reason;
  static constexpr auto fields() {
    return std::tuple{
        json::Required{"batch", &FailedBatch::batch, "Its number."},
        json::Required{"reason", &FailedBatch::reason, "Why nothing of it was read."}};
  }
};

struct PublishInput {
  std::string login;
  std::string started_at;
  std::uint64_t generation = 0;
  std::vector<FailedBatch> failed;
  std::string resumes_at;
  std::optional<PrivatePart> hidden;
  static constexpr auto fields() {
    return std::tuple{
        json::Required{"login", &PublishInput::login, "GitHub login."},
        json::Field{"started_at", &PublishInput::started_at, "When the refresh began."},
        json::Required{"generation", &PublishInput::generation, "That is published; 0: none."},
        json::Field{"failed", &PublishInput::failed, "Batches without outcome."},
        json::Field{"resumes_at", &PublishInput::resumes_at, "Of a limit, if one was met."},
        json::Field{"hidden", &PublishInput::hidden, "The private plan."}};
  }
};

struct PublishResult {
  bool superseded = false;  // somebody else published; nothing was written
  bool published = false;   // false: it would have been the same bytes
  json::Value report = json::Object();
  bool private_published = false;
  static constexpr auto fields() {
    return std::tuple{
        json::Field{"superseded", &PublishResult::superseded, "Another won."},
        json::Field{"published", &PublishResult::published, "A new generation is there."},
        json::Field{"report", &PublishResult::report, "Of this refresh."},
        json::Field{"private_published", &PublishResult::private_published,
                    "A new private generation is there."}};
  }
};

// The orchestration's custom status.
struct RefreshProgress {
  std::string phase;  // detecting, fetching, publishing, waiting
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  std::optional<std::string> resumes_at;
  std::optional<std::string> message;
  static constexpr auto fields() {
    return std::tuple{json::Required{"phase", &RefreshProgress::phase, "What is going on."},
                      json::Field{"done", &RefreshProgress::done, "Repositories."},
                      json::Field{"total", &RefreshProgress::total, "Repositories."},
                      json::Field{"resumes_at", &RefreshProgress::resumes_at, "Where waiting."},
                      json::Field{"message", &RefreshProgress::message, "Where waiting, why."}};
  }
};

// `start_orchestration`, an activity of the roles.
struct StartInput {
  std::string name;
  std::string instance;
  json::Value input = json::Object();
  static constexpr auto fields() {
    return std::tuple{json::Required{"name", &StartInput::name, "Orchestration."},
                      json::Required{"instance", &StartInput::instance, "Its id."},
                      json::Field{"input", &StartInput::input, "Its input."}};
  }
};

template <class Message>
std::string write(const Message& message) {
  return json::write(json::to_json(message));
}

}  // namespace cloudfolio::sync

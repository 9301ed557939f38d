#pragma once
// Portfolios: what the gateway asks of the system behind it. The gateway owns this interface and
// knows no feature room; roles/ connects it to sync, search, training and the cache of this process
// (and main/ to another process over HTTP).
//
// Answers that are interfaces of their own (search, status, a training's report) come as JSON text:
// one compact object, the same that the command line prints with --json; docs/operating/cli.md
// lists their fields.
//
// The routes over it: docs/formats/http-v1.md, and the original's.
//
// Threads: thread-safe. Errors: not_found (no such portfolio here, or no such repository in it),
// rate_limited and unavailable with what to do, permission_denied, corrupt.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/context.h"
#include "base/id.h"
#include "base/result.h"

namespace cloudfolio::gateway {

enum class Force { no, yes };

// What a caller may see of a tenant. The gateway decides by who asks; whether there is a live right
// to anything private is asked by whoever answers. With public_only nothing may differ by what is
// private, costs included.
enum class Sight { public_only, with_private };

// Which request of the tenant a start is, where its caller gave it a key. A training that it starts
// carries the mark (tag kRequestTag), so that an attempt after one that broke off finds it.
inline constexpr char kRequestTag[] = "request";
struct StartMark {
  std::string request;  // Empty: no key.
  // Set where an earlier attempt broke off: what it started, if anything, began since.
  std::optional<Clock::WallTime> began_after;
};

struct RefreshStart {
  enum class Outcome {
    started,
    joined,            // An equal refresh runs already: its id is returned.
    successor_queued,  // Forced during an unforced run: runs once more under the same id.
  };
  InstanceId instance;
  Outcome outcome = Outcome::started;
};

// The published bundle, as routes pass it on.
struct PublishedBundle {
  std::string etag;  // Opaque; changes with every publication.
  std::uint64_t generation = 0;
  std::string fingerprint;
  Clock::WallTime last_modified;
  std::uint64_t size_bytes = 0;
  std::uint64_t repository_count = 0;
  std::shared_ptr<const std::string>
      data;  // The JSON array. Null where only the head was asked for.
};

struct SearchRequest {
  std::string query;
  int limit = 10;
  int hits_per_repository = 1;
  enum class Explain { no, yes } explain = Explain::no;
  Sight sight = Sight::public_only;
};

struct TrainRequest {
  std::optional<std::int64_t> steps_max;
  std::optional<std::int64_t> tokens_max;
  StartMark mark = {};
};

class Portfolios {
 public:
  virtual ~Portfolios() = default;

  // A caller of the original's routes wrote the tenant's login so; `refresh`: who may change it.
  // What only the original system knows under that spelling is taken over, and while it shares the
  // cache, it finds later publications there. Best effort.
  enum class Wants { read, refresh };
  virtual void called_as(const Context&, const TenantId&, std::string_view /*spelling*/, Wants) {}

  // Starts `refresh:{login}`, or joins the one that runs, or that an earlier attempt of the same
  // request started, ended or not.
  virtual Result<RefreshStart> start_refresh(const Context&, const TenantId&, Force,
                                             const StartMark&) = 0;
  // Asks GitHub (one conditional request) whether anything changed since the last refresh; the
  // publication where nothing did, nullopt where something did or nothing is published yet.
  virtual Result<std::optional<PublishedBundle>> find_unchanged(const Context&,
                                                                const TenantId&) = 0;
  // Starts the training of what is published; the instance to watch.
  virtual Result<InstanceId> start_training(const Context&, const TenantId&,
                                            const TrainRequest&) = 0;

  virtual Result<PublishedBundle> bundle(const Context&, const TenantId&) = 0;
  virtual Result<PublishedBundle> bundle_head(const Context&, const TenantId&) = 0;
  // One repository's object as JSON, by name without regard to case.
  virtual Result<std::string> repository(const Context&, const TenantId&, const std::string& name,
                                         Sight) = 0;

  virtual Result<std::string> search(const Context&, const TenantId&, const SearchRequest&) = 0;
  // {"response", "repositories_used":[{"name","relevance_score"}], "total_repositories", "query"}
  virtual Result<std::string> answer(const Context&, const TenantId&, const std::string& question,
                                     Sight) = 0;
  // What is published, what runs for this tenant (phase, done, total, last error), the last
  // reports.
  virtual Result<std::string> status(const Context&, const TenantId&, Sight) = 0;
  // The models of this tenant's public text that a record is kept of: roles/models_report.h.
  virtual Result<std::string> models(const Context&, const TenantId&, Sight) = 0;
  // {"status":"healthy"|"degraded", …} of this process.
  virtual Result<std::string> health(const Context&) = 0;
};

}  // namespace cloudfolio::gateway

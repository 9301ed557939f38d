#pragma once
// BundlePages: bundles as they go over the wire, rendered once a publication and then shared.
//
// Promises: a page is always of the publication that bundle_head() names at the time of the call.
// Of several callers who find it missing one renders. At most `bytes_max` are kept, the least
// recently used go first; a page larger than that is made anew for each caller. Threads:
// thread-safe.

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "gateway/services.h"
#include "runtime/single_flight.h"
#include "telemetry/metrics.h"

namespace cloudfolio::gateway {

struct BundlePage {
  std::string etag;  // With its quotation marks.
  std::shared_ptr<const std::string> body;
};

class BundlePages {
 public:
  enum class Form {
    original,  // {"username", "fingerprint", "last_modified", "size_bytes", "data"}, indented.
    v1,        // {"login", "generation", …, "data"}, compact.
  };

  BundlePages(Portfolios& portfolios, std::size_t bytes_max, telemetry::MetricRegistry& metrics);

  // `shown_login` is the login as the caller spelled it. Errors: those of Portfolios::bundle.
  Result<BundlePage> page(const Context& ctx, const TenantId& tenant,
                          const std::string& shown_login, Form form);

 private:
  struct Kept {
    std::string key;
    BundlePage page;
  };
  using Pages = std::list<Kept>;  // Most recently used first.

  Result<BundlePage> render(const Context& ctx, const TenantId& tenant,
                            const std::string& shown_login, Form form);
  void keep(const std::string& key, const BundlePage& page);

  Portfolios& portfolios_;
  const std::size_t bytes_max_;
  telemetry::CounterFamily& reads_;
  runtime::SingleFlight<std::string, BundlePage> rendering_;
  std::mutex mutex_;
  Pages pages_;
  std::map<std::string, Pages::iterator> by_key_;
  std::size_t bytes_ = 0;
};

// Whether an If-None-Match header names the tag.
bool matches_etag(std::string_view if_none_match, std::string_view etag);

}  // namespace cloudfolio::gateway

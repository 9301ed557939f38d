#include <map>
#include <memory>
#include <string>

#include "base/guarded.h"
#include "base/random.h"
#include "http/client.h"
#include "storage/azure/authorizer.h"
#include "storage/azure/azure.h"
#include "storage/azure/azure_blob_store.h"
#include "storage/azure/azure_queue.h"
#include "storage/azure/azure_table.h"
#include "storage/azure/service.h"
#include "storage/rules.h"

namespace cloudfolio::storage::azure {
namespace {

// Written by check(), in the lease container.
constexpr const char* kCheckKey = "health-check";

// Objects by name, made on first use.
template <class Object>
class ByName {
 public:
  Object* get(Service& service, const std::string& name) {
    auto objects = objects_.lock();
    auto& object = (*objects)[name];
    if (!object) object = std::make_unique<Object>(service, name);
    return object.get();
  }

 private:
  Guarded<std::map<std::string, std::unique_ptr<Object>>> objects_;
};

class AzureStorage final : public Storage {
 public:
  AzureStorage(Options options, std::unique_ptr<http::Client> http,
               std::unique_ptr<Authorizer> authorizer, const Clock& clock)
      : options_(std::move(options)),
        http_(std::move(http)),
        authorizer_(std::move(authorizer)),
        random_(Random::from_system()),
        clock_(clock),
        blob_service_(ServiceKind::blob, options_.account.blob_url, parts()),
        queue_service_(ServiceKind::queue, options_.account.queue_url, parts()),
        table_service_(ServiceKind::table, options_.account.table_url, parts()),
        lease_blobs_(blob_service_, std::string(kLeaseContainer)),
        leases_(lease_blobs_, clock) {}

  Result<BlobStore*> blobs(std::string_view container) override {
    CF_CHECK(check_container_name(container));
    if (container == kLeaseContainer) return &lease_blobs_;
    return containers_.get(blob_service_, std::string(container));
  }
  Result<Queue*> queue(std::string_view name) override {
    CF_CHECK(check_queue_name(name));
    return queues_.get(queue_service_, std::string(name));
  }
  Result<Table*> table(std::string_view name) override {
    CF_CHECK(check_table_name(name));
    return tables_.get(table_service_, lower_case(name));
  }
  LeaseBook& leases() override { return leases_; }

  Status check(const Context& ctx) override {
    CF_CHECK(lease_blobs_.put(ctx, BlobKey(kCheckKey), "", {}));
    return Done{};
  }
  // The service expires messages itself.
  Status maintain(const Context& ctx) override { return check_context(ctx, clock_.now()); }

 private:
  Service::Parts parts() { return {options_, *http_, *authorizer_, random_, clock_}; }

  const Options options_;
  const std::unique_ptr<http::Client> http_;
  const std::unique_ptr<Authorizer> authorizer_;
  SharedRandom random_;
  const Clock& clock_;
  Service blob_service_;
  Service queue_service_;
  Service table_service_;
  ByName<AzureBlobStore> containers_;
  ByName<AzureQueue> queues_;
  ByName<AzureTable> tables_;
  AzureBlobStore lease_blobs_;
  LeaseBook leases_;
};

}  // namespace

Result<std::unique_ptr<Storage>> open(Options options, const Clock& clock) {
  CF_CHECK(check_account(options.account));
  http::ClientOptions client;
  client.idle_connections_max = options.idle_connections_max;
  client.ca_file = options.ca_file;
  CF_TRY(auto http, http::open_client(client, clock));
  CF_TRY(auto authorizer, make_authorizer(options.account, *http, clock));
  return std::make_unique<AzureStorage>(std::move(options), std::move(http), std::move(authorizer),
                                        clock);
}

}  // namespace cloudfolio::storage::azure

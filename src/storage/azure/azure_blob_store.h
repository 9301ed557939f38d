#pragma once
// BlobStore in one container. Contract: storage/blob_store.h and azure.h.

#include <memory>
#include <string>

#include "storage/azure/service.h"
#include "storage/blob_store.h"
#include "storage/blob_streams.h"

namespace cloudfolio::storage::azure {

class AzureBlobStore final : public BlobStore, public BlobStreams {
 public:
  // `service` outlives the store.
  AzureBlobStore(Service& service, const std::string& container)
      : service_(service), path_("/" + container) {}

  Result<Blob> get(const Context& ctx, const BlobKey& key) override;
  Result<std::optional<Blob>> get_if_changed(const Context& ctx, const BlobKey& key,
                                             const ETag& known) override;
  Result<BlobProperties> head(const Context& ctx, const BlobKey& key) override;
  Result<ETag> put(const Context& ctx, const BlobKey& key, std::string bytes,
                   const PutOptions& options) override;
  Status remove(const Context& ctx, const BlobKey& key, const RemoveOptions& options) override;
  Result<BlobPage> list(const Context& ctx, const ListOptions& options) override;
  Result<LeaseId> acquire_lease(const Context& ctx, const BlobKey& key,
                                std::chrono::seconds length) override;
  Status renew_lease(const Context& ctx, const BlobKey& key, const LeaseId& lease) override;
  Status release_lease(const Context& ctx, const BlobKey& key, const LeaseId& lease) override;
  Status break_lease(const Context& ctx, const BlobKey& key) override;
  Result<std::unique_ptr<BlobReader>> open_reader(const Context& ctx, const BlobKey& key) override;
  Result<std::unique_ptr<BlobWriter>> open_writer(const Context& ctx, const BlobKey& key,
                                                  const PutOptions& options) override;

 private:
  friend class StreamedUpload;
  std::string path_of(const BlobKey& key) const;
  Status create_container(const Context& ctx);
  Result<Reply> commit_blocks(const Context& ctx, const BlobKey& key, const std::string& bytes,
                              const http::Headers& headers);
  Result<Reply> put_bytes(const Context& ctx, const BlobKey& key,
                          const std::shared_ptr<const std::string>& bytes,
                          const http::Headers& headers);
  Result<ETag> settle(const Context& ctx, const BlobKey& key, const std::string& mark,
                      const Reply& reply);
  Result<Reply> lease_call(const Context& ctx, const BlobKey& key, const char* action,
                           http::Headers headers);

  Service& service_;
  const std::string path_;
};

}  // namespace cloudfolio::storage::azure

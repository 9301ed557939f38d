#pragma once
// Blobs in a map.

#include <map>

#include "base/clock.h"
#include "base/guarded.h"
#include "storage/blob_store.h"
#include "storage/blob_streams.h"
#include "storage/conditions.h"

namespace cloudfolio::storage {

class MemoryBlobStore final : public BlobStore, public BlobStreams {
 public:
  explicit MemoryBlobStore(const Clock& clock) : clock_(clock) {}

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
  struct Stored {
    Blob blob;
    BlobLease lease;
  };
  struct State {
    std::map<std::string, Stored> blobs;
    std::uint64_t last_etag = 0;
  };
  Status check(const Context& ctx, const BlobKey& key) const;

  const Clock& clock_;
  Guarded<State> state_;
};

}  // namespace cloudfolio::storage

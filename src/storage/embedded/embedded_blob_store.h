#pragma once
// One container of an embedded store.

#include <cstdint>

#include "storage/blob_store.h"
#include "storage/blob_streams.h"
#include "storage/embedded/blob_rows.h"
#include "storage/embedded/store.h"

namespace cloudfolio::storage::embedded {

class EmbeddedBlobStore final : public BlobStore, public BlobStreams {
 public:
  EmbeddedBlobStore(Store& store, std::int64_t place) : store_(store), place_(place) {}

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
  friend class StreamedFile;
  Status check(const Context& ctx, const BlobKey& key) const;
  // Applies a work to the state of an existing blob.
  template <class Change>
  Status change_lease(const Context& ctx, const BlobKey& key, Change change);
  Result<ETag> put_row(const BlobKey& key, NewBlob& blob);
  Status check_content(const BlobKey& key, const BlobRow& row) const;
  Error damaged(const BlobKey& key, const BlobContent& content) const;

  Store& store_;
  const std::int64_t place_;
};

}  // namespace cloudfolio::storage::embedded

#pragma once
// GuardedBlobs: the cache's container with a tenancy::EntryGuard before and after every write.
//
// Whose an entry is, and what kind, its metadata say (username, kind); entries that name nobody are
// the old app's and pass. A write that the guard refuses, before or after, has left nothing.
//
// Promises: as blob_store.h, and: a put that succeeded is counted; a put for a tenant that was
// deleted meanwhile fails as cancelled and is taken back.
// Threads: thread-safe. What it is given outlives it.

#include "storage/blob_store.h"
#include "tenancy/entry_guard.h"

namespace cloudfolio::cache {

class GuardedBlobs final : public storage::BlobStore {
 public:
  GuardedBlobs(storage::BlobStore& real, tenancy::EntryGuard& guard) : real_(real), guard_(guard) {}

  Result<storage::Blob> get(const Context& ctx, const storage::BlobKey& key) override {
    return real_.get(ctx, key);
  }
  Result<std::optional<storage::Blob>> get_if_changed(const Context& ctx,
                                                      const storage::BlobKey& key,
                                                      const storage::ETag& known) override {
    return real_.get_if_changed(ctx, key, known);
  }
  Result<storage::BlobProperties> head(const Context& ctx, const storage::BlobKey& key) override {
    return real_.head(ctx, key);
  }
  Result<storage::ETag> put(const Context& ctx, const storage::BlobKey& key, std::string bytes,
                            const storage::PutOptions& options) override;
  Status remove(const Context& ctx, const storage::BlobKey& key,
                const storage::RemoveOptions& options) override;
  Result<storage::BlobPage> list(const Context& ctx, const storage::ListOptions& options) override {
    return real_.list(ctx, options);
  }
  Result<storage::LeaseId> acquire_lease(const Context& ctx, const storage::BlobKey& key,
                                         std::chrono::seconds length) override {
    return real_.acquire_lease(ctx, key, length);
  }
  Status renew_lease(const Context& ctx, const storage::BlobKey& key,
                     const storage::LeaseId& lease) override {
    return real_.renew_lease(ctx, key, lease);
  }
  Status release_lease(const Context& ctx, const storage::BlobKey& key,
                       const storage::LeaseId& lease) override {
    return real_.release_lease(ctx, key, lease);
  }
  Status break_lease(const Context& ctx, const storage::BlobKey& key) override {
    return real_.break_lease(ctx, key);
  }

 private:
  storage::BlobStore& real_;
  tenancy::EntryGuard& guard_;
};

// What an entry's metadata make it count as.
tenancy::StorageClass storage_class_of(const storage::Metadata& metadata);
// Whom an entry's metadata name; empty: nobody.
TenantId owner_of(const storage::Metadata& metadata);

}  // namespace cloudfolio::cache

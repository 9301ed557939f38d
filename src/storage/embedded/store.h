#pragma once
// What the blobs, queues and tables of one embedded store share: the database's connections, the
// files, and the source of ETags. Internal to this room.

#include <memory>

#include "base/clock.h"
#include "base/context.h"
#include "base/random.h"
#include "sqlite/group_commit.h"
#include "sqlite/readers.h"
#include "storage/embedded/blob_files.h"
#include "storage/embedded/embedded.h"

namespace cloudfolio::storage::embedded {

struct Store {
  Options options;
  const Clock& clock;
  std::unique_ptr<BlobFiles> files;
  // ETags and receipts: 64 random bits, so that processes which share the store need not agree on a
  // counter, and that a deleted blob's ETag never comes back. Used by works only, which run one at
  // a time.
  Random random;
  std::unique_ptr<sqlite::GroupCommit> writer;
  // Closed first: only a connection that may write can, as the last one, put the log back into the
  // database.
  std::unique_ptr<sqlite::Readers> readers;

  std::int64_t new_tag() { return std::int64_t(random.next()); }
};

}  // namespace cloudfolio::storage::embedded

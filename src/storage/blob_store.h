#pragma once
// Whole blobs by key, in one container.
//
// The promises are those that Azure Blob Storage keeps as well; testing/blob_store_conformance.cc
// checks each of them on each backend.
//
// Promises:
//  - A put that succeeded is durable and visible to every later call, in every process.
//  - A reader sees a blob as one put wrote it, bytes and properties together, never a mixture.
//  - A put or remove whose condition or lease does not hold changes nothing and is Code::conflict.
//  - Every put gives the blob an ETag that it never had before, not even with the same bytes.
//    Lease calls do not change it.
//  - get of a missing key is Code::not_found; remove of a missing key succeeds.
//  - put replaces everything: what the new options do not say (metadata) is gone.
//  - list goes in byte order of the keys. Several pages are no snapshot: a blob that exists during
//  the
//    whole walk appears exactly once, others may or may not. A page may be shorter than asked, even
//    empty, while its continuation says that there is more.
// Keys:     1 to 1024 UTF-16 units of UTF-8 text; `:` and `/` are ordinary; no control characters,
// no
//   backslash, no segment `.` or `..`, not ending in `.` or `/` (rules.h). Other names, other
//   blobs.
// Metadata: names of [a-z_][a-z0-9_]*; values of visible ASCII and inner spaces, not empty;
// together at
//   most 8 KiB. Text that may hold anything else is percent-encoded by its writer with
//   to_metadata_value() (rules.h) and read with from_metadata_value().
// Threads:  thread-safe.
// Errors:   invalid_argument: key, metadata or size against the rules. conflict, not_found: as
// above.
//   unavailable: disk full, network; nothing was changed, or (network) it is not known. corrupt:
//   the stored bytes are not what was written.
// No retries inside, but for what a network loses on the way to a service (azure/azure.h).

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/context.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/result.h"

namespace cloudfolio::storage {

using BlobKey = Id<struct BlobKeyTag>;
using ETag = Id<struct ETagTag>;        // Opaque: compare for equality only.
using LeaseId = Id<struct LeaseIdTag>;  // Opaque, hard to guess.
using Metadata = std::map<std::string, std::string>;

inline constexpr std::size_t kBlobBytesMax = kGiB;
inline constexpr std::size_t kMetadataBytesMax = 8 * kKiB;
inline constexpr std::size_t kBlobPageCountMax = 5'000;
// Of blob leases, and so of LeaseBook's.
inline constexpr std::chrono::seconds kLeaseLengthMin{15};
inline constexpr std::chrono::seconds kLeaseLengthMax{60};

struct BlobProperties {
  ETag etag;
  Metadata metadata;
  std::string content_type;
  std::string content_encoding;   // Said to readers, never acted upon: bytes come back as written.
  Clock::WallTime last_modified;  // To the second.
  std::uint64_t size_bytes = 0;
};

struct Blob {
  std::string bytes;
  BlobProperties properties;
};

// What must hold for a put or remove to happen.
struct Anything {};  // Whatever is there, or nothing.
struct Nothing {};   // Only create.
struct Matches {     // Only over exactly this; over a missing blob it is a conflict.
  ETag etag;
};
using PutIf = std::variant<Anything, Nothing, Matches>;
using RemoveIf = std::variant<Anything, Matches>;

struct PutOptions {
  PutIf condition = Anything{};
  Metadata metadata = {};
  std::string content_type = "application/octet-stream";
  std::string content_encoding = {};
  // Of a lease that is held on this very blob. Without it a put over a leased blob is a conflict;
  // so is an id that is not, or no longer, the holder's.
  std::optional<LeaseId> lease = {};
};

struct RemoveOptions {
  RemoveIf condition = Anything{};
  std::optional<LeaseId> lease = {};
};

struct ListOptions {
  std::string prefix = {};
  std::string continuation = {};  // Of the page before; opaque; empty for the first.
  std::size_t max_count = 1'000;  // 1 to kBlobPageCountMax.
};

struct BlobEntry {
  BlobKey key;
  BlobProperties properties;
};

struct BlobPage {
  std::vector<BlobEntry> entries;
  std::string continuation;  // Empty: this was the last page.
};

class BlobStore {
 public:
  virtual ~BlobStore() = default;

  virtual Result<Blob> get(const Context& ctx, const BlobKey& key) = 0;
  // Nothing if the blob still has the ETag `known`.
  virtual Result<std::optional<Blob>> get_if_changed(const Context& ctx, const BlobKey& key,
                                                     const ETag& known) = 0;
  // Without the bytes.
  virtual Result<BlobProperties> head(const Context& ctx, const BlobKey& key) = 0;
  virtual Result<ETag> put(const Context& ctx, const BlobKey& key, std::string bytes,
                           const PutOptions& options) = 0;
  virtual Status remove(const Context& ctx, const BlobKey& key, const RemoveOptions& options) = 0;
  virtual Result<BlobPage> list(const Context& ctx, const ListOptions& options) = 0;

  // Leases of existing blobs: until it ends, put and remove of that blob need the lease's id; reads
  // never do. Most callers want lease.h, which counts holders as well. `length` is between
  // kLeaseLengthMin and kLeaseLengthMax. Held by somebody else: conflict.
  virtual Result<LeaseId> acquire_lease(const Context& ctx, const BlobKey& key,
                                        std::chrono::seconds length) = 0;
  // From now on for the length it was acquired with. A lease that ran out is renewed only if nobody
  // else had it since and the blob was not written since; else conflict.
  virtual Status renew_lease(const Context& ctx, const BlobKey& key, const LeaseId& lease) = 0;
  // Conflict if `lease` is not the latest one of this blob.
  virtual Status release_lease(const Context& ctx, const BlobKey& key, const LeaseId& lease) = 0;
  // Ends it now, whoever holds it; succeeds if nobody does.
  virtual Status break_lease(const Context& ctx, const BlobKey& key) = 0;
};

}  // namespace cloudfolio::storage

#pragma once
// Contents on their way: read for their digest alone, or read and sent, in pieces where they are
// large and both stores can (storage/blob_streams.h).
//
// Memory:  a content of up to Options::stream_above_bytes as a whole; of a larger one
//   kStreamedMemoryBytes.
// Errors:  as the stores'. conflict: the content changed while it was read, or the destination
//   refuses; nothing is visible there.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "migrate/place.h"
#include "storage/blob_streams.h"

namespace cloudfolio::migrate {

// A reader's and a writer's pieces.
inline constexpr std::uint64_t kStreamedMemoryBytes = 4 * storage::kStreamPieceBytesMax;

// What one version was, without its content.
struct Seen {
  storage::ETag etag;
  std::uint64_t size_bytes = 0;
  std::string digest;  // digest_of
};

Seen seen_of(const Content& content);

// nullopt: not there. A version that changes while it is read is begun anew, a few times; then
// unavailable.
Result<std::optional<Seen>> examine(const Context& ctx, Place& place, const std::string& key);

// Read whole, and the digest known; if large, sent as well. commit() makes it visible under the
// condition, as Place::put; once only. Without it nothing changes.
struct Transfer {
  Seen source;
  std::function<Result<storage::ETag>(const Context& ctx)> commit;
};

bool can_stream(Place& from, Place& to);

// In pieces. nullopt: not there. Both places can_stream and outlive the transfer.
Result<std::optional<Transfer>> stream(const Context& ctx, Place& from, Place& to,
                                       const std::string& key, const storage::PutIf& condition);
// `content` as a whole.
Transfer hand_over(Content content, Place& to, const std::string& key,
                   const storage::PutIf& condition);

}  // namespace cloudfolio::migrate

#include "cache/reach.h"

#include <algorithm>

#include "cache/envelope.h"
#include "cache/keys.h"
#include "cache/publication_metadata.h"
#include "cache/store.h"

namespace cloudfolio::cache {

Result<Reach> Reach::of(const Context& ctx, const Store& store, const Place& place) {
  Reach reach;
  // The counter first: a run that begins in between only makes more be kept.
  CF_TRY(const EntryRead counter,
         store.read(ctx, EntryKind::counter, place, generation_counter_key(place)));
  if (counter.status == EntryStatus::valid)
    if (const auto unwrapped = unwrap(counter.blob.bytes))
      if (const auto number = json::as_int(unwrapped->data); number && *number > 0)
        reach.reserved_generation = static_cast<std::uint64_t>(*number);
  const auto properties = store.blobs().head(ctx, storage::BlobKey(bundle_key(place)));
  if (properties) reach.info = info_from(*properties);
  if (!properties && properties.error().code() != Code::not_found) return properties.error();
  return reach;
}

bool Reach::reaches(const Place& place, std::string_view key) const {
  const auto generation = generation_of(place, key);
  if (!generation) return true;  // The counter: not a part of any generation.
  const std::uint64_t published = info ? info->generation : 0;
  if (*generation == reserved_generation && *generation > published) return true;
  if (!info) return false;
  if (key == info->index.key || key == info->stale_index) return true;
  if (info->previous && key == info->previous->key) return true;
  return *generation == published && !is_index_key(place, key);
}

bool Reach::reaches_model(std::string_view fingerprint) const {
  if (!info) return false;
  if (info->index.model == fingerprint || info->content == fingerprint) return true;
  return info->previous && info->previous->model == fingerprint;
}

}  // namespace cloudfolio::cache

#include "storage/lease.h"

#include <charconv>

namespace cloudfolio::storage {

namespace {

constexpr const char* kEpochName = "epoch";

Result<std::uint64_t> epoch_of(const BlobProperties& properties, const BlobKey& key) {
  const auto found = properties.metadata.find(kEpochName);
  std::uint64_t epoch = 0;
  if (found != properties.metadata.end()) {
    const std::string& text = found->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), epoch);
    if (error == std::errc() && end == text.data() + text.size()) return epoch;
  }
  return Error(Code::corrupt, "lease '" + key.str() +
                                  "' has no readable epoch: remove the blob of "
                                  "that name from the lease container while nothing runs");
}

PutOptions with_epoch(std::uint64_t epoch) {
  PutOptions options;
  options.metadata = {{kEpochName, std::to_string(epoch)}};
  options.content_type = "text/plain";
  return options;
}

}  // namespace

Result<LeaseId> LeaseBook::acquire_blob(const Context& ctx, const BlobKey& key,
                                        std::chrono::seconds length) {
  auto acquired = blobs_.acquire_lease(ctx, key, length);
  if (acquired || acquired.error().code() != Code::not_found) return acquired;
  PutOptions first = with_epoch(0);
  first.condition = Nothing{};
  auto made = blobs_.put(ctx, key, "", first);
  // A conflict: somebody else was first, which is as good.
  if (!made && made.error().code() != Code::conflict) return std::move(made).error();
  return blobs_.acquire_lease(ctx, key, length);
}

Result<std::uint64_t> LeaseBook::count_up(const Context& ctx, const BlobKey& key,
                                          const LeaseId& lease) {
  CF_TRY(const BlobProperties before, blobs_.head(ctx, key));
  CF_TRY(const std::uint64_t epoch, epoch_of(before, key));
  // The ETag as well as the lease: an epoch is given out once even if this process stalled here.
  PutOptions next = with_epoch(epoch + 1);
  next.condition = Matches{before.etag};
  next.lease = lease;
  CF_CHECK(blobs_.put(ctx, key, "", next));
  return epoch + 1;
}

Result<Lease> LeaseBook::acquire(const Context& ctx, const std::string& name,
                                 std::chrono::seconds length) {
  const BlobKey key(name);
  Lease lease{.name = name, .id = {}, .epoch = 0, .ends = clock_.now() + length, .length = length};
  auto acquired = acquire_blob(ctx, key, length);
  if (!acquired) return std::move(acquired).error().while_doing("acquire lease '" + name + "'");
  lease.id = *std::move(acquired);
  auto counted = count_up(ctx, key, lease.id);
  if (!counted) {
    // Without its number it is of no use; if this fails too, it ends by itself.
    (void)blobs_.release_lease(ctx, key, lease.id);
    return std::move(counted).error().while_doing("count lease '" + name + "'");
  }
  lease.epoch = *counted;
  return lease;
}

Status LeaseBook::renew(const Context& ctx, Lease& lease) {
  const Clock::Instant ends = clock_.now() + lease.length;
  CF_CHECK(blobs_.renew_lease(ctx, BlobKey(lease.name), lease.id));
  lease.ends = ends;
  return Done{};
}

Status LeaseBook::release(const Context& ctx, const Lease& lease) {
  return blobs_.release_lease(ctx, BlobKey(lease.name), lease.id);
}

Status LeaseBook::break_lease(const Context& ctx, const std::string& name) {
  auto broken = blobs_.break_lease(ctx, BlobKey(name));
  // Never acquired is as good as broken.
  if (!broken && broken.error().code() == Code::not_found) return Done{};
  return broken;
}

}  // namespace cloudfolio::storage

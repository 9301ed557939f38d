#include "tenancy/request_keys.h"

#include <algorithm>

#include "crypto/hash.h"
#include "storage/rules.h"
#include "tenancy/table_rows.h"

namespace cloudfolio::tenancy {

namespace {

using storage::Entity;
using storage::EntityKey;

// Each attempt loses only to another request of the same key.
constexpr int kOpenAttemptsMax = 20;
constexpr std::size_t kMarkDigits = 32;
constexpr std::size_t kCollectCount = 500;

std::string partition_of(const TenantId& tenant) {
  return storage::to_table_key(tenant.str());
}

Status check_key(std::string_view key) {
  const bool visible =
      std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (!key.empty() && key.size() <= kRequestKeyBytesMax && visible) return Done{};
  return Error(Code::invalid_argument, "an Idempotency-Key has 1 to " +
                                           std::to_string(kRequestKeyBytesMax) +
                                           " visible ASCII characters");
}

Clock::WallTime time_of(const Entity& row, const std::string& name) {
  const auto found = row.values.find(name);
  const auto* time =
      found == row.values.end() ? nullptr : std::get_if<Clock::WallTime>(&found->second);
  return time == nullptr ? Clock::WallTime() : *time;
}

Entity entity_of(const RequestClaim& claim, Clock::WallTime claimed_until,
                 Clock::WallTime keep_until) {
  return {{partition_of(claim.tenant), claim.mark},
          {{"request", claim.request},
           {"made_at", claim.made_at},
           {"claimed_until", claimed_until},
           {"keep_until", keep_until}}};
}

}  // namespace

// A key is over when its time is, and its job has ended.
Result<bool> RequestKeys::is_over(const Context& ctx, const Entity& row,
                                  const IsRunning& is_running) const {
  const Clock::WallTime now = clock_.wall_time();
  if (now < time_of(row, "keep_until") || now < time_of(row, "claimed_until")) return false;
  const std::string job = text_of(row, "job");
  if (job.empty()) return true;
  CF_TRY(const bool running, is_running(ctx, InstanceId(job)));
  return !running;
}

Status RequestKeys::check_room(const Context& ctx, const std::string& partition) const {
  storage::TableQuery query;
  query.partition = partition;
  query.max_count = kRequestKeysMax;
  std::size_t count = 0;
  do {
    CF_TRY(const storage::TablePage page, table_.query(ctx, query));
    count += page.entities.size();
    query.continuation = page.continuation;
  } while (!query.continuation.empty() && count < kRequestKeysMax);
  if (count < kRequestKeysMax) return Done{};
  return Error(Code::quota_exceeded, std::to_string(kRequestKeysMax) +
                                         " idempotency keys are kept, and no more; send the "
                                         "request without one, or wait");
}

Result<OpenedRequest> RequestKeys::open(const Context& ctx, const TenantId& tenant,
                                        std::string_view key, std::string_view request,
                                        std::chrono::seconds longest, const IsRunning& is_running) {
  CF_CHECK(check_key(key));
  RequestClaim claim;
  claim.tenant = tenant;
  claim.mark = crypto::sha256_hex(key).substr(0, kMarkDigits);
  claim.request = std::string(request);
  const EntityKey at{partition_of(tenant), claim.mark};
  for (int attempt = 0; attempt < kOpenAttemptsMax; ++attempt) {
    const Clock::WallTime now = clock_.wall_time();
    CF_TRY(const auto row, find_row(ctx, table_, at));
    claim.made_at = now;
    claim.attempt = RequestClaim::Attempt::first;
    Result<storage::ETag> written = storage::ETag();
    if (!row) {
      CF_CHECK(check_room(ctx, at.partition));
      written = table_.insert(ctx, entity_of(claim, now + longest, now + options_.kept));
    } else {
      CF_TRY(const bool over, is_over(ctx, *row, is_running));
      if (!over) {
        if (text_of(*row, "request") != request) return OpenedRequest(OtherRequest{});
        if (row->values.contains("answer"))
          return OpenedRequest(KeptAnswer{text_of(*row, "answer")});
        const auto left = time_of(*row, "claimed_until") - now;
        if (left.count() > 0)
          return OpenedRequest(StillWorking{
              std::max(std::chrono::seconds(1), std::chrono::ceil<std::chrono::seconds>(left))});
        claim.made_at = time_of(*row, "made_at");
        claim.attempt = RequestClaim::Attempt::after_another;
      }
      written = table_.update(ctx, entity_of(claim, now + longest, now + options_.kept),
                              storage::Write::replace, storage::Matches{row->etag});
    }
    if (written) {
      claim.etag = *std::move(written);
      return OpenedRequest(std::move(claim));
    }
    const Code code = written.error().code();
    if (code != Code::conflict && code != Code::not_found) return std::move(written).error();
  }
  return Error(Code::unavailable, "too many requests of one key at once; try again");
}

Status RequestKeys::settle(const Context& ctx, const RequestClaim& claim, std::string answer,
                           const InstanceId& job) {
  if (answer.size() > kKeptAnswerBytesMax)
    return Error(Code::invalid_argument, "an answer of more than 16 KiB is not kept");
  const Clock::WallTime now = clock_.wall_time();
  Entity row = entity_of(claim, now, now + options_.kept);
  row.values["answer"] = std::move(answer);
  row.values["job"] = job.str();
  auto written = table_.update(ctx, row, storage::Write::replace, storage::Matches{claim.etag});
  if (!written && written.error().code() == Code::not_found)
    return Error(Code::conflict, "another attempt took over");
  return written ? Status(Done{}) : Status(std::move(written).error());
}

Status RequestKeys::release(const Context& ctx, const RequestClaim& claim) {
  const Status removed =
      table_.remove(ctx, {partition_of(claim.tenant), claim.mark}, storage::Matches{claim.etag});
  if (removed || removed.error().code() == Code::conflict) return Done{};
  return removed;
}

Status RequestKeys::leave_open(const Context& ctx, const RequestClaim& claim) {
  const Clock::WallTime now = clock_.wall_time();
  const auto written = table_.update(ctx, entity_of(claim, now, now + options_.kept),
                                     storage::Write::replace, storage::Matches{claim.etag});
  if (written || written.error().code() == Code::conflict ||
      written.error().code() == Code::not_found)
    return Done{};
  return written.error();
}

Result<std::string> RequestKeys::collect(const Context& ctx, const IsRunning& is_running,
                                         const std::string& from) {
  storage::TableQuery query;
  query.max_count = kCollectCount;
  query.continuation = from;
  CF_TRY(const storage::TablePage page, table_.query(ctx, query));
  for (const Entity& row : page.entities) {
    CF_TRY(const bool over, is_over(ctx, row, is_running));
    if (!over) continue;
    const Status removed = table_.remove(ctx, row.key, storage::Matches{row.etag});
    // Somebody uses it again.
    if (!removed && removed.error().code() != Code::conflict) return removed.error();
  }
  return page.continuation;
}

}  // namespace cloudfolio::tenancy

#include "roles/run_log.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/time_text.h"
#include "storage/rules.h"

namespace cloudfolio::roles {
namespace {

std::string prefix_of(const TenantId& tenant, const std::string& instance) {
  return tenant.str() + "/" + instance + "/";
}

}  // namespace

RunLog::~RunLog() {
  end();
}

void RunLog::write(std::string_view line) {
  inner_->write(line);
  const std::lock_guard lock(mutex_);
  if (prefix_.empty() || bytes_ + line.size() > kRunBytesMax) return;
  bytes_ += line.size() + 1;
  lines_.append(line);
  if (lines_.back() != '\n') lines_ += '\n';
}

void RunLog::begin(storage::BlobStore& blobs, const Clock& clock, const TenantId& tenant,
                   const std::string& instance) {
  end();
  {
    const std::lock_guard lock(mutex_);
    char began[32];
    std::snprintf(began, sizeof began, "%013lld/",
                  static_cast<long long>(to_unix_ms(clock.wall_time())));
    prefix_ = prefix_of(tenant, instance) + began;
    tenant_ = tenant;
    bytes_ = 0;
    part_ = 0;
    blobs_ = &blobs;
  }
  keeping_ = std::make_unique<runtime::PeriodicTask>(
      runtime::PeriodicTask::Options{.name = "run log", .every = kWriteEvery}, clock,
      [this](std::stop_token stop) { (void)keep(Context().with_stop(std::move(stop))); });
}

void RunLog::end() {
  if (!keeping_) return;
  keeping_.reset();
  (void)keep(Context());
  const std::lock_guard lock(mutex_);
  prefix_.clear();
  lines_.clear();
}

Status RunLog::keep(const Context& ctx) {
  const std::lock_guard one(writing_);
  while (true) {
    std::string text;
    std::string key;
    storage::PutOptions options;
    {
      const std::lock_guard lock(mutex_);
      if (lines_.empty()) return Done{};
      text = lines_.substr(0, kPartBytesMax);
      char part[16];
      std::snprintf(part, sizeof part, "%06d", part_);
      key = prefix_ + part;
      options.content_type = "text/plain; charset=utf-8";
      options.metadata = {{"kind", "training_log"},
                          {"username", storage::to_metadata_value(tenant_.str())}};
    }
    const std::size_t length = text.size();
    CF_CHECK(blobs_->put(ctx, storage::BlobKey(key), std::move(text), options));
    const std::lock_guard lock(mutex_);
    lines_.erase(0, length);
    ++part_;
  }
}

Result<std::string> read_run_logs(const Context& ctx, storage::BlobStore& blobs,
                                  const TenantId& tenant, const std::string& instance) {
  std::string text;
  storage::ListOptions options;
  options.prefix = prefix_of(tenant, instance);
  do {
    CF_TRY(const storage::BlobPage page, blobs.list(ctx, options));
    for (const storage::BlobEntry& entry : page.entries) {
      const auto part = blobs.get(ctx, entry.key);
      if (!part && part.error().code() == Code::not_found) continue;  // Swept just now.
      if (!part) return part.error();
      text += part->bytes;
    }
    options.continuation = page.continuation;
  } while (!options.continuation.empty());
  return text;
}

Result<std::string> sweep_run_logs(const Context& ctx, storage::BlobStore& blobs,
                                   const Clock& clock, const std::string& from) {
  storage::ListOptions options;
  options.continuation = from;
  CF_TRY(const storage::BlobPage page, blobs.list(ctx, options));
  const auto oldest = clock.wall_time() - RunLog::kKeptFor;
  for (const storage::BlobEntry& entry : page.entries) {
    if (entry.properties.last_modified < oldest) CF_CHECK(blobs.remove(ctx, entry.key, {}));
  }
  return page.continuation;
}

}  // namespace cloudfolio::roles

#pragma once
// RunLog: what a worker wrote while it ran a training, kept in the store: a container group's own
// log goes with it, and a process's file is on one machine.
//
// Blobs `{tenant}/{instance}/{unix ms of the run's begin}/{part}` in container `training-logs`,
// each part a few seconds or kPartBytesMax of lines; what a killed worker wrote last is missing
// there. Kept for kKeptFor.
//
// Threads: write() from any (it only remembers); the rest from one. Lifetime: `inner`, and from
// attach() on store and clock, outlive it. Errors: a part that cannot be written is tried again.

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/context.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/result.h"
#include "runtime/periodic_task.h"
#include "storage/blob_store.h"
#include "telemetry/log.h"

namespace cloudfolio::roles {

inline constexpr char kTrainingLogContainer[] = "training-logs";

class RunLog final : public telemetry::LogSink {
 public:
  static constexpr std::chrono::seconds kWriteEvery{2};
  static constexpr std::size_t kPartBytesMax = kMiB;
  static constexpr std::size_t kRunBytesMax = 64 * kMiB;  // Beyond, a run's lines are left out.
  static constexpr std::chrono::hours kKeptFor{30 * 24};

  explicit RunLog(std::unique_ptr<telemetry::LogSink> inner) : inner_(std::move(inner)) {}
  ~RunLog() override;

  void write(std::string_view line) override;

  // From begin() to end() lines are kept.
  void begin(storage::BlobStore& blobs, const Clock& clock, const TenantId& tenant,
             const std::string& instance);
  void end();

 private:
  Status keep(const Context& ctx);

  const std::unique_ptr<telemetry::LogSink> inner_;
  std::mutex mutex_;
  std::string lines_;   // Not written yet.
  std::string prefix_;  // Empty: no run.
  TenantId tenant_;
  std::size_t bytes_ = 0;  // Of the run so far.
  std::mutex writing_;     // One part after the other.
  int part_ = 0;
  storage::BlobStore* blobs_ = nullptr;
  std::unique_ptr<runtime::PeriodicTask> keeping_;
};

// Everything that the runs of an instance wrote, oldest first. Empty: nothing.
Result<std::string> read_run_logs(const Context& ctx, storage::BlobStore& blobs,
                                  const TenantId& tenant, const std::string& instance);
// Removes what is older than RunLog::kKeptFor on one page from `from` on; gives the next one's.
Result<std::string> sweep_run_logs(const Context& ctx, storage::BlobStore& blobs,
                                   const Clock& clock, const std::string& from);

}  // namespace cloudfolio::roles

#include "sqlite/group_commit.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "sqlite/database.h"

namespace cloudfolio::sqlite {

namespace {

struct Queued {
  GroupCommit::Work work;
  GroupCommit::Finished finished;
  std::optional<Error> error;  // Why it was undone.
};

Status run(Database& database, std::string_view sql) {
  CF_TRY(auto statement, database.statement(sql));
  CF_CHECK(statement.run());
  return Done{};
}

// Runs one work inside the open transaction; an error undoes it alone. The returned Status is about
// the transaction: an error means that SQLite gave all of it up.
Status run_work(Database& database, Queued& queued) {
  CF_CHECK(run(database, "SAVEPOINT work"));
  auto worked = queued.work(database);
  if (!worked) queued.error = std::move(worked).error();
  if (!database.in_transaction()) {
    return queued.error ? *queued.error : Error(Code::internal, "a work ended the transaction");
  }
  if (queued.error) {
    CF_CHECK(run(database, "ROLLBACK TO work"));
  }
  return run(database, "RELEASE work");
}

Status run_transaction(Database& database, std::vector<Queued>& batch) {
  CF_CHECK(run(database, "BEGIN IMMEDIATE"));
  for (Queued& queued : batch) {
    CF_CHECK(run_work(database, queued));
  }
  return run(database, "COMMIT");
}

}  // namespace

class GroupCommit::Writer {
 public:
  Writer(std::unique_ptr<Database> database, Options options)
      : options_(options), database_(std::move(database)), thread_([this] { loop(); }) {}

  ~Writer() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    arrived_.notify_one();
    thread_.join();
  }

  void submit(Work work, Finished finished) {
    bool accepted = false;
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      accepted = queue_.size() < options_.queued_works_max;
      if (accepted) {
        queue_.push_back({std::move(work), std::move(finished), std::nullopt});
        wake = idle_;
      }
    }
    if (wake) arrived_.notify_one();
    if (!accepted) {
      finished(Error(Code::unavailable, std::to_string(options_.queued_works_max) +
                                            " writes are waiting: try again later"));
    }
  }

  Counts counts() const { return {works_.load(), transactions_.load()}; }

 private:
  void loop() {
    std::vector<Queued> batch;
    while (take(batch)) {
      auto committed = run_transaction(*database_, batch);
      if (!committed && database_->in_transaction()) (void)run(*database_, "ROLLBACK");
      works_ += batch.size();
      if (committed) ++transactions_;
      for (Queued& queued : batch) {
        // The closure may hold what its caller lent for the call: let it go before saying so.
        queued.work = nullptr;
        if (queued.error) {
          queued.finished(*std::move(queued.error));
        } else if (!committed) {
          queued.finished(committed.error());
        } else {
          queued.finished(Done{});
        }
      }
      batch.clear();
    }
  }

  // Waits for works; false when closing and nothing is left.
  bool take(std::vector<Queued>& batch) {
    // Those that were answered just now and have more to write join this transaction, not the next.
    std::this_thread::yield();
    std::unique_lock lock(mutex_);
    idle_ = true;
    arrived_.wait(lock, [this] { return closing_ || !queue_.empty(); });
    idle_ = false;
    if (queue_.size() <= options_.transaction_works_max) {
      batch.swap(queue_);
    } else {
      const auto end = queue_.begin() + std::ptrdiff_t(options_.transaction_works_max);
      batch.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
      queue_.erase(queue_.begin(), end);
    }
    return !batch.empty();
  }

  const Options options_;
  std::unique_ptr<Database> database_;  // Used by the writer thread alone.
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Queued> queue_;
  bool closing_ = false;
  bool idle_ = false;
  std::atomic<std::uint64_t> works_{0};
  std::atomic<std::uint64_t> transactions_{0};
  std::thread thread_;  // Last: it uses everything above.
};

GroupCommit::GroupCommit(std::unique_ptr<Database> writer, Options options)
    : writer_(std::make_unique<Writer>(std::move(writer), options)) {}

GroupCommit::GroupCommit(std::unique_ptr<Database> writer)
    : GroupCommit(std::move(writer), Options{}) {}

GroupCommit::~GroupCommit() = default;

Status GroupCommit::apply(Work work) {
  struct Answer {
    std::optional<Status> status;
    std::atomic<bool> ready{false};
  };
  // Shared, because the waiter may be gone while the writer thread still wakes it. A lock around
  // both would make the waiter wake up only to wait for the lock.
  const auto answer = std::make_shared<Answer>();
  writer_->submit(std::move(work), [answer](Status status) {
    answer->status.emplace(std::move(status));
    answer->ready.store(true, std::memory_order_release);
    answer->ready.notify_one();
  });
  answer->ready.wait(false, std::memory_order_acquire);
  return *std::move(answer->status);
}

void GroupCommit::submit(Work work, Finished finished) {
  writer_->submit(std::move(work), std::move(finished));
}

GroupCommit::Counts GroupCommit::counts() const {
  return writer_->counts();
}

}  // namespace cloudfolio::sqlite

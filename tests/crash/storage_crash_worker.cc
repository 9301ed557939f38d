#include "storage_crash_worker.h"

#include <unistd.h>

#include <cstdio>
#include <thread>
#include <vector>

#include "base/random.h"
#include "storage/embedded/embedded.h"

namespace cloudfolio::crash {

namespace {

using namespace storage;

class Worker {
 public:
  Worker(Storage& storage, std::uint32_t number, int pipe)
      : blobs_(**storage.blobs(kContainer)),
        queue_(**storage.queue(kQueue)),
        table_(**storage.table(kTable)),
        worker_(number),
        pipe_(pipe) {}

  Status run(std::uint64_t first) {
    for (std::uint64_t number = first;; ++number) {
      CF_CHECK(put(number));
      CF_CHECK(send(number));
      if (number % 2 == 0) {
        CF_CHECK(receive());
      }
      CF_CHECK(book(number));
    }
  }

 private:
  void say(Said said, std::uint32_t worker, std::uint64_t number) const {
    const Report report{said, worker, number};
    // Whole or not at all: it is shorter than PIPE_BUF.
    if (::write(pipe_, &report, sizeof report) != ssize_t(sizeof report)) std::_Exit(3);
  }

  Status put(std::uint64_t number) {
    CF_CHECK(blobs_.put(ctx_, BlobKey(blob_key(worker_, number)), blob_bytes(worker_, number), {}));
    say(Said::put, worker_, number);
    return Done{};
  }

  Status send(std::uint64_t number) {
    CF_CHECK(queue_.send(ctx_, message_body(worker_, number), {}));
    say(Said::sent, worker_, number);
    return Done{};
  }

  Status receive() {
    CF_TRY(const auto received, queue_.receive(ctx_, {.max_count = 1}));
    for (const ReceivedMessage& one : received) {
      unsigned sender = 0;
      unsigned long long number = 0;
      if (std::sscanf(one.message.body.c_str(), "%u:%llu", &sender, &number) != 2) {
        return Error(Code::corrupt, "a message that nobody sent");
      }
      say(Said::removing, sender, number);
      CF_CHECK(queue_.remove(ctx_, one.message.id, one.receipt));
      say(Said::removed, sender, number);
    }
    return Done{};
  }

  // One event and the count of all events, in one batch.
  Status book(std::uint64_t number) {
    const std::string partition = std::to_string(worker_);
    std::int64_t sum = 0;
    auto before = table_.get(ctx_, {partition, "sum"});
    if (before) sum = std::get<std::int64_t>(before->values["count"]);
    const Entity total{{partition, "sum"}, {{"count", sum + 1}}, {}};
    const Entity event{{partition, "event-" + std::to_string(number)}, {}, {}};
    CF_TRY(const BatchOutcome outcome,
           table_.batch(ctx_, {InsertAction{event}, UpsertAction{total, Write::replace}}));
    if (std::holds_alternative<BatchRefusal>(outcome)) return Error(Code::internal, "refused");
    say(Said::booked, worker_, number);
    return Done{};
  }

  BlobStore& blobs_;
  Queue& queue_;
  Table& table_;
  const std::uint32_t worker_;
  const int pipe_;
  const Context ctx_;
};

}  // namespace

std::string blob_key(std::uint32_t worker, std::uint64_t number) {
  return "worker/" + std::to_string(worker) + ":" + std::to_string(number % kSlots);
}

std::string blob_bytes(std::uint32_t worker, std::uint64_t number) {
  Random random(number * kWorkers + worker);
  std::string bytes = std::to_string(number) + "\n";
  const std::size_t size = number % 5 == 0 ? 100'000 : 300;
  while (bytes.size() < size) bytes += static_cast<char>(random.next());
  return bytes;
}

std::string message_body(std::uint32_t worker, std::uint64_t number) {
  return std::to_string(worker) + ":" + std::to_string(number);
}

int work_until_killed(const std::filesystem::path& directory,
                      const std::uint64_t (&first)[kWorkers], int pipe) {
  SystemClock clock;
  auto storage =
      embedded::open({.directory = directory, .leftover_age = std::chrono::seconds(0)}, clock);
  if (!storage) {
    std::fprintf(stderr, "open: %s\n", storage.error().message().c_str());
    return 1;
  }
  std::vector<std::thread> threads;
  for (std::uint32_t w = 0; w < kWorkers; ++w) {
    threads.emplace_back([&, w] {
      const auto failed = Worker(**storage, w, pipe).run(first[w]);
      std::fprintf(stderr, "worker: %s\n", failed.error().message().c_str());
      std::_Exit(2);
    });
  }
  for (auto& thread : threads) thread.join();
  return 0;
}

}  // namespace cloudfolio::crash

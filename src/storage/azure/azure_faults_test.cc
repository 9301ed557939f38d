// What goes wrong between a client and the services, done on purpose.

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "http/testing/raw_socket.h"
#include "http/wire.h"
#include "storage/azure/azure.h"
#include "storage/azure/shared_key.h"
#include "storage/azure/testing/azurite.h"
#include "storage/azure/testing/fault_proxy.h"

namespace cloudfolio::storage::azure {
namespace {

using namespace std::chrono_literals;
using Kind = Fault::Kind;

Fault answers(int status, const char* code) {
  return {.kind = Kind::answer, .status = status, .code = code};
}
Fault no_fault(const http::Request&, int) {
  return {};
}

// One request of a method is met by a fault, the others pass.
FaultProxy::Plan first(http::Method method, Fault fault) {
  auto met = std::make_shared<std::atomic<bool>>(false);
  return [=](const http::Request& request, int) {
    return request.method == method && !met->exchange(true) ? fault : Fault{};
  };
}

class AzureFaults : public testing::Test {
 protected:
  void SetUp() override {
    auto started = Azurite::shared();
    if (!started) GTEST_SKIP() << started.error().message();
    azurite = *started;
    account = azurite->next_account();
    proxy = std::make_unique<FaultProxy>(account, no_fault);
    direct = open({.account = account});
    storage = open({.account = proxy->account()});
    blobs = *storage->blobs("github-cache");
    queue = *storage->queue("jobs");
    table = *storage->table("usage");
  }
  void TearDown() override {
    if (proxy) proxy->release();
  }
  std::unique_ptr<Storage> open(Options options) {
    options.retries.pause_first = 1ms;
    options.retries.pause_max = 4ms;
    auto opened = azure::open(std::move(options), azurite->clock());
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().message());
    return *std::move(opened);
  }
  std::string read(const std::string& key) {
    const auto blob = (*direct->blobs("github-cache"))->get(ctx, BlobKey(key));
    return blob ? blob->bytes : std::string(to_string(blob.error().code()));
  }

  const Context ctx;
  Azurite* azurite = nullptr;
  Account account;
  std::unique_ptr<FaultProxy> proxy;
  std::unique_ptr<Storage> direct;
  std::unique_ptr<Storage> storage;  // By way of the proxy.
  BlobStore* blobs = nullptr;
  Queue* queue = nullptr;
  Table* table = nullptr;
};

// Four writers append words to one blob by compare-and-set. What each believes to have written must
// be what is there.
struct Appending {
  BlobStore& blobs;
  const BlobKey key;
  const Context ctx = {};
  std::mutex mutex = {};
  std::multiset<std::string> accepted = {};

  void append(const std::string& word) {
    while (true) {
      const auto blob = blobs.get(ctx, key);
      if (!blob && blob.error().code() == Code::unavailable) continue;
      ASSERT_TRUE(blob) << blob.error().message();
      // Not known the last time: look.
      if (blob->bytes.find(word) != std::string::npos) return accept(word);
      const auto put = blobs.put(ctx, key, blob->bytes + word + " ",
                                 {.condition = Matches{blob->properties.etag}});
      if (put) return accept(word);
      ASSERT_TRUE(put.error().code() == Code::conflict || put.error().code() == Code::unavailable)
          << put.error().message();
    }
  }
  void accept(const std::string& word) {
    const std::lock_guard lock(mutex);
    accepted.insert(word);
  }
  void run() {
    std::vector<std::thread> writers;
    for (int w = 0; w < 4; ++w)
      writers.emplace_back([this, w] {
        for (int i = 0; i < 4; ++i) append("w" + std::to_string(w * 4 + i + 100));
      });
    for (auto& writer : writers) writer.join();
  }
};

std::multiset<std::string> words(const std::string& text) {
  std::multiset<std::string> found;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) found.insert(word);
  return found;
}

TEST_F(AzureFaults, appending_by_compare_and_set_is_exact_whatever_fails) {
  const std::vector<std::pair<const char*, Fault>> faults = {
      {"500", answers(500, "InternalError")},
      {"503", answers(503, "ServerBusy")},
      {"408", answers(408, "")},
      {"409", answers(409, "BlobBeingRehydrated")},
      {"412", answers(412, "ConditionNotMet")},
      {"broken before", {.kind = Kind::no_answer}},
      {"broken after", {.kind = Kind::lost_answer}},
      {"500 though done", {.kind = Kind::wrong_answer, .status = 500, .code = "OperationTimedOut"}},
      {"412 though done", {.kind = Kind::wrong_answer, .status = 412, .code = "ConditionNotMet"}}};
  for (const auto& [name, fault] : faults)
    for (int n = 2; n <= 4; ++n) {
      const std::string key = std::string(name) + ", every " + std::to_string(n);
      SCOPED_TRACE(key);
      ASSERT_TRUE((*direct->blobs("github-cache"))->put(ctx, BlobKey(key), "", {}));
      // Reads pass: 409 and 412 are no answers to those.
      auto count = std::make_shared<std::atomic<int>>(0);
      proxy->set_plan([=, &fault](const http::Request& request, int) {
        return request.method == http::Method::put && ++*count % n == 0 ? fault : Fault{};
      });
      Appending appending{*blobs, BlobKey(key)};
      appending.run();
      EXPECT_EQ(appending.accepted.size(), 16u);
      EXPECT_EQ(words(read(key)), appending.accepted);
    }
}

TEST_F(AzureFaults, a_write_whose_answer_was_lost_is_no_conflict_with_itself) {
  for (const Kind kind : {Kind::lost_answer, Kind::wrong_answer}) {
    const Fault lost{.kind = kind, .status = 503, .code = "ServerBusy"};
    proxy->set_plan(no_fault);
    ASSERT_TRUE(blobs->remove(ctx, BlobKey("k"), {}));
    ASSERT_TRUE(blobs->put(ctx, BlobKey("other"), "", {}));
    proxy->set_plan(first(http::Method::put, lost));
    const auto made = blobs->put(ctx, BlobKey("k"), "one", {.condition = Nothing{}});
    ASSERT_TRUE(made) << made.error().message();
    proxy->set_plan(first(http::Method::put, lost));
    const auto changed = blobs->put(ctx, BlobKey("k"), "two", {.condition = Matches{*made}});
    ASSERT_TRUE(changed) << changed.error().message();
    EXPECT_EQ(blobs->head(ctx, BlobKey("k"))->etag, *changed);
    EXPECT_EQ(blobs->head(ctx, BlobKey("k"))->metadata, Metadata{}) << "the mark is not shown";
    proxy->set_plan(first(http::Method::delete_, lost));
    EXPECT_TRUE(blobs->remove(ctx, BlobKey("k"), {.condition = Matches{*changed}}));
  }
}

TEST_F(AzureFaults, a_lost_write_that_was_overwritten_is_neither_success_nor_conflict) {
  const auto before = blobs->put(ctx, BlobKey("k"), "before", {});
  BlobStore& theirs = **direct->blobs("github-cache");
  auto met = std::make_shared<std::atomic<int>>(0);
  proxy->set_plan([&, met](const http::Request& request, int) -> Fault {
    if (request.method != http::Method::put) return {};
    if (++*met == 1) return {.kind = Kind::lost_answer};
    // Somebody builds upon our write before we ask again.
    EXPECT_TRUE(theirs.put(ctx, BlobKey("k"), "theirs", {}));
    return {};
  });
  const auto put = blobs->put(ctx, BlobKey("k"), "mine", {.condition = Matches{*before}});
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code(), Code::unavailable);
  EXPECT_NE(put.error().message().find("not known"), std::string::npos);
}

TEST_F(AzureFaults, refusals_that_nothing_stands_behind_are_conflicts_and_change_nothing) {
  const auto etag = blobs->put(ctx, BlobKey("k"), "old", {});
  for (const Fault& fault :
       {answers(409, "LeaseAlreadyPresent"), answers(412, "ConditionNotMet")}) {
    proxy->set_plan(first(http::Method::put, fault));
    EXPECT_EQ(blobs->put(ctx, BlobKey("k"), "new", {.condition = Matches{*etag}}).error().code(),
              Code::conflict);
    EXPECT_EQ(read("k"), "old");
  }
}

TEST_F(AzureFaults, table_writes_are_recognised_as_well) {
  const Entity entity{{"p", "r"}, {{"N", std::int64_t(1)}}};
  ASSERT_TRUE(table->upsert(ctx, {{"p", "other"}, {}}, Write::replace));
  proxy->set_plan(first(http::Method::post, {.kind = Kind::lost_answer}));
  const auto made = table->insert(ctx, entity);
  ASSERT_TRUE(made) << made.error().message();
  proxy->set_plan(first(http::Method::put, {.kind = Kind::lost_answer}));
  const auto changed = table->update(ctx, entity, Write::replace, Matches{*made});
  ASSERT_TRUE(changed) << changed.error().message();
  EXPECT_EQ(table->get(ctx, {"p", "r"})->etag, *changed);
  EXPECT_EQ(table->get(ctx, {"p", "r"})->values, entity.values) << "the mark is not shown";
  proxy->set_plan(first(http::Method::delete_, {.kind = Kind::lost_answer}));
  EXPECT_TRUE(table->remove(ctx, {"p", "r"}, Matches{*changed}));
}

TEST_F(AzureFaults, a_batch_whose_answer_was_lost_happened_once) {
  const auto sum = table->insert(ctx, {{"p", "sum"}, {{"N", std::int64_t(1)}}});
  ASSERT_TRUE(sum);
  proxy->set_plan(first(http::Method::post, {.kind = Kind::lost_answer}));
  const auto outcome = table->batch(
      ctx, {InsertAction{{{"p", "event"}, {}}},
            UpdateAction{{{"p", "sum"}, {{"N", std::int64_t(2)}}}, Write::replace, Matches{*sum}}});
  ASSERT_TRUE(outcome) << outcome.error().message();
  const auto* etags = std::get_if<std::vector<ETag>>(&*outcome);
  ASSERT_TRUE(etags);
  EXPECT_EQ(table->get(ctx, {"p", "sum"})->etag, (*etags)[1]);
  EXPECT_EQ(std::get<std::int64_t>(table->get(ctx, {"p", "sum"})->values.at("N")), 2);
}

TEST_F(AzureFaults, messages_are_delivered_at_least_once) {
  ASSERT_TRUE(queue->clear(ctx));
  for (const Kind kind : {Kind::lost_answer, Kind::no_answer}) {
    proxy->set_plan(first(http::Method::post, {.kind = kind}));
    ASSERT_TRUE(queue->send(ctx, "job", {}));
    const auto received = queue->receive(ctx, {.max_count = 32});
    ASSERT_TRUE(received);
    ASSERT_GE(received->size(), 1u);
    for (const auto& one : *received) {
      EXPECT_EQ(one.message.body, "job");
      proxy->set_plan(first(http::Method::delete_, {.kind = kind}));
      EXPECT_TRUE(queue->remove(ctx, one.message.id, one.receipt));
    }
  }
  EXPECT_EQ(*queue->approximate_count(ctx), 0u);
}

TEST_F(AzureFaults, a_lease_is_acquired_renewed_and_released_though_answers_are_lost) {
  LeaseBook& leases = storage->leases();
  // Each lease call is lost once; what it does is done.
  auto seen = std::make_shared<std::mutex>();
  auto met = std::make_shared<std::set<std::string>>();
  proxy->set_plan([=](const http::Request& request, int) -> Fault {
    const auto action = request.headers.find("x-ms-lease-action");
    const std::lock_guard lock(*seen);
    return action && met->insert(std::string(*action)).second ? Fault{.kind = Kind::lost_answer}
                                                              : Fault{};
  });
  auto lease = leases.acquire(ctx, "trainer", 15s);
  ASSERT_TRUE(lease) << lease.error().message();
  EXPECT_EQ(lease->epoch, 1u);
  EXPECT_TRUE(leases.renew(ctx, *lease));
  EXPECT_TRUE(leases.release(ctx, *lease));
  EXPECT_EQ(met->size(), 3u);
  EXPECT_EQ(leases.acquire(ctx, "trainer", 15s)->epoch, 2u);
}

TEST_F(AzureFaults, a_lease_lost_in_the_middle_of_a_write_leaves_the_blob_as_it_was) {
  const auto slow = open({.account = proxy->account(),
                          .transfers = {.single_put_bytes_max = 1'000, .block_bytes = 1'000}});
  BlobStore& holder = **slow->blobs("github-cache");
  BlobStore& other = **direct->blobs("github-cache");
  ASSERT_TRUE(holder.put(ctx, BlobKey("k"), "old", {}));
  const auto lease = holder.acquire_lease(ctx, BlobKey("k"), 15s);
  ASSERT_TRUE(lease);
  ASSERT_TRUE(holder.put(ctx, BlobKey("k"), std::string(5'000, 'w'), {.lease = *lease}));
  std::atomic<bool> taken = false;
  proxy->set_plan([&](const http::Request& request, int) -> Fault {
    if (request.find_query("comp") != "blocklist") return {};
    // All blocks are there; before the last step the lease ends, and somebody else takes it.
    azurite->advance(16s);
    taken = other.acquire_lease(ctx, BlobKey("k"), 15s).ok();
    return {};
  });
  const auto put = holder.put(ctx, BlobKey("k"), std::string(5'000, 'x'), {.lease = *lease});
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code(), Code::conflict) << put.error().message();
  EXPECT_EQ(read("k"), std::string(5'000, 'w'));
  proxy->set_plan(no_fault);
  EXPECT_TRUE(taken) << "the lease was lost before the last step";
  const auto again = holder.put(ctx, BlobKey("k"), "late", {.lease = *lease});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Code::conflict) << again.error().message();
}

TEST_F(AzureFaults, an_upload_without_its_last_step_is_never_seen) {
  const auto slow = open({.account = proxy->account(),
                          .transfers = {.single_put_bytes_max = 1'000, .block_bytes = 1'000}});
  BlobStore& uploader = **slow->blobs("github-cache");
  const auto no_commits = [](const http::Request& request, int) -> Fault {
    return {.kind = request.find_query("comp") == "blocklist" ? Kind::no_answer : Kind::none};
  };
  ASSERT_TRUE(uploader.put(ctx, BlobKey("k"), "old", {}));
  proxy->set_plan(no_commits);
  for (const char* key : {"k", "new"}) {
    const auto put = uploader.put(ctx, BlobKey(key), std::string(5'000, 'x'), {});
    ASSERT_FALSE(put);
    EXPECT_EQ(put.error().code(), Code::unavailable);
  }
  EXPECT_EQ(read("k"), "old");
  EXPECT_EQ(read("new"), "not_found");
  EXPECT_EQ((*direct->blobs("github-cache"))->list(ctx, {})->entries.size(), 1u);
  proxy->set_plan(no_fault);
  ASSERT_TRUE(uploader.put(ctx, BlobKey("k"), std::string(5'000, 'y'), {}));
  EXPECT_EQ(read("k"), std::string(5'000, 'y'));
}

TEST_F(AzureFaults, two_uploads_of_one_blob_do_not_mix) {
  const auto small = open(
      {.account = account,
       .transfers = {.single_put_bytes_max = 1'000, .block_bytes = 1'000, .read_bytes = 1'500}});
  BlobStore& both = **small->blobs("github-cache");
  ASSERT_TRUE(both.put(ctx, BlobKey("k"), std::string(5'000, 'a'), {}));
  std::atomic<bool> done = false;
  std::thread reader([&] {
    while (!done) {
      const auto blob = both.get(ctx, BlobKey("k"));
      if (!blob && blob.error().code() == Code::unavailable) continue;
      ASSERT_TRUE(blob) << blob.error().message();
      EXPECT_EQ(blob->bytes, std::string(5'000, blob->bytes[0]));
    }
  });
  std::vector<std::thread> writers;
  for (const char letter : {'a', 'b'})
    writers.emplace_back([&, letter] {
      for (int i = 0; i < 3; ++i) {
        const auto put = both.put(ctx, BlobKey("k"), std::string(5'000, letter), {});
        // Others may drop our blocks again and again; it says so.
        EXPECT_TRUE(put || put.error().retryable()) << put.error().message();
      }
    });
  for (auto& writer : writers) writer.join();
  done = true;
  reader.join();
}

TEST_F(AzureFaults, a_put_that_breaks_off_in_its_body_changes_nothing) {
  ASSERT_TRUE(blobs->put(ctx, BlobKey("k"), "old", {}));
  WireRequest request;
  request.method = http::Method::put;
  request.path = "/github-cache/k";
  request.body = std::string(1'000, 'x');
  request.headers = {{"x-ms-date", http::http_date(azurite->clock().wall_time())},
                     {"x-ms-version", std::string(kServiceVersion)},
                     {"x-ms-blob-type", "BlockBlob"}};
  const std::string path = "/" + account.name + request.path;
  const auto authorization = shared_key_authorization(
      ServiceKind::blob, account.name, std::get<SharedKey>(account.credential).key, path, request);
  ASSERT_TRUE(authorization);
  auto socket = http::RawSocket::connect(static_cast<std::uint16_t>(azurite->blob_port()));
  std::string head = "PUT " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n";
  for (const auto& [name, value] : request.headers) head += name + ": " + value + "\r\n";
  ASSERT_TRUE(
      socket.send(head + "Authorization: " + *authorization + "\r\n\r\n" + std::string(500, 'x')));
  socket.end_sending();
  socket.receive_all();
  EXPECT_EQ(read("k"), "old");
}

TEST_F(AzureFaults, a_slow_answer_is_not_waited_for_longer_than_asked) {
  const auto hasty =
      open({.account = proxy->account(), .attempt_timeout = std::chrono::milliseconds(300)});
  BlobStore& store = **hasty->blobs("github-cache");
  ASSERT_TRUE(store.put(ctx, BlobKey("other"), "", {}));
  proxy->set_plan(first(http::Method::put, {.kind = Kind::late_answer}));
  const auto put = store.put(ctx, BlobKey("k"), "v", {.condition = Nothing{}});
  ASSERT_TRUE(put) << put.error().message();
  proxy->set_plan([](const http::Request&, int) { return Fault{.kind = Kind::late_answer}; });
  const auto late = store.get(ctx.with_deadline(azurite->clock().now() + 50ms), BlobKey("k"));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), Code::deadline_exceeded);
}

TEST_F(AzureFaults, a_pause_that_the_deadline_does_not_allow_is_not_made) {
  Fault busy = answers(503, "ServerBusy");
  busy.retry_after = "30";
  proxy->set_plan(every(1, busy));
  const auto before = azurite->clock().now();
  const auto late = blobs->get(ctx.with_deadline(before + 10s), BlobKey("k"));
  EXPECT_EQ(late.error().code(), Code::deadline_exceeded);
  EXPECT_NE(late.error().message().find("503 ServerBusy"), std::string::npos);
  EXPECT_LT(azurite->clock().now() - before, 10s);
  EXPECT_EQ(proxy->request_count(), 1);
  busy.retry_after = "3600";
  proxy->set_plan(every(1, busy));
  EXPECT_EQ(blobs->get(ctx, BlobKey("k")).error().code(), Code::unavailable);
}

TEST_F(AzureFaults, each_attempt_is_dated_and_signed_anew) {
  std::mutex mutex;
  std::set<std::string> dates, signatures;
  proxy->set_plan([&](const http::Request& request, int number) -> Fault {
    const std::lock_guard lock(mutex);
    dates.emplace(request.headers.find("x-ms-date").value_or(""));
    signatures.emplace(request.headers.find("Authorization").value_or(""));
    azurite->advance(2s);
    return number < 3 ? answers(500, "InternalError") : Fault{};
  });
  ASSERT_TRUE(blobs->put(ctx, BlobKey("k"), "v", {}));
  EXPECT_GE(dates.size(), 3u);
  EXPECT_EQ(signatures.size(), dates.size());
}

TEST_F(AzureFaults, a_stop_ends_the_pause_between_attempts) {
  Fault busy = answers(503, "ServerBusy");
  busy.retry_after = "30";
  std::stop_source stop;
  proxy->set_plan([&](const http::Request&, int) {
    stop.request_stop();
    return busy;
  });
  EXPECT_EQ(blobs->get(ctx.with_stop(stop.get_token()), BlobKey("k")).error().code(),
            Code::cancelled);
}

TEST_F(AzureFaults, an_idle_connection_that_was_closed_is_not_noticed) {
  proxy =
      std::make_unique<FaultProxy>(account, no_fault, FaultProxy::Options{.idle_timeout = 20ms});
  auto patient = open({.account = proxy->account()});
  BlobStore& store = **patient->blobs("github-cache");
  ASSERT_TRUE(blobs = &store);
  for (int i = 0; i < 5; ++i) {
    const auto put = store.put(ctx, BlobKey("k"), std::to_string(i), {});
    EXPECT_TRUE(put) << put.error().message();
    while (proxy->connection_count() > 0) std::this_thread::yield();
  }
  EXPECT_EQ(read("k"), "4");
}

}  // namespace
}  // namespace cloudfolio::storage::azure

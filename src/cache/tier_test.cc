// The in-process tier: coherence, bounds, and many threads at once.

#include "cache/tier.h"

#include <gtest/gtest.h>

#include <latch>
#include <map>
#include <thread>
#include <utility>

#include "base/random.h"
#include "cache/cache.h"
#include "storage/storage.h"
#include "telemetry/metrics.h"

namespace cloudfolio::cache {
namespace {

using namespace std::chrono_literals;
using Outcome = Tier::Outcome;
using Part = Tier::Part;

const Context kCtx;
const std::string kKey = "repos_bundle_context_octocat";

// Counts calls, and holds them back where a test wants to be in the middle of one.
class WatchedBlobs final : public storage::BlobStore {
 public:
  explicit WatchedBlobs(storage::BlobStore& real) : real_(real) {}

  std::atomic<int> gets = 0, heads = 0;
  std::function<void()> before_get = [] {};
  std::function<void()> after_get = [] {};
  std::atomic<bool> down = false;

  Result<storage::Blob> get(const Context& ctx, const storage::BlobKey& key) override {
    return real_.get(ctx, key);
  }
  Result<std::optional<storage::Blob>> get_if_changed(const Context& ctx,
                                                      const storage::BlobKey& key,
                                                      const storage::ETag& known) override {
    ++gets;
    before_get();
    if (down) return Error(Code::unavailable, "down");
    auto blob = real_.get_if_changed(ctx, key, known);
    after_get();
    return blob;
  }
  Result<storage::BlobProperties> head(const Context& ctx, const storage::BlobKey& key) override {
    ++heads;
    if (down) return Error(Code::unavailable, "down");
    return real_.head(ctx, key);
  }
  Result<storage::ETag> put(const Context& ctx, const storage::BlobKey& key, std::string bytes,
                            const storage::PutOptions& options) override {
    return real_.put(ctx, key, std::move(bytes), options);
  }
  Status remove(const Context& ctx, const storage::BlobKey& key,
                const storage::RemoveOptions& options) override {
    return real_.remove(ctx, key, options);
  }
  Result<storage::BlobPage> list(const Context& ctx, const storage::ListOptions& o) override {
    return real_.list(ctx, o);
  }
  Result<storage::LeaseId> acquire_lease(const Context& ctx, const storage::BlobKey& key,
                                         std::chrono::seconds length) override {
    return real_.acquire_lease(ctx, key, length);
  }
  Status renew_lease(const Context& ctx, const storage::BlobKey& key,
                     const storage::LeaseId& lease) override {
    return real_.renew_lease(ctx, key, lease);
  }
  Status release_lease(const Context& ctx, const storage::BlobKey& key,
                       const storage::LeaseId& lease) override {
    return real_.release_lease(ctx, key, lease);
  }
  Status break_lease(const Context& ctx, const storage::BlobKey& key) override {
    return real_.break_lease(ctx, key);
  }

 private:
  storage::BlobStore& real_;
};

class TierTest : public testing::Test {
 protected:
  void put(const std::string& key, const std::string& bytes, storage::Metadata metadata = {}) {
    storage::PutOptions options;
    options.metadata = std::move(metadata);
    ASSERT_TRUE(store_blobs.put(kCtx, storage::BlobKey(key), bytes, options).ok());
  }
  Result<Tier::Found> get(Part part = Part::all, const Context& ctx = kCtx) {
    return tier.get(ctx, EntryKind::bundle, kKey, part);
  }
  // "bytes by outcome", for short tests.
  std::string got(Part part = Part::all) {
    const auto found = get(part);
    if (!found) return std::string(to_string(found.error().code()));
    static const std::map<Outcome, std::string> kNames{{Outcome::hit, " hit"},
                                                       {Outcome::missing, " missing"},
                                                       {Outcome::stale, " stale"},
                                                       {Outcome::load, " load"}};
    return (found->entry ? found->entry->body->blob.bytes : "-") + kNames.at(found->outcome);
  }
  std::string metric(const std::string& outcome) {
    const std::string text = metrics.to_prometheus();
    const std::string name =
        R"(cloudfolio_cache_tier_reads_total{kind="bundle",outcome=")" + outcome + "\"} ";
    const std::size_t at = text.find(name);
    if (at == std::string::npos) return "none";
    return text.substr(at + name.size(), text.find('\n', at) - at - name.size());
  }

  const TierRule rule = *row_of(EntryKind::bundle).tier;
  ManualClock clock;
  std::unique_ptr<storage::Storage> storage = storage::open_memory(clock);
  storage::BlobStore& store_blobs = **storage->blobs(kContainer);
  WatchedBlobs blobs{store_blobs};
  telemetry::MetricRegistry metrics;
  Tier tier{blobs, clock, metrics, {}};
};

TEST_F(TierTest, answers_from_memory_while_fresh_and_asks_by_etag_afterwards) {
  put(kKey, "one");
  EXPECT_EQ(got(), "one load");
  EXPECT_EQ(got(), "one hit");
  EXPECT_EQ(blobs.gets, 1);
  put(kKey, "two");  // By another process: not noticed while fresh.
  clock.advance(rule.fresh_for - 1ms);
  EXPECT_EQ(got(), "one hit");
  clock.advance(1ms);
  EXPECT_EQ(got(), "two load");
  clock.advance(rule.fresh_for);
  EXPECT_EQ(got(), "two load");  // Not changed: no bytes came.
  EXPECT_EQ(got(), "two hit");
  EXPECT_EQ(blobs.gets, 3);
  EXPECT_EQ(metric("hit"), "3");
  EXPECT_EQ(metric("load"), "3");
}

TEST_F(TierTest, asks_for_the_properties_alone_where_they_are_enough) {
  put(kKey, "one");
  EXPECT_EQ(got(Part::properties), " load");
  EXPECT_EQ(blobs.gets, 0);
  EXPECT_EQ(blobs.heads, 1);
  EXPECT_EQ(got(Part::properties), " hit");
  EXPECT_EQ(got(Part::all), "one load");  // The bytes were not there.
  EXPECT_EQ(got(Part::properties), "one hit");
  clock.advance(rule.fresh_for);
  EXPECT_EQ(got(Part::properties), "one load");  // The same ETag: the bytes stay.
  EXPECT_EQ(blobs.heads, 2);
  EXPECT_EQ(got(Part::all), "one hit");
  EXPECT_EQ(blobs.gets, 1);
}

TEST_F(TierTest, remembers_that_there_is_none_and_forgets_it_in_time) {
  EXPECT_EQ(got(), "- load");
  EXPECT_EQ(got(), "- missing");
  put(kKey, "one");
  EXPECT_EQ(got(), "- missing");
  clock.advance(rule.missing_for);
  EXPECT_EQ(got(), "one load");
  EXPECT_EQ(metric("missing"), "2");
}

TEST_F(TierTest, forgets_what_was_written_here_at_once) {
  put(kKey, "one");
  EXPECT_EQ(got(), "one load");
  put(kKey, "two");
  tier.forget(kKey);
  EXPECT_EQ(got(), "two load");
  EXPECT_EQ(tier.count(), 1u);
  tier.forget(kKey);
  EXPECT_EQ(tier.count(), 0u);
  EXPECT_EQ(tier.bytes(), 0u);
}

TEST_F(TierTest, a_read_that_a_write_overtook_is_not_kept) {
  put(kKey, "one");
  bool overtaken = false;
  blobs.after_get = [&] {
    if (std::exchange(overtaken, true)) return;
    put(kKey, "two");
    tier.forget(kKey);
    EXPECT_EQ(got(), "two load");  // Begins after the write: does not join the old reader.
  };
  EXPECT_EQ(got(), "one load");
  EXPECT_EQ(got(), "two hit");
}

TEST_F(TierTest, answers_stale_while_the_store_is_down_and_not_for_ever) {
  put(kKey, "one");
  EXPECT_EQ(got(), "one load");
  blobs.down = true;
  clock.advance(rule.fresh_for);
  EXPECT_EQ(got(), "one stale");
  EXPECT_EQ(got(Part::properties), "one stale");
  clock.advance(rule.stale_for);
  EXPECT_EQ(got(), "unavailable");
  blobs.down = false;
  EXPECT_EQ(got(), "one load");
  EXPECT_EQ(metric("stale"), "2");
  EXPECT_EQ(metric("error"), "1");
}

TEST_F(TierTest, an_error_is_not_remembered) {
  put(kKey, "one");
  blobs.down = true;
  EXPECT_EQ(got(), "unavailable");
  blobs.down = false;
  EXPECT_EQ(got(), "one load");
}

TEST_F(TierTest, never_answers_an_entry_past_its_own_end) {
  put(kKey, "one", {{"expires_at", "2026-01-01T00:00:00.5Z"}});  // Half a second from now.
  EXPECT_EQ(got(), "one load");
  clock.advance(499ms);
  EXPECT_EQ(got(), "one hit");
  clock.advance(1ms);
  EXPECT_EQ(got(), "- missing");
}

// A clock whose wall time is set, as by a time server, while steady time goes on.
class JumpingClock final : public Clock {
 public:
  Instant now() const override { return steady.now(); }
  WallTime wall_time() const override { return steady.wall_time() + jump; }
  ManualClock steady;
  std::chrono::hours jump{0};
};

TEST_F(TierTest, a_jump_of_the_wall_clock_changes_no_freshness) {
  JumpingClock jumping;
  Tier its_tier(blobs, jumping, metrics, {});
  put(kKey, "one");
  for (const int hours : {0, 24 * 365 * 10, -24 * 365 * 10}) {
    jumping.jump = std::chrono::hours(hours);
    const int before = blobs.gets;
    ASSERT_TRUE(its_tier.get(kCtx, EntryKind::bundle, kKey, Part::all).ok());
    EXPECT_EQ(blobs.gets, before + (hours == 0 ? 1 : 0)) << hours;
  }
  const int before = blobs.gets;
  jumping.steady.advance(rule.fresh_for);
  ASSERT_TRUE(its_tier.get(kCtx, EntryKind::bundle, kKey, Part::all).ok());
  EXPECT_EQ(blobs.gets, before + 1);
}

TEST_F(TierTest, keeps_within_its_bytes_and_gives_up_what_is_not_read) {
  Tier small(blobs, clock, metrics, {.bytes_max = 64 * kKiB});
  const auto key_of = [](int number) { return "repos_bundle_context_t" + std::to_string(number); };
  for (int i = 0; i < 100; ++i) {
    put(key_of(i), std::string(1'000, 'x'));
    ASSERT_TRUE(small.get(kCtx, EntryKind::bundle, key_of(i), Part::all).ok());
    ASSERT_TRUE(small.get(kCtx, EntryKind::bundle, key_of(0), Part::all).ok());
    EXPECT_LE(small.bytes(), 64 * kKiB);
  }
  EXPECT_GT(small.count(), 5u);
  EXPECT_LT(small.count(), 30u);
  EXPECT_NE(metrics.to_prometheus().find("cloudfolio_cache_tier_evictions_total"),
            std::string::npos);
  // Too large to be kept; its properties are.
  put(key_of(0), std::string(100'000, 'y'));
  small.forget(key_of(0));
  for (int i = 0; i < 2; ++i) {
    const int before = blobs.gets;
    const auto found = small.get(kCtx, EntryKind::bundle, key_of(0), Part::all);
    EXPECT_EQ(found->entry->body->blob.bytes.size(), 100'000u);
    EXPECT_EQ(blobs.gets, before + 1);
  }
  const int heads = blobs.heads;
  EXPECT_TRUE(small.get(kCtx, EntryKind::bundle, key_of(0), Part::properties)->entry);
  EXPECT_EQ(blobs.heads, heads);
}

TEST_F(TierTest, a_hundred_readers_that_miss_at_once_read_once) {
  put(kKey, "one");
  std::latch all_here(100);
  blobs.before_get = [&] { all_here.wait(); };  // The first waits for all the others to begin.
  std::atomic<int> right = 0;
  std::vector<std::jthread> readers;
  for (int i = 0; i < 100; ++i)
    readers.emplace_back([&] {
      all_here.count_down();
      const auto found = get();
      if (found.ok() && found->entry->body->blob.bytes == "one") ++right;
    });
  readers.clear();
  EXPECT_EQ(right, 100);
  EXPECT_EQ(blobs.gets, 1);
}

TEST_F(TierTest, others_are_answered_stale_while_one_asks) {
  put(kKey, "one");
  EXPECT_EQ(got(), "one load");
  put(kKey, "two");
  clock.advance(rule.fresh_for);
  std::latch asking(1), go_on(1);
  blobs.before_get = [&] {
    asking.count_down();
    go_on.wait();
  };
  std::jthread one([&] { EXPECT_EQ(got(), "two load"); });
  asking.wait();
  EXPECT_EQ(got(), "one stale");
  go_on.count_down();
  one.join();
  EXPECT_EQ(got(), "two hit");
}

TEST_F(TierTest, a_waiting_reader_keeps_its_own_deadline_and_stop) {
  put(kKey, "one");
  std::latch asking(1), go_on(1);
  blobs.before_get = [&] {
    asking.count_down();
    go_on.wait();
  };
  std::jthread one([&] { EXPECT_EQ(got(), "one load"); });
  asking.wait();
  const Context late = kCtx.with_deadline(std::chrono::steady_clock::now());
  EXPECT_EQ(get(Part::all, late).error().code(), Code::deadline_exceeded);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(get(Part::all, kCtx.with_stop(stop.get_token())).error().code(), Code::cancelled);
  go_on.count_down();
}

TEST_F(TierTest, a_stopped_readers_error_is_not_the_others) {
  put(kKey, "one");
  std::latch asking(1), go_on(1);
  std::atomic<bool> first = true;
  std::stop_source stop;
  blobs.before_get = [&] {
    if (!first.exchange(false)) return;
    asking.count_down();
    go_on.wait();
  };
  std::jthread stopped([&] {
    EXPECT_EQ(get(Part::all, kCtx.with_stop(stop.get_token())).error().code(), Code::cancelled);
  });
  asking.wait();
  std::jthread other([&] { EXPECT_EQ(got(), "one load"); });
  stop.request_stop();
  go_on.count_down();
}

// Readers and writers of a few keys in a tier that has room for a part of them: what a reader sees
// never goes back, and what a writer's process reads after the write is what it wrote or newer.
TEST_F(TierTest, what_a_thread_sees_never_goes_back) {
  SystemClock real_clock;
  Tier shared(blobs, real_clock, metrics, {.bytes_max = 20 * kKiB});
  constexpr int kKeyCount = 8;
  const auto key_of = [](std::size_t n) { return "repos_bundle_context_k" + std::to_string(n); };
  for (std::size_t n = 0; n < kKeyCount; ++n) put(key_of(n), "0");
  std::atomic<bool> stop = false;
  const auto value = [&](std::size_t n) -> int {
    const auto found = shared.get(kCtx, EntryKind::bundle, key_of(n), Part::all);
    return found.ok() && found->entry ? std::stoi(found->entry->body->blob.bytes) : -1;
  };
  std::vector<std::jthread> readers;
  for (std::uint64_t t = 0; t < 4; ++t)
    readers.emplace_back([&, t] {
      Random random(t);
      std::array<int, kKeyCount> last{};
      while (!stop) {
        const std::size_t n = random.below(kKeyCount);
        const int now = value(n);
        EXPECT_GE(now, last[n]);
        last[n] = now;
      }
    });
  {
    std::vector<std::jthread> writers;
    for (std::size_t w = 0; w < 2; ++w)
      writers.emplace_back([&, w] {
        for (int i = 1; i <= 300; ++i)
          for (std::size_t n = w; n < kKeyCount; n += 2) {
            put(key_of(n), std::to_string(i));
            shared.forget(key_of(n));
            EXPECT_EQ(value(n), i);
          }
      });
  }
  stop = true;
}

}  // namespace
}  // namespace cloudfolio::cache

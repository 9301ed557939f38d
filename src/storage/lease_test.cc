#include "storage/lease.h"

#include <gtest/gtest.h>

#include "storage/storage.h"
#include "storage/testing/failing.h"

namespace cloudfolio::storage {
namespace {

using namespace std::chrono_literals;

class LeaseFaults : public testing::TestWithParam<Fault::When> {};

TEST_P(LeaseFaults, whichever_call_fails_no_epoch_is_given_out_twice_and_the_name_is_not_stuck) {
  for (std::uint64_t call = 1;; ++call) {
    SCOPED_TRACE("call " + std::to_string(call));
    ManualClock clock;
    const auto storage = open_memory(clock);
    BlobStore& real = **storage->blobs("some-leases");
    const Context ctx;
    Faults faults({.call = call, .when = GetParam()});
    FailingBlobStore flaky(real, faults);
    LeaseBook book(flaky, clock);
    const auto first = book.acquire(ctx, "n", 15s);
    EXPECT_EQ(first ? first->epoch : 1u, 1u);
    clock.advance(16s);
    const auto second = LeaseBook(real, clock).acquire(ctx, "n", 15s);
    ASSERT_TRUE(second) << second.error().message();
    EXPECT_GT(second->epoch, first ? first->epoch : 0);
    if (!faults.happened()) break;
  }
}

INSTANTIATE_TEST_SUITE_P(faults, LeaseFaults,
                         testing::Values(Fault::When::before, Fault::When::after));

TEST(Lease, a_stalled_holder_cannot_write_past_the_next_one) {
  ManualClock clock;
  const auto storage = open_memory(clock);
  LeaseBook& leases = storage->leases();
  const Context ctx;
  auto stalled = leases.acquire(ctx, "n", 15s);
  ASSERT_TRUE(stalled);
  clock.advance(20s);
  EXPECT_LT(stalled->ends, clock.now());
  const auto next = leases.acquire(ctx, "n", 15s);
  ASSERT_TRUE(next);
  // What a store does with the epochs it is shown.
  const auto highest_seen = next->epoch;
  EXPECT_LT(stalled->epoch, highest_seen);
}

TEST(Lease, an_unreadable_epoch_is_corrupt_and_the_way_out_is_said) {
  ManualClock clock;
  const auto storage = open_memory(clock);
  const Context ctx;
  PutOptions broken;
  broken.metadata = {{"epoch", "seven"}};
  ASSERT_TRUE((*storage->blobs(kLeaseContainer))->put(ctx, BlobKey("n"), "", broken));
  const auto refused = storage->leases().acquire(ctx, "n", 15s);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::corrupt);
}

}  // namespace
}  // namespace cloudfolio::storage

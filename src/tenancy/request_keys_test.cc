// A request has one effect and one answer, whoever makes it again, and whatever breaks under it.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "storage/rules.h"
#include "storage/storage.h"
#include "storage/testing/failing.h"
#include "tenancy/request_keys.h"

namespace cloudfolio::tenancy {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const Context kCtx;
const TenantId kAda("ada");
const TenantId kBob("bob");
const InstanceId kJob("refresh:ada");
constexpr seconds kLongest{30};

class RequestKeysTest : public ::testing::Test {
 protected:
  OpenedRequest open(std::string_view request = "R", const TenantId& tenant = kAda,
                     std::string_view key = "k1") {
    auto opened = keys.open(kCtx, tenant, key, request, kLongest, running());
    EXPECT_TRUE(opened.ok()) << opened.error().message();
    return opened ? *std::move(opened) : OpenedRequest(OtherRequest{});
  }
  RequestClaim claim(std::string_view request = "R") {
    auto opened = open(request);
    EXPECT_TRUE(std::holds_alternative<RequestClaim>(opened)) << opened.index();
    return std::get<RequestClaim>(opened);
  }
  static std::string answer_in(const OpenedRequest& opened) {
    const auto* kept = std::get_if<KeptAnswer>(&opened);
    return kept ? kept->answer : "(none)";
  }
  RequestKeys::IsRunning running() {
    return [this](const Context&, const InstanceId& job) -> Result<bool> {
      EXPECT_EQ(job, kJob);
      return job_runs;
    };
  }
  std::size_t rows() { return table.query(kCtx, {})->entities.size(); }

  ManualClock clock;
  std::unique_ptr<storage::Storage> store = storage::open_memory(clock);
  storage::Table& table = **store->table(kRequestKeysTable);
  RequestKeys keys{{hours(72)}, table, clock};
  bool job_runs = false;
};

TEST_F(RequestKeysTest, the_first_answer_is_the_answer) {
  ASSERT_TRUE(keys.settle(kCtx, claim(), "first", kJob));
  EXPECT_EQ(answer_in(open()), "first");
  EXPECT_EQ(answer_in(open()), "first");
}

TEST_F(RequestKeysTest, a_key_stands_for_one_request_only) {
  const RequestClaim mine = claim();
  EXPECT_TRUE(std::holds_alternative<OtherRequest>(open("another body")));
  ASSERT_TRUE(keys.settle(kCtx, mine, "first", kJob));
  EXPECT_TRUE(std::holds_alternative<OtherRequest>(open("another body")));
}

TEST_F(RequestKeysTest, two_tenants_may_use_one_key) {
  ASSERT_TRUE(keys.settle(kCtx, claim(), "ada's", kJob));
  EXPECT_TRUE(std::holds_alternative<RequestClaim>(open("R", kBob)));
}

TEST_F(RequestKeysTest, while_the_first_works_nobody_else_does) {
  claim();
  const auto second = open();
  ASSERT_TRUE(std::holds_alternative<StillWorking>(second));
  EXPECT_EQ(std::get<StillWorking>(second).again_in, kLongest);
}

TEST_F(RequestKeysTest, after_a_crash_the_next_takes_over_and_knows_since_when) {
  const RequestClaim lost = claim();
  clock.advance(kLongest);
  const RequestClaim next = claim();
  EXPECT_EQ(next.attempt, RequestClaim::Attempt::after_another);
  EXPECT_EQ(next.made_at, lost.made_at);
  EXPECT_EQ(next.mark, lost.mark);
  // The first comes back late: it neither answers for the other nor takes its claim away.
  EXPECT_EQ(keys.settle(kCtx, lost, "late", kJob).error().code(), Code::conflict);
  EXPECT_TRUE(keys.release(kCtx, lost));
  EXPECT_TRUE(keys.leave_open(kCtx, lost));
  EXPECT_TRUE(std::holds_alternative<StillWorking>(open()));
  ASSERT_TRUE(keys.settle(kCtx, next, "second", kJob));
  EXPECT_EQ(answer_in(open()), "second");
}

TEST_F(RequestKeysTest, what_was_refused_is_a_new_request_and_what_is_unknown_is_not) {
  ASSERT_TRUE(keys.release(kCtx, claim()));
  EXPECT_EQ(rows(), 0u);
  const RequestClaim unknown = claim("another body");
  EXPECT_EQ(unknown.attempt, RequestClaim::Attempt::first);
  ASSERT_TRUE(keys.leave_open(kCtx, unknown));
  EXPECT_EQ(claim("another body").attempt, RequestClaim::Attempt::after_another);
}

TEST_F(RequestKeysTest, a_key_outlives_the_job_that_it_started) {
  ASSERT_TRUE(keys.settle(kCtx, claim(), "first", kJob));
  job_runs = true;
  clock.advance(hours(1'000));
  EXPECT_EQ(answer_in(open()), "first");
  EXPECT_EQ(*keys.collect(kCtx, running(), ""), "");
  EXPECT_EQ(rows(), 1u);
  job_runs = false;
  EXPECT_EQ(claim("another body").attempt, RequestClaim::Attempt::first);
}

TEST_F(RequestKeysTest, keys_whose_time_is_over_are_collected_and_others_stay) {
  ASSERT_TRUE(keys.settle(kCtx, claim(), "first", kJob));
  clock.advance(hours(71));
  open("R", kBob, "k2");
  ASSERT_TRUE(keys.collect(kCtx, running(), ""));
  EXPECT_EQ(rows(), 2u);
  clock.advance(hours(1));
  ASSERT_TRUE(keys.collect(kCtx, running(), ""));
  EXPECT_EQ(rows(), 1u);
}

TEST_F(RequestKeysTest, keys_have_a_form_and_a_number) {
  for (const std::string& key : {std::string(), std::string(256, 'k'), std::string("a b"),
                                 std::string("k\n"), std::string("\xC3\xA4")})
    EXPECT_EQ(keys.open(kCtx, kAda, key, "R", kLongest, running()).error().code(),
              Code::invalid_argument)
        << key;
  EXPECT_TRUE(keys.open(kCtx, kAda, std::string(255, 'k'), "R", kLongest, running()));
  for (std::size_t i = 1; i < kRequestKeysMax; ++i) open("R", kAda, "n" + std::to_string(i));
  EXPECT_EQ(keys.open(kCtx, kAda, "one-more", "R", kLongest, running()).error().code(),
            Code::quota_exceeded);
  EXPECT_TRUE(std::holds_alternative<StillWorking>(open("R", kAda, "n1")));
  EXPECT_TRUE(std::holds_alternative<RequestClaim>(open("R", kBob)));
}

TEST_F(RequestKeysTest, of_a_hundred_at_once_one_works) {
  std::atomic<int> worked = 0, waited = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 100; ++i)
    threads.emplace_back([&] {
      const auto opened = keys.open(kCtx, kAda, "k1", "R", kLongest, running());
      ASSERT_TRUE(opened.ok()) << opened.error().message();
      if (std::holds_alternative<RequestClaim>(*opened)) ++worked;
      if (std::holds_alternative<StillWorking>(*opened)) ++waited;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(worked, 1);
  EXPECT_EQ(waited, 99);
}

// Open, work, settle; at each call the store breaks for good, before or after the call's effect.
// Whatever attempt comes next, the work is done once where its effect can be found.
TEST_F(RequestKeysTest, wherever_the_store_breaks_the_effect_happens_once) {
  for (const auto when : {storage::Fault::When::before, storage::Fault::When::after}) {
    for (std::uint64_t call = 1;; ++call) {
      const std::string key =
          "f" + std::to_string(call) + (when == storage::Fault::When::after ? "a" : "b");
      int effects = 0;
      storage::Faults faults({.call = call, .when = when, .then = storage::Fault::Then::fails});
      storage::FailingTable failing(table, faults);
      RequestKeys broken({hours(72)}, failing, clock);
      const auto attempt = [&](RequestKeys& with) {
        const auto opened = with.open(kCtx, kAda, key, "R", kLongest, running());
        if (!opened || !std::holds_alternative<RequestClaim>(*opened)) return;
        const auto& mine = std::get<RequestClaim>(*opened);
        const bool found = mine.attempt == RequestClaim::Attempt::after_another && effects > 0;
        if (!found) ++effects;
        (void)with.settle(kCtx, mine, "done", kJob);
      };
      attempt(broken);
      clock.advance(kLongest);
      attempt(keys);
      attempt(keys);
      EXPECT_EQ(effects, 1) << "call " << call;
      EXPECT_EQ(answer_in(open("R", kAda, key)), "done") << "call " << call;
      if (!faults.happened()) break;
    }
  }
}

}  // namespace
}  // namespace cloudfolio::tenancy

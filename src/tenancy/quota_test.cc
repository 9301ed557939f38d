// Decisions: exact, free when they refuse, quick without the store, and never against their word.

#include <gtest/gtest.h>

#include <thread>

#include "base/random.h"
#include "base/time_text.h"
#include "storage/storage.h"
#include "storage/testing/failing.h"
#include "tenancy/quota_gate.h"

namespace cloudfolio::tenancy {
namespace {

const Context kCtx;
const TenantId kAda("ada");

class QuotaTest : public ::testing::Test {
 protected:
  ManualClock clock;
  std::unique_ptr<storage::Storage> store = storage::open_memory(clock);
  UsageLedger ledger{**store->table(kUsageTable), clock};
  QuotaBook book{**store->table(kQuotasTable), default_limits()};
  bool enforced = true;
  QuotaGate gate = make_gate();

  QuotaGate::Options options() {
    QuotaGate::Options given;
    given.enforced = [this](const TenantId&) { return enforced; };
    return given;
  }
  QuotaGate make_gate() { return QuotaGate(options(), ledger, book, clock); }
  Admission admit(Work work = Work::refresh) {
    const auto admission = gate.admit(kCtx, kAda, work);
    EXPECT_TRUE(admission.ok()) << admission.error().message();
    return admission ? *admission : Admission();
  }
  void use(Meter meter, std::int64_t amount) {
    ASSERT_TRUE(ledger.count(kCtx, kAda, meter, "op-" + std::to_string(++operations), amount));
  }
  int operations = 0;
};

TEST_F(QuotaTest, the_defaults_are_the_originals) {
  const auto limits = book.limits(kCtx, kAda);
  EXPECT_EQ(limits->of(Meter::storage_bytes), 100'000'000);
  EXPECT_EQ(limits->of(Meter::orchestrations), 50);
  EXPECT_EQ(limits->of(Meter::trainings), 2);
  EXPECT_EQ(limits->of(Meter::github_calls), 0);
}

TEST_F(QuotaTest, it_warns_at_eighty_percent_and_refuses_at_the_limit_with_what_how_much_and_when) {
  use(Meter::orchestrations, 39);
  EXPECT_TRUE(admit().warnings.empty());
  use(Meter::orchestrations, 1);
  ASSERT_EQ(admit().warnings.size(), 1u);
  EXPECT_TRUE(admit().admitted());
  use(Meter::orchestrations, 10);
  const Admission refused = admit();
  ASSERT_FALSE(refused.admitted());
  const Status said = gate.check(kCtx, kAda, Work::refresh);
  ASSERT_FALSE(said);
  EXPECT_EQ(said.error().code(), Code::quota_exceeded);
  EXPECT_EQ(said.error().message(),
            "orchestrations: 50 of 50 in 24 hours are used; one more fits from "
            "2026-01-02T01:00:00Z on");
}

TEST_F(QuotaTest, it_only_warns_while_enforcement_is_off) {
  enforced = false;
  use(Meter::trainings, 5);
  const Admission admission = admit(Work::training);
  EXPECT_TRUE(admission.admitted());
  ASSERT_EQ(admission.warnings.size(), 1u);
  EXPECT_EQ(admission.warnings[0].level, Reading::Level::full);
  enforced = true;
  EXPECT_FALSE(admit(Work::training).admitted());
}

TEST_F(QuotaTest, storage_refuses_by_content_and_says_that_waiting_does_not_help) {
  ASSERT_TRUE(ledger.entry_written(kCtx, kAda, "model", StorageClass::model, 500'000'000));
  EXPECT_TRUE(admit().admitted());
  ASSERT_TRUE(ledger.entry_written(kCtx, kAda, "bundle", StorageClass::content, 100'000'000));
  const Admission refused = admit();
  ASSERT_TRUE(refused.refusal);
  EXPECT_EQ(refused.refusal->meter, Meter::storage_bytes);
  EXPECT_FALSE(refused.refusal->fits_at);
}

// Q1: work starts whenever it is admitted, in bursts and at random moments; no span of a day, begin
// it when it may, holds more than the limit.
TEST_F(QuotaTest, no_span_of_the_windows_length_admits_more_than_the_limit) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const TenantId tenant("seed-" + std::to_string(seed));
    std::vector<Clock::WallTime> starts;
    const Clock::WallTime end = clock.wall_time() + std::chrono::hours(24 * 5);
    while (clock.wall_time() < end) {
      for (std::uint64_t burst = random.below(60); burst > 0; --burst) {
        if (!gate.admit(kCtx, tenant, Work::refresh)->admitted()) break;
        ASSERT_TRUE(
            ledger.count(kCtx, tenant, Meter::orchestrations, std::to_string(starts.size())));
        starts.push_back(clock.wall_time());
      }
      clock.advance(std::chrono::minutes(1 + random.below(300)));
    }
    EXPECT_GT(starts.size(), 150u);
    for (std::size_t first = 0; first + 50 < starts.size(); ++first)
      EXPECT_GE(starts[first + 50] - starts[first], std::chrono::hours(24));
  }
}

// Q2: a decision is a few reads of rows of one tenant, and no write; nothing is lent out, so
// nothing is overshot, by however many processes, and what a tenant is told remains is so.
TEST_F(QuotaTest, four_gateways_overshoot_by_nothing) {
  std::vector<std::unique_ptr<QuotaGate>> gates;
  for (int i = 0; i < 4; ++i)
    gates.push_back(std::make_unique<QuotaGate>(options(), ledger, book, clock));
  int started = 0;
  for (int attempt = 0; attempt < 400; ++attempt) {
    if (!gates[static_cast<std::size_t>(attempt % 4)]->admit(kCtx, kAda, Work::refresh)->admitted())
      continue;
    use(Meter::orchestrations, 1);
    ++started;
  }
  EXPECT_EQ(started, 50);
}

// A table across a network: each read takes its time, and none is written to.
class FarTable final : public storage::Table {
 public:
  FarTable(storage::Table& real, ManualClock& clock, std::chrono::milliseconds takes)
      : real_(real), clock_(clock), takes_(takes) {}
  Result<storage::Entity> get(const Context& ctx, const storage::EntityKey& key) override {
    CF_CHECK(travel(ctx));
    return real_.get(ctx, key);
  }
  Result<storage::TablePage> query(const Context& ctx, const storage::TableQuery& query) override {
    CF_CHECK(travel(ctx));
    return real_.query(ctx, query);
  }
  Result<storage::ETag> insert(const Context&, const storage::Entity&) override {
    return written();
  }
  Result<storage::ETag> upsert(const Context&, const storage::Entity&, storage::Write) override {
    return written();
  }
  Result<storage::ETag> update(const Context&, const storage::Entity&, storage::Write,
                               const storage::UpdateIf&) override {
    return written();
  }
  Status remove(const Context&, const storage::EntityKey&, const storage::UpdateIf&) override {
    return written();
  }
  Result<storage::BatchOutcome> batch(const Context&,
                                      const std::vector<storage::TableAction>&) override {
    return written();
  }
  int reads_count = 0;

 private:
  Status travel(const Context& ctx) {
    ++reads_count;
    const auto back = clock_.now() + takes_;
    clock_.advance(std::min(back, ctx.deadline()) - clock_.now());
    if (back > ctx.deadline()) return Error(Code::deadline_exceeded, "the store took too long");
    return Done{};
  }
  static Error written() {
    ADD_FAILURE() << "a decision wrote";
    return Error(Code::internal, "a decision wrote");
  }

  storage::Table& real_;
  ManualClock& clock_;
  const std::chrono::milliseconds takes_;
};

TEST_F(QuotaTest, a_decision_is_a_few_reads_and_no_write_and_waits_for_a_store_that_is_far) {
  use(Meter::orchestrations, 50);
  for (const auto patience : {std::chrono::milliseconds(5), std::chrono::milliseconds(500)}) {
    FarTable usage(**store->table(kUsageTable), clock, std::chrono::milliseconds(20));
    FarTable quotas(**store->table(kQuotasTable), clock, std::chrono::milliseconds(20));
    const UsageLedger far_ledger(usage, clock);
    const QuotaBook far_book(quotas, default_limits());
    QuotaGate::Options given = options();
    given.patience = patience;
    QuotaGate far(given, far_ledger, far_book, clock);
    const auto admission = far.admit(kCtx, kAda, Work::refresh);
    ASSERT_TRUE(admission.ok());
    const bool by_store = patience > std::chrono::milliseconds(100);
    EXPECT_EQ(admission->source,
              by_store ? Admission::Source::store : Admission::Source::this_process);
    EXPECT_EQ(admission->admitted(), !by_store) << "50 of 50 are used, as the store knows";
    EXPECT_LE(usage.reads_count + quotas.reads_count, 4);
  }
}

TEST_F(QuotaTest, a_store_that_hangs_holds_up_one_decision_in_each_pause) {
  FarTable usage(**store->table(kUsageTable), clock, std::chrono::hours(1));
  const UsageLedger hung_ledger(usage, clock);
  QuotaGate::Options given = options();
  given.patience = std::chrono::milliseconds(500);
  QuotaGate hung(given, hung_ledger, book, clock);
  int waited = 0;
  for (int i = 0; i < 1'000; ++i) {
    const auto before = clock.now();
    ASSERT_TRUE(hung.admit(kCtx, kAda, Work::refresh).ok());
    waited += clock.now() > before;
    EXPECT_LE(clock.now() - before, given.patience);
    clock.advance(std::chrono::milliseconds(10));  // Ten seconds, a hundred decisions in each.
  }
  EXPECT_LE(waited, 11);
}

// Q3
TEST_F(QuotaTest, without_the_store_refreshes_go_on_up_to_a_share_and_trainings_are_refused) {
  storage::Faults faults({.call = 1, .then = storage::Fault::Then::fails});
  storage::FailingTable usage(**store->table(kUsageTable), faults);
  storage::FailingTable quotas(**store->table(kQuotasTable), faults);
  const UsageLedger blind_ledger(usage, clock);
  const QuotaBook blind_book(quotas, default_limits());
  QuotaGate::Options given = options();
  given.gateways_count = 4;
  QuotaGate blind(given, blind_ledger, blind_book, clock);
  int admitted = 0;
  std::uint64_t calls_before = 0;
  for (int i = 0; i < 200; ++i) {
    const auto admission = blind.admit(kCtx, kAda, Work::refresh);
    ASSERT_TRUE(admission.ok());
    EXPECT_EQ(admission->source, Admission::Source::this_process);
    if (admission->admitted()) ++admitted;
    if (i == 0) calls_before = faults.calls_count();
  }
  // One question found the store away; the rest did not ask.
  EXPECT_EQ(faults.calls_count(), calls_before);
  EXPECT_EQ(admitted, 50 / 4);
  const auto training = blind.admit(kCtx, kAda, Work::training);
  ASSERT_FALSE(training.ok());
  EXPECT_EQ(training.error().code(), Code::unavailable);
  // Another tenant is not refused because of this one.
  EXPECT_TRUE(blind.admit(kCtx, TenantId("bob"), Work::refresh)->admitted());
}

TEST_F(QuotaTest, a_decision_without_the_store_takes_less_than_five_milliseconds) {
  const SystemClock real;
  storage::Faults faults({.call = 1, .then = storage::Fault::Then::fails});
  storage::FailingTable usage(**store->table(kUsageTable), faults);
  const UsageLedger blind_ledger(usage, real);
  QuotaGate blind(options(), blind_ledger, book, real);
  std::vector<Clock::Instant::duration> times;
  for (int i = 0; i < 1'001; ++i) {
    const auto before = real.now();
    ASSERT_TRUE(blind.admit(kCtx, kAda, Work::refresh));
    times.push_back(real.now() - before);
  }
  std::sort(times.begin(), times.end());
  EXPECT_LT(times[990], std::chrono::milliseconds(5));
}

TEST_F(QuotaTest, the_store_is_asked_again_after_a_pause) {
  storage::Faults faults({.call = 1});
  storage::FailingTable usage(**store->table(kUsageTable), faults);
  const UsageLedger shaken_ledger(usage, clock);
  QuotaGate shaken(options(), shaken_ledger, book, clock);
  EXPECT_EQ(shaken.admit(kCtx, kAda, Work::refresh)->source, Admission::Source::this_process);
  EXPECT_EQ(shaken.admit(kCtx, kAda, Work::refresh)->source, Admission::Source::this_process);
  clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(shaken.admit(kCtx, kAda, Work::refresh)->source, Admission::Source::store);
}

// Q4
TEST_F(QuotaTest, asking_and_being_refused_costs_nothing_and_one_full_limit_spares_the_others) {
  ASSERT_TRUE(book.grant(kCtx, kAda, Meter::github_calls, 10));
  use(Meter::github_calls, 10);
  for (int i = 0; i < 20; ++i) {
    const Admission admission = admit();
    ASSERT_TRUE(admission.refusal);
    EXPECT_EQ(admission.refusal->meter, Meter::github_calls);
  }
  EXPECT_EQ(ledger.used(kCtx, kAda, Meter::orchestrations)->total, 0);
  EXPECT_EQ(ledger.used(kCtx, kAda, Meter::github_calls)->total, 10);
}

// Q5
TEST_F(QuotaTest, a_changed_limit_holds_at_once_and_keeps_what_was_used) {
  use(Meter::orchestrations, 50);
  EXPECT_FALSE(admit().admitted());
  ASSERT_TRUE(book.grant(kCtx, kAda, Meter::orchestrations, 60));
  const Admission more = admit();
  EXPECT_TRUE(more.admitted());
  EXPECT_EQ(more.readings[0].used, 50);
  EXPECT_EQ(more.readings[0].limit, 60);
  EXPECT_EQ(more.readings[0].limit_version, 1);
  ASSERT_TRUE(book.grant(kCtx, kAda, Meter::orchestrations, 20));
  EXPECT_FALSE(admit().admitted());
  EXPECT_EQ(admit().readings[0].limit_version, 2);
  ASSERT_TRUE(book.grant(kCtx, kAda, Meter::orchestrations, 0));
  EXPECT_TRUE(admit().admitted());
  ASSERT_TRUE(book.grant(kCtx, kAda, Meter::orchestrations, std::nullopt));
  EXPECT_FALSE(admit().admitted());
  EXPECT_EQ(admit().readings[0].limit, 50);
}

// Q7
TEST_F(QuotaTest, a_client_that_waits_as_told_is_never_refused) {
  for (const std::int64_t limit : {1, 2, 50}) {
    const TenantId tenant("limit-" + std::to_string(limit));
    ASSERT_TRUE(book.grant(kCtx, tenant, Meter::orchestrations, limit));
    std::vector<std::unique_ptr<QuotaGate>> gates;
    for (int i = 0; i < 4; ++i)
      gates.push_back(std::make_unique<QuotaGate>(options(), ledger, book, clock));
    Random random(7);
    for (int call = 0; call < 3'400; ++call) {
      const auto admission = gates[random.below(4)]->admit(kCtx, tenant, Work::refresh);
      ASSERT_TRUE(admission->admitted()) << call;
      const Reading& reading = admission->readings[0];
      ASSERT_GT(reading.remaining(), 0);
      ASSERT_TRUE(ledger.count(kCtx, tenant, Meter::orchestrations, std::to_string(call)));
      EXPECT_EQ(ledger.used(kCtx, tenant, Meter::orchestrations)->used, reading.used + 1);
      if (reading.next_at)
        clock.advance(*reading.next_at - clock.wall_time());
      else if (random.below(10) == 0)
        clock.advance(std::chrono::minutes(random.below(90)));
    }
  }
}

TEST_F(QuotaTest, a_refusal_says_the_first_moment_at_which_it_fits) {
  for (int i = 0; i < 50; ++i) {
    use(Meter::orchestrations, 1);
    clock.advance(std::chrono::minutes(7));
  }
  const Clock::WallTime told = *admit().refusal->fits_at;
  clock.advance(told - clock.wall_time() - std::chrono::microseconds(1));
  EXPECT_FALSE(admit().admitted());
  clock.advance(std::chrono::microseconds(1));
  EXPECT_TRUE(admit().admitted());
}

}  // namespace
}  // namespace cloudfolio::tenancy

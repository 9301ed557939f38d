// What the guard around the container counts, and what it lets nobody bring back.

#include "cache/guarded_blobs.h"

#include <gtest/gtest.h>

#include <functional>

#include "cache/cache.h"
#include "cache/keys.h"
#include "cache/tenant_places.h"
#include "storage/storage.h"
#include "telemetry/metrics.h"
#include "tenancy/usage_guard.h"

namespace cloudfolio::cache {
namespace {

const Context kCtx;
const TenantId kAda("ada");

class GuardedBlobsTest : public ::testing::Test {
 protected:
  ManualClock clock;
  std::unique_ptr<storage::Storage> store = storage::open_memory(clock);
  storage::BlobStore& real = **store->blobs(kContainer);
  tenancy::UsageLedger ledger{**store->table(tenancy::kUsageTable), clock};
  tenancy::TenantDirectory directory{**store->table(tenancy::kTenantsTable)};
  tenancy::UsageGuard guard{ledger, directory};
  GuardedBlobs blobs{real, guard};

  storage::PutOptions as(const std::string& kind, const TenantId& tenant = kAda) {
    storage::PutOptions options;
    options.metadata = {{"username", tenant.str()}, {"kind", kind}};
    return options;
  }
  void mark(tenancy::TenantState state) {
    tenancy::TenantRecord record = *directory.find(kCtx, kAda);
    record.state = state;
    ++record.epoch;
    ASSERT_TRUE(directory.write(kCtx, kAda, record));
  }
  std::int64_t bytes(tenancy::StorageClass storage_class) {
    return ledger.stored(kCtx, kAda)->at(storage_class);
  }
};

TEST_F(GuardedBlobsTest, entries_count_as_written_and_as_removed) {
  const storage::BlobKey key(bundle_key(kAda));
  ASSERT_TRUE(blobs.put(kCtx, key, std::string(100, 'x'), as("bundle")));
  ASSERT_TRUE(blobs.put(kCtx, key, std::string(40, 'x'), as("bundle")));
  ASSERT_TRUE(blobs.put(kCtx, storage::BlobKey("model_x.zip"), "zip", as("model")));
  EXPECT_EQ(bytes(tenancy::StorageClass::content), 40);
  EXPECT_EQ(bytes(tenancy::StorageClass::model), 3);
  ASSERT_TRUE(blobs.remove(kCtx, key, {}));
  EXPECT_EQ(bytes(tenancy::StorageClass::content), 0);
}

TEST_F(GuardedBlobsTest, a_write_that_its_condition_refuses_counts_nothing) {
  const storage::BlobKey key(bundle_key(kAda));
  ASSERT_TRUE(blobs.put(kCtx, key, "four", as("bundle")));
  storage::PutOptions options = as("bundle");
  options.condition = storage::Nothing{};
  EXPECT_EQ(blobs.put(kCtx, key, "much more", options).error().code(), Code::conflict);
  EXPECT_EQ(bytes(tenancy::StorageClass::content), 4);
}

TEST_F(GuardedBlobsTest, nothing_is_written_for_a_tenant_that_is_being_deleted) {
  mark(tenancy::TenantState::deleting);
  const storage::BlobKey key(bundle_key(kAda));
  EXPECT_EQ(blobs.put(kCtx, key, "back", as("bundle")).error().code(), Code::cancelled);
  EXPECT_EQ(real.head(kCtx, key).error().code(), Code::not_found);
  EXPECT_TRUE(blobs.put(kCtx, storage::BlobKey("b"), "b", as("bundle", TenantId("bob"))));
}

// Deletes the tenant between the question and the write.
class OvertakenGuard final : public tenancy::EntryGuard {
 public:
  OvertakenGuard(tenancy::EntryGuard& real, std::function<void()> then)
      : real_(real), then_(std::move(then)) {}
  Result<tenancy::Epoch> admit(const Context& ctx, const TenantId& tenant) override {
    auto epoch = real_.admit(ctx, tenant);
    then_();
    return epoch;
  }
  Status settle(const Context& ctx, const tenancy::EntryWrite& write,
                tenancy::Epoch epoch) override {
    return real_.settle(ctx, write, epoch);
  }
  Status removed(const Context& ctx, const TenantId& tenant, std::string_view key) override {
    return real_.removed(ctx, tenant, key);
  }

 private:
  tenancy::EntryGuard& real_;
  const std::function<void()> then_;
};

TEST_F(GuardedBlobsTest, a_writer_that_was_overtaken_by_a_deletion_takes_its_entry_back) {
  OvertakenGuard late(guard, [&] { mark(tenancy::TenantState::deleted); });
  GuardedBlobs overtaken(real, late);
  const storage::BlobKey key(bundle_key(kAda));
  EXPECT_EQ(overtaken.put(kCtx, key, "back", as("bundle")).error().code(), Code::cancelled);
  EXPECT_EQ(real.head(kCtx, key).error().code(), Code::not_found);
  EXPECT_EQ(bytes(tenancy::StorageClass::content), 0);
}

TEST_F(GuardedBlobsTest, all_that_a_tenants_cache_writes_reconciles_exactly) {
  telemetry::MetricRegistry metrics;
  const Cache cache(blobs, clock, metrics);
  for (const char* login : {"ada", "adam", "a_da"}) {
    const TenantId tenant{login};
    const TenantCache entries = cache.open(tenant);
    for (int refresh = 0; refresh < 3; ++refresh) {
      const auto generation = entries.reserve_generation(kCtx);
      ASSERT_TRUE(generation.ok());
      ASSERT_TRUE(entries.stage_note(kCtx, *generation, "plan", "{}"));
      ASSERT_TRUE(entries.write_sync_state(kCtx, "{}"));
      ASSERT_TRUE(entries.write_index(kCtx, *generation, std::string(500, 'i')));
      clock.advance(std::chrono::hours(49));
      ASSERT_TRUE(entries.collect_generations(kCtx, std::chrono::hours(48), 1'000));
    }
    const auto counted = counted_entries(kCtx, real, tenant);
    EXPECT_GE(counted->size(), 2u);
    EXPECT_TRUE(ledger.verify(kCtx, tenant, *counted)->empty()) << login;
  }
}

}  // namespace
}  // namespace cloudfolio::cache

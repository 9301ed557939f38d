// No sequence of calls by one tenant reads, lists, counts or changes another's.

#include <gtest/gtest.h>

#include <map>

#include "base/random.h"
#include "cache/cache.h"
#include "cache/guarded_blobs.h"
#include "cache/keys.h"
#include "cache/tenant_places.h"
#include "storage/storage.h"
#include "telemetry/metrics.h"
#include "tenancy/usage_guard.h"

namespace cloudfolio::cache {
namespace {

const Context kCtx;

class IsolationTest : public ::testing::Test {
 protected:
  ManualClock clock;
  std::unique_ptr<storage::Storage> store = storage::open_memory(clock);
  storage::BlobStore& real = **store->blobs(kContainer);
  tenancy::UsageLedger ledger{**store->table(tenancy::kUsageTable), clock};
  tenancy::TenantDirectory directory{**store->table(tenancy::kTenantsTable)};
  tenancy::UsageGuard guard{ledger, directory};
  GuardedBlobs blobs{real, guard};
  telemetry::MetricRegistry metrics;
  Cache cache{blobs, clock, metrics};

  // Prefixes of one another, with what keys join their parts by.
  const std::vector<std::string> names{"a",     "a-b",   "a_b",  "a_b_c",  "ab",
                                       "a-b_c", "1",     "gen",  "latest", "private",
                                       "model", "index", "a--b", "ab-"};
  // Keys and fingerprints that anybody has seen, to be tried by everybody.
  std::vector<std::string> seen{"gen/a/1/index/x", "../a", "gen/a/../ab/1/index/y", "%", ""};

  // Everything of a tenant, byte by byte, and what the ledger says of it.
  std::string state_of(const TenantId& tenant) {
    std::string state;
    EXPECT_TRUE(for_each_entry(kCtx, real, tenant, [&](const storage::BlobEntry& entry) -> Status {
      state += entry.key.str() + "=" + entry.properties.etag.str() + ";";
      return Done{};
    }));
    const auto stored = ledger.stored(kCtx, tenant);
    for (const auto& [storage_class, bytes] : *stored) state += std::to_string(bytes) + ";";
    return state;
  }

  // One random call; whatever it returns holds the caller's own name only.
  void call(Random& random, const TenantId& tenant) {
    const TenantCache mine = cache.open(tenant);
    const std::string mark = "<" + tenant.str() + ">";
    const std::string text = "{\"of\":\"" + mark + "\"}";
    const std::string guess = seen[random.below(seen.size())];
    const std::uint64_t generation = random.below(4);
    const auto own = [&](const std::string& found) {
      EXPECT_NE(found.find(mark), std::string::npos) << tenant << " read " << found;
    };
    switch (random.below(12)) {
      case 0: {
        Bundle bundle;
        bundle.repositories.emplace_back();
        bundle.repositories[0].name = "r";
        bundle.repositories[0].readme = mark;
        const auto next = mine.reserve_generation(kCtx);
        const auto info = mine.publication_info(kCtx);
        const std::uint64_t base = info ? info->generation : 0;
        if (next) (void)mine.publish(kCtx, {.generation = *next, .base_generation = base}, bundle);
        break;
      }
      case 1:
        if (const auto publication = mine.read_publication(kCtx))
          own(publication->bundle->repositories[0].readme);
        break;
      case 2:
        if (const auto key = mine.write_index(kCtx, generation, mark)) seen.push_back(*key);
        break;
      case 3:
        if (const auto index = mine.read_index(kCtx, guess)) own(*index);
        break;
      case 4:
        EXPECT_TRUE(mine.write_sync_state(kCtx, text));
        break;
      case 5:
        if (const auto state = mine.find_sync_state(kCtx); state && *state) own(**state);
        break;
      case 6: {
        const std::string fingerprint =
            std::string(31, 'a') + static_cast<char>('0' + tenant.str().size() % 10);
        // A fingerprint names its tenant's content, so nobody else makes the same one.
        if (tenant.str() == names[tenant.str().size() % names.size()])
          (void)mine.write_model(kCtx, fingerprint, mark);
        seen.push_back(fingerprint);
        break;
      }
      case 7:
        if (const auto model = mine.read_model(kCtx, guess)) own(*model);
        break;
      case 8:
        EXPECT_TRUE(mine.stage_note(kCtx, generation, "plan", text));
        break;
      case 9:
        if (const auto note = mine.read_note(kCtx, generation, "plan")) own(*note);
        break;
      case 10:
        (void)mine.collect_generations(kCtx, std::chrono::seconds(0), 5'000);
        break;
      default:
        if (const auto info = mine.publication_info(kCtx))
          (void)mine.swap_index(kCtx, info->etag,
                                {.key = guess, .model = "base", .coverage = "1/1"});
        break;
    }
  }
};

TEST_F(IsolationTest, no_sequence_of_calls_touches_another_tenants_entries) {
  const std::uint64_t seed = Random::from_system().next();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  SCOPED_TRACE(seed);
  Random random(seed);
  for (int turn = 0; turn < 1'500; ++turn) {
    clock.advance(std::chrono::seconds(1));
    const std::string& name = names[random.below(names.size())];
    std::map<std::string, std::string> before;
    for (const std::string& other : names)
      if (other != name) before[other] = state_of(TenantId(other));
    for (int calls = 0; calls < 4; ++calls) call(random, TenantId(name));
    for (const auto& [other, state] : before)
      ASSERT_EQ(state_of(TenantId(other)), state) << name << " changed " << other;
  }
  for (const std::string& name : names) {
    const TenantId tenant(name);
    EXPECT_TRUE(ledger.verify(kCtx, tenant, *counted_entries(kCtx, real, tenant))->empty()) << name;
  }
}

}  // namespace
}  // namespace cloudfolio::cache

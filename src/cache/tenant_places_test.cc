// A tenant's entries, all of them and nobody else's, and their move to another name.

#include "cache/tenant_places.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"
#include "cache/cache.h"
#include "cache/keys.h"
#include "storage/storage.h"
#include "storage/testing/failing.h"
#include "telemetry/metrics.h"
#include "tenancy/login.h"
#include "tenancy/tenant_directory.h"

namespace cloudfolio::cache {
namespace {

const Context kCtx;

class TenantPlacesTest : public ::testing::Test {
 protected:
  ManualClock clock;
  std::unique_ptr<storage::Storage> store = storage::open_memory(clock);
  storage::BlobStore& blobs = **store->blobs(kContainer);
  telemetry::MetricRegistry metrics;
  Cache cache{blobs, clock, metrics};

  static Bundle bundle_of(const TenantId& tenant) {
    Bundle bundle;
    RepositoryEntry entry;
    entry.name = "only-" + tenant.str();
    entry.metadata.id = 1;
    bundle.repositories.push_back(std::move(entry));
    return bundle;
  }
  // One of everything.
  void fill(const TenantId& tenant) {
    const TenantCache mine = cache.open(tenant);
    const auto generation = mine.reserve_generation(kCtx);
    ASSERT_TRUE(generation.ok());
    const Bundle bundle = bundle_of(tenant);
    ASSERT_TRUE(mine.stage(kCtx, *generation, bundle.repositories[0]));
    ASSERT_TRUE(mine.stage_note(kCtx, *generation, "plan", "{}"));
    const auto info = mine.publish(kCtx, {.generation = *generation}, bundle);
    ASSERT_TRUE(info.ok()) << info.error().message();
    const auto index = mine.write_index(kCtx, *generation, "index of " + tenant.str());
    ASSERT_TRUE(
        mine.swap_index(kCtx, info->etag, {.key = *index, .model = "base", .coverage = "1/1"}));
    ASSERT_TRUE(mine.write_sync_state(kCtx, R"({"of":")" + tenant.str() + "\"}"));
    ASSERT_TRUE(mine.write_sync_report(kCtx, "{}"));
    ASSERT_TRUE(mine.write_model(kCtx, fingerprint_of(tenant), "zip of " + tenant.str()));
    storage::PutOptions old_app;  // As the original wrote it: without our metadata.
    ASSERT_TRUE(blobs.put(kCtx, storage::BlobKey(repository_key(tenant, "r")), "{}", old_app));
  }
  static std::string fingerprint_of(const TenantId& tenant) {
    std::string digits = std::to_string(std::hash<std::string>()(tenant.str()));
    digits.resize(32, 'a');
    return digits;
  }
  static constexpr std::size_t kEntriesOfEach = 9;

  std::set<std::string> keys_of(const TenantId& tenant) {
    std::set<std::string> keys;
    EXPECT_TRUE(for_each_entry(kCtx, blobs, tenant, [&](const storage::BlobEntry& e) -> Status {
      keys.insert(e.key.str());
      return Done{};
    }));
    return keys;
  }
  // Everything that a reader finds.
  std::string read_all(const TenantId& tenant) {
    const TenantCache mine = cache.open(tenant);
    const auto publication = mine.read_publication(kCtx);
    if (!publication) return std::string(to_string(publication.error().code()));
    const auto index = mine.read_index(kCtx, publication->info.index.key);
    return publication->bundle->repositories[0].name + "|" +
           (index ? *index : index.error().message()) + "|" +
           mine.find_sync_state(kCtx)->value_or("no state");
  }
};

TEST_F(TenantPlacesTest, every_entry_is_found_at_its_tenant_and_at_no_other) {
  const std::vector<std::string> names{"a", "ab", "a-b", "a_b", "a-b_c", "latest", "1"};
  for (const std::string& name : names) fill(TenantId(name));
  std::size_t found = 0;
  std::set<std::string> all;
  for (const std::string& name : names) {
    const auto keys = keys_of(TenantId(name));
    EXPECT_EQ(keys.size(), kEntriesOfEach) << name;
    found += keys.size();
    all.insert(keys.begin(), keys.end());
  }
  EXPECT_EQ(all.size(), found);
  EXPECT_EQ(blobs.list(kCtx, {})->entries.size(), found);
}

TEST_F(TenantPlacesTest, a_move_makes_everything_the_others_and_leaves_nothing) {
  const TenantId from("old_name");
  const TenantId to("newname");
  fill(from);
  fill(TenantId("old"));
  const std::string others = read_all(TenantId("old"));
  const std::string before = read_all(from);
  EXPECT_EQ(*move_entries(kCtx, blobs, from, to), kEntriesOfEach);
  EXPECT_TRUE(keys_of(from).empty());
  EXPECT_EQ(read_all(from), "not_found");
  EXPECT_EQ(read_all(to), before);
  EXPECT_TRUE(cache.open(to).read_model(kCtx, fingerprint_of(from)));
  EXPECT_EQ(cache.open(from).read_model(kCtx, fingerprint_of(from)).error().code(),
            Code::not_found);
  EXPECT_EQ(read_all(TenantId("old")), others);
}

TEST_F(TenantPlacesTest,
       an_interrupted_move_is_finished_by_the_next_and_a_reader_sees_all_or_nothing) {
  const TenantId from("old_name");
  const TenantId to("newname");
  for (const auto when : {storage::Fault::When::before, storage::Fault::When::after}) {
    for (std::uint64_t call = 1;; ++call) {
      SCOPED_TRACE(call);
      {
        const auto all = blobs.list(kCtx, {.prefix = ""});
        for (const auto& entry : all->entries) ASSERT_TRUE(blobs.remove(kCtx, entry.key, {}));
      }
      fill(from);
      const std::string before = read_all(from);
      storage::Faults faults({.call = call, .when = when, .then = storage::Fault::Then::fails});
      storage::FailingBlobStore failing(blobs, faults);
      (void)move_entries(kCtx, failing, from, to);
      const std::string seen = read_all(to);
      EXPECT_TRUE(seen == before || seen == "not_found") << seen;
      ASSERT_TRUE(move_entries(kCtx, blobs, from, to));
      EXPECT_EQ(read_all(to), before);
      EXPECT_TRUE(keys_of(from).empty());
      if (!faults.happened()) break;
    }
  }
}

// Names that somebody might choose to reach another's keys; those that tenant_from_login refuses
// never become a TenantId.
TEST_F(TenantPlacesTest, keys_of_different_tenants_never_meet_whatever_the_names_contain) {
  const std::uint64_t seed = Random::from_system().next();
  SCOPED_TRACE(seed);
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  Random random(seed);
  static constexpr std::string_view kLoginBytes = "ab1_-AB%/.~é *:";
  static constexpr std::string_view kNameBytes = "ab1_-%/.~ :";
  const auto text = [&](std::string_view bytes, std::size_t longest) {
    std::string out;
    for (std::uint64_t n = 1 + random.below(longest); n > 0; --n)
      out += bytes[random.below(bytes.size())];
    return out;
  };
  std::map<std::string, std::string> owner_of_key;
  std::size_t tenants = 0;
  for (int i = 0; i < 30'000; ++i) {
    auto login = tenancy::tenant_from_login(text(kLoginBytes, 5));
    if (!login) continue;
    // Some are parked under their account's id.
    const TenantId tenant = random.below(10) == 0 ? tenancy::parked_tenant(login->str()) : *login;
    ++tenants;
    const std::string repository = text(kNameBytes, 6);
    const std::uint64_t generation = random.below(12);
    const std::string note = text("ab1-", 3);
    for (const std::string& key :
         {bundle_key(tenant), repository_key(tenant, repository),
          older_repository_key(tenant, repository), sync_state_key(tenant), sync_report_key(tenant),
          generation_counter_key(tenant), staged_key(tenant, generation, 7),
          note_key(tenant, generation, note), index_key(tenant, generation, note)}) {
      const auto [at, fresh] = owner_of_key.emplace(key, tenant.str());
      EXPECT_EQ(at->second, tenant.str()) << key;
      // And it comes back from a move to another tenant and its return as it was.
      const TenantId other("other");
      EXPECT_EQ(moved_key(other, tenant, moved_key(tenant, other, key)), key);
    }
  }
  EXPECT_GT(tenants, 1'000u);
}

}  // namespace
}  // namespace cloudfolio::cache

// docs/CACHE-CONTRACT.md and the code say the same.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "cache/cache.h"
#include "cache/entry_metadata.h"
#include "cache/kinds.h"
#include "cache/publication_metadata.h"
#include "storage/storage.h"
#include "telemetry/metrics.h"

namespace cloudfolio::cache {
namespace {

using Row = std::vector<std::string>;
using Rows = std::vector<Row>;

const Context kCtx;

std::string page() {
  const char* const folder = std::getenv("CLOUDFOLIO_SOURCE_DIR");
  std::ifstream in(std::string(folder ? folder : ".") + "/docs/CACHE-CONTRACT.md");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string bare(std::string cell) {
  cell.erase(0, cell.find_first_not_of(" `"));
  cell.erase(cell.find_last_not_of(" `") + 1);
  return cell;
}

// The tables below one heading, without their heads; cells without backquotes.
std::vector<Rows> tables_under(const std::string& heading) {
  std::istringstream lines(page());
  std::vector<Rows> tables;
  bool here = false, in_table = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#")) here = line == "## " + heading;
    const bool row = here && line.starts_with("|");
    if (row && !in_table) tables.emplace_back();
    in_table = row;
    if (!row || line.starts_with("|---")) continue;
    Row cells;
    std::istringstream parts(line.substr(1));
    for (std::string cell; std::getline(parts, cell, '|');) cells.push_back(bare(cell));
    tables.back().push_back(cells);
  }
  for (Rows& rows : tables) rows.erase(rows.begin());
  return tables;
}

std::string shown(std::optional<std::chrono::hours> lifetime) {
  if (!lifetime) return "until replaced";
  return std::to_string(lifetime->count() / 24) + " days";
}
std::string shown(tenancy::StorageClass storage_class) {
  switch (storage_class) {
    case tenancy::StorageClass::content:
      return "content";
    case tenancy::StorageClass::model:
      return "model";
    case tenancy::StorageClass::working:
      return "working";
  }
  return "unknown";
}
std::string shown(std::chrono::milliseconds time) {
  return std::to_string(time.count() / 1000) + " s";
}

TEST(Contract, lists_every_kind_as_the_code_has_it_and_no_other) {
  Rows expected;
  for (const KindRow& row : kind_rows())
    expected.push_back({std::string(row.name), std::string(row.key), std::string(row.writer),
                        std::string(to_string(row.value)), shown(row.lifetime),
                        shown(row.storage_class)});
  Rows expected_private;
  for (const KindRow& row : kind_rows())
    if (!row.private_key.empty())
      expected_private.push_back({std::string(row.name), std::string(row.private_key)});
  const auto tables = tables_under("Entries");
  ASSERT_EQ(tables.size(), 2u);
  EXPECT_EQ(tables[0], expected);
  EXPECT_EQ(tables[1], expected_private);
}

TEST(Contract, lists_how_stale_each_kind_may_be) {
  Rows expected;
  for (const KindRow& row : kind_rows())
    if (row.tier)
      expected.push_back({std::string(row.name), shown(row.tier->fresh_for),
                          shown(row.tier->stale_for), shown(row.tier->missing_for)});
  const auto tables = tables_under("Staleness");
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_EQ(tables[0], expected);
}

TEST(Contract, lists_the_originals_keys) {
  Rows expected;
  for (const OldKeyRow& row : old_key_rows())
    expected.push_back({std::string(row.key), std::string(row.writer), std::string(row.lifetime)});
  EXPECT_EQ(tables_under("Keys of the original").at(0), expected);
}

TEST(Contract, says_how_long_a_repositorys_entry_lives) {
  const Rows rows = tables_under("Lifetimes").at(0);
  const Clock::WallTime now = ManualClock().wall_time();  // 2026-01-01
  const auto lives = [&](Archived archived, const char* pushed_at) {
    const auto lifetime = repository_lifetime(archived, pushed_at, now);
    return std::to_string(std::chrono::duration_cast<std::chrono::hours>(lifetime).count() / 24) +
           " days";
  };
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0], (Row{"archived", lives(Archived::yes, "2025-12-31T00:00:00Z")}));
  EXPECT_EQ(rows[1],
            (Row{"not pushed to for 180 days", lives(Archived::no, "2025-07-04T23:00:00Z")}));
  EXPECT_EQ(rows[2], (Row{"any other", lives(Archived::no, "2025-07-06T00:00:00Z")}));
  EXPECT_EQ(rows[2][1], lives(Archived::no, ""));
  EXPECT_EQ(rows[2][1], lives(Archived::no, "soon"));
  EXPECT_EQ(rows[2][1], lives(Archived::no, "2031-01-01T00:00:00Z"));  // The clock was set back.
  EXPECT_GT(kArchivedLifetime, kQuietLifetime);
  EXPECT_GT(kQuietLifetime, kLivelyLifetime);
}

// Everything that the code writes of one tenant, in a store of its own.
class WrittenStore : public testing::Test {
 protected:
  void SetUp() override {
    const Cache cache(blobs, clock, metrics,
                      {.old_app = {OldAppSharing::Writes::yes, TenantId("octocat")}});
    write_all(cache.open(TenantId("octocat")));
    write_all(cache.open(Place(TenantId("octo_cat"), Scope::of("https://api.github.com", 7))));
  }

  void write_all(const TenantCache& cache) {
    RepositoryEntry entry;
    entry.name = "hello";
    entry.metadata.id = 7;
    entry.metadata.owner.login = "OctoCat";
    const Bundle bundle{{entry}};
    const auto publish = [&] {
      PublishRequest request;
      if (const auto info = cache.publication_info(kCtx))
        request.base_generation = info->generation;
      request.generation = *cache.reserve_generation(kCtx);
      request.content = std::string(64, 'c');
      ASSERT_TRUE(cache.stage(kCtx, request.generation, entry).ok());
      ASSERT_TRUE(cache.stage_note(kCtx, request.generation, "batch-0", "{}").ok());
      ASSERT_TRUE(cache.publish(kCtx, request, bundle).ok());
    };
    const auto index = [&](const std::string& model) {
      const auto info = cache.publication_info(kCtx);
      const auto key = cache.write_index(kCtx, info->generation, "vectors");
      ASSERT_TRUE(cache.swap_index(kCtx, info->etag, {*key, model, "1/1"}).ok());
    };
    publish();
    index("base");
    index(std::string(64, 'a'));  // Now there is a previous one.
    publish();                    // And a stale index.
    ASSERT_TRUE(cache.write_model(kCtx, std::string(64, 'a'), "zip").ok());
    ModelRecord record;
    record.fingerprint = std::string(64, 'a');
    ASSERT_TRUE(cache.write_model_record(kCtx, record).ok());
    record.fingerprint = std::string(64, 'c');  // Of what is published.
    record.published = true;
    ASSERT_TRUE(cache.write_model(kCtx, record.fingerprint, "zip").ok());
    ASSERT_TRUE(cache.write_model_record(kCtx, record).ok());
    ASSERT_TRUE(cache.write_checkpoint(kCtx, record.fingerprint, 0, "bytes").ok());
    ASSERT_TRUE(cache.write_sync_state(kCtx, "{}").ok());
    ASSERT_TRUE(cache.write_sync_report(kCtx, "{}").ok());
    see();
    index("base");  // And an index of this generation.
    see();
  }

  void see() {
    const auto listed = blobs.list(kCtx, {});
    ASSERT_TRUE(listed.ok());
    for (const storage::BlobEntry& entry : listed->entries) entries[entry.key.str()] = entry;
    for (const storage::BlobEntry& entry : listed->entries)
      for (const auto& [name, value] : entry.properties.metadata) names.insert(name);
  }

  ManualClock clock;
  std::unique_ptr<storage::Storage> store = storage::open_memory(clock);
  storage::BlobStore& blobs = **store->blobs(kContainer);
  telemetry::MetricRegistry metrics;
  std::map<std::string, storage::BlobEntry> entries;
  std::set<std::string> names;
};

TEST_F(WrittenStore, every_key_has_the_pattern_of_the_kind_it_says) {
  std::map<std::string, std::set<EntryKind>> seen;
  for (const auto& [key, entry] : entries) {
    const auto kind = kind_of_key(key);
    ASSERT_TRUE(kind.has_value()) << key;
    EXPECT_EQ(to_string(*kind), entry.properties.metadata.at(kKind)) << key;
    seen[entry.properties.metadata.at(kUsername)].insert(*kind);
  }
  EXPECT_EQ(seen["octocat"].size(), kind_rows().size());  // The scan saw every kind,
  const auto private_kinds_count =
      std::count_if(kind_rows().begin(), kind_rows().end(),
                    [](const KindRow& row) { return !row.private_key.empty(); });
  EXPECT_EQ(seen["octo_cat"].size(), private_kinds_count);  // in either place.
}

TEST_F(WrittenStore, every_entry_says_whose_what_which_and_until_when) {
  for (const auto& [key, entry] : entries) {
    const storage::Metadata& metadata = entry.properties.metadata;
    EXPECT_EQ(metadata.at(kUsername), metadata.contains(kScope) ? "octo_cat" : "octocat") << key;
    for (const char* name : {kKind, kFingerprint, kGeneration})
      EXPECT_TRUE(metadata.contains(name)) << key << " lacks " << name;
    EXPECT_NE(metadata.contains(kExpiresAt), metadata.contains(kNoExpiry)) << key;
    if (metadata.contains(kNoExpiry)) {
      EXPECT_EQ(metadata.at(kNoExpiry), "True") << key;
    }
  }
}

TEST_F(WrittenStore, the_contract_names_all_metadata_and_no_other) {
  const auto tables = tables_under("Metadata");
  ASSERT_EQ(tables.size(), 2u);
  std::set<std::string> documented, common, of_code;
  for (const Rows& rows : tables)
    for (const Row& row : rows) documented.insert(row[0]);
  for (const Row& row : tables[0]) common.insert(row[0]);
  for (const std::string_view name : kEntryMetadataNames) of_code.emplace(name);
  EXPECT_EQ(common, of_code);
  EXPECT_EQ(documented, names);
}

TEST(KindOfKey, tells_ours_from_anybody_elses) {
  EXPECT_EQ(kind_of_key("repos_bundle_context_octo_cat"), EntryKind::bundle);
  EXPECT_EQ(kind_of_key("gen/o/12/repository/99"), EntryKind::repository);
  EXPECT_EQ(kind_of_key("gen/o/12/index/0af3"), EntryKind::index);
  EXPECT_EQ(kind_of_key("gen/o/latest"), EntryKind::counter);
  EXPECT_EQ(kind_of_key("model_" + std::string(64, 'a') + ".zip"), EntryKind::model);
  EXPECT_EQ(kind_of_key("model_" + std::string(32, 'a') + ".zip"), EntryKind::old_model);
  EXPECT_EQ(kind_of_key("repos_bundle_context_OctoCat"), EntryKind::old_bundle);
  EXPECT_EQ(kind_of_key("repo_level_bundle_octo%5Fcat_my_repo"), EntryKind::old_repository);
  for (const char* key :
       {"", "model_x.zip", "gen/o/12/repository/", "gen/o/x/repository/1", "gen//latest",
        "gen/o/12/index/xyz", "gen/o/12/note/../x", "repos_bundle_context_", "sync_state_O",
        "repo_context_a_b", "repos_metadata:a:all", "gen/o/12/repository/1/2"})
    EXPECT_FALSE(kind_of_key(key).has_value()) << key;
}

}  // namespace
}  // namespace cloudfolio::cache

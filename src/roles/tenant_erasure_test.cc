// Deleting a tenant: nothing is left anywhere, whoever else writes and wherever it is interrupted;
// on every backend.

#include "roles/tenant_erasure.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/time_text.h"
#include "cache/cache.h"
#include "cache/rights.h"
#include "costs/ledger.h"
#include "costs/tenant_lines.h"
#include "durable/embedded/scheduler.h"
#include "durable/orchestration.h"
#include "durable/queued/activity_claims.h"
#include "durable/queued/activity_results.h"
#include "flags/definition.h"
#include "flags/flag_store.h"
#include "flags/rows.h"
#include "json/json.h"
#include "roles/progress_board.h"
#include "storage/azure/azure.h"
#include "storage/azure/testing/azurite.h"
#include "storage/embedded/embedded.h"
#include "storage/rules.h"
#include "telemetry/metrics.h"

namespace cloudfolio::roles {
namespace {

const Context kCtx;
const TenantId kAda("ada");
const TenantId kAdam("adam");

durable::Orchestration<> wait_for_ever(durable::OrchestrationContext& ctx, std::string) {
  auto event = ctx.external_event("never", std::chrono::hours(24));
  CF_CO_CHECK(co_await event);
  co_return std::string();
}

// One process over a store: desk, cache, scheduler.
struct Process {
  Process(storage::Storage& the_store, const std::filesystem::path& folder, const Clock& the_clock)
      : store(the_store), clock(the_clock), log(lines, clock) {
    auto opened = TenancyDesk::open(config, store, clock);
    if (!opened) throw std::runtime_error(opened.error().message());
    desk = *std::move(opened);
    cache.emplace(desk->guarded_blobs(), clock, metrics);
    registry.orchestration("wait_for_ever", wait_for_ever);
    durable::EmbeddedOptions options;
    options.directory = folder / "orchestrations";
    auto scheduler = durable::Embedded::open(options, registry, clock, Random(1), log, metrics);
    if (!scheduler) throw std::runtime_error(scheduler.error().message());
    instances = *std::move(scheduler);
  }
  ~Process() { instances->stop(); }

  TenantErasure erasure(std::function<void(const std::string&)> on_removed = {}) {
    return TenantErasure({.storage = store,
                          .desk = *desk,
                          .instances = *instances,
                          .clock = clock,
                          .log = log,
                          .on_removed = std::move(on_removed)});
  }

  storage::Storage& store;
  const Clock& clock;
  Config config;
  telemetry::MetricRegistry metrics;
  telemetry::MemoryLogSink lines;
  telemetry::Log log;
  std::unique_ptr<TenancyDesk> desk;
  std::optional<cache::Cache> cache;
  durable::Registry registry;
  std::unique_ptr<durable::Embedded> instances;
};

std::string marker_of(const TenantId& tenant) {
  return "secret-of-" + tenant.str() + "!";
}

// Something of the tenant in every place that there is.
void fill(Process& process, const TenantId& tenant) {
  const std::string marker = marker_of(tenant);
  const std::string text = "{\"text\":\"" + marker + "\"}";
  for (const cache::Scope& scope : {cache::Scope(), cache::Scope::of("https://api", 7)}) {
    const cache::TenantCache entries = process.cache->open(cache::Place(tenant, scope));
    cache::Bundle bundle;
    bundle.repositories.emplace_back();
    bundle.repositories[0].name = "r-" + tenant.str();
    bundle.repositories[0].readme = marker;
    bundle.repositories[0].metadata.id = 1;
    const auto generation = entries.reserve_generation(kCtx);
    ASSERT_TRUE(generation.ok()) << generation.error().message();
    ASSERT_TRUE(entries.stage(kCtx, *generation, bundle.repositories[0]));
    ASSERT_TRUE(entries.stage_note(kCtx, *generation, "plan", text));
    ASSERT_TRUE(entries.publish(kCtx, {.generation = *generation}, bundle));
    ASSERT_TRUE(entries.write_index(kCtx, *generation, marker));
    ASSERT_TRUE(
        entries.write_model(kCtx, std::string(tenant.str() == "ada" ? 64 : 32, 'a'), marker));
    ASSERT_TRUE(entries.write_sync_state(kCtx, text));
  }
  TenancyDesk& desk = *process.desk;
  ASSERT_TRUE(desk.directory().claim(kCtx, tenant, "U_" + marker));
  ASSERT_TRUE(desk.ledger().count(kCtx, tenant, tenancy::Meter::trainings, marker));
  ASSERT_TRUE(desk.quotas().grant(kCtx, tenant, tenancy::Meter::trainings, 5));
  ASSERT_TRUE(desk.settings().set_include_private(kCtx, tenant, tenancy::Allowed::yes, marker));
  const auto idle = [](const Context&, const InstanceId&) { return Result<bool>(false); };
  const auto opened =
      desk.request_keys().open(kCtx, tenant, "key", marker, std::chrono::seconds(60), idle);
  ASSERT_TRUE(opened.ok() && std::holds_alternative<tenancy::RequestClaim>(*opened));
  ASSERT_TRUE(desk.request_keys().settle(kCtx, std::get<tenancy::RequestClaim>(*opened), text,
                                         InstanceId("refresh:" + tenant.str())));
  costs::Ledger spent(**process.store.table(costs::kCostsTable), costs::PriceTable::built_in());
  const std::string today = to_text(process.clock.wall_time()).substr(0, 10);
  ASSERT_TRUE(spent.record_requests(kCtx, {tenant, "read", today, "w", 3}));
  flags::FlagStore flags(**process.store.table(flags::kFlagsTable), process.clock);
  const flags::Author author{"ann", "because of " + marker};
  // Each a flag of its own: a flag keeps the reason of its last change only.
  const std::string_view flag = flags::definitions()[tenant == kAda ? 0 : 1].name;
  ASSERT_TRUE(flags.set_tenant(kCtx, flag, tenant, flags::Share(flags::kEverybody), author));
  ASSERT_TRUE(flags.set_tenant(kCtx, flag, tenant, std::nullopt, author));
  ASSERT_TRUE(flags.set_tenant(kCtx, flag, tenant, flags::Share(0), author));
  const cache::Rights rights(**process.store.table(cache::kRightsTable), process.clock);
  ASSERT_TRUE(rights.announce(kCtx, cache::Place(tenant, cache::Scope::of("https://api", 7))));
  ProgressBoard board(**process.store.table(kProgressTable), process.clock);
  board.report(kCtx.for_tenant(tenant).with_instance(InstanceId("train:" + tenant.str())), text);
  storage::Queue& queue = **process.store.queue("model-training-queue");
  const std::string message = "{\"tenant\":\"" + tenant.str() + "\",\"key\":\"" + marker + "\"}";
  ASSERT_TRUE(queue.send(kCtx, message, {}));
  ASSERT_TRUE(
      queue.send(kCtx, "{\"login\":\"" + tenant.str() + "\",\"x\":\"" + marker + "\"}", {}));
  storage::BlobStore& results = **process.store.blobs(durable::kActivityResultContainer);
  storage::PutOptions options;
  options.metadata = {{"username", tenant.str()}, {"kind", "activity_result"}};
  ASSERT_TRUE(results.put(kCtx, storage::BlobKey(tenant.str() + "/e/1"), marker, options));
  ASSERT_TRUE((*process.store.table(durable::kClaimTable))
                  ->upsert(kCtx, {{"execution-" + tenant.str(), "1"}, {{"username", tenant.str()}}},
                           storage::Write::replace));
  for (const std::string& id : {"refresh:" + tenant.str(), "train:" + tenant.str() + ":9f"}) {
    durable::StartOptions start;
    start.name = "wait_for_ever";
    start.instance = InstanceId(id);
    start.input = marker;
    ASSERT_TRUE(process.instances->start(kCtx, std::move(start)));
  }
}

// Every byte of every place by its interface: an independent look, for the marker and for keys.
std::string all_text(Process& process) {
  std::string text;
  for (const std::string& name : all_places().containers) {
    storage::BlobStore& blobs = **process.store.blobs(name);
    const auto page = blobs.list(kCtx, {.max_count = 5'000});
    for (const auto& entry : page->entries) {
      text += "\nkey=" + entry.key.str() + "=";
      for (const auto& [metadata, value] : entry.properties.metadata) text += value + "=";
      text += blobs.get(kCtx, entry.key)->bytes;
    }
  }
  std::vector<std::string> tables = all_places().tables;
  tables.insert(tables.end(), all_places().tables_by_value.begin(),
                all_places().tables_by_value.end());
  tables.emplace_back(tenancy::kTenantsTable);
  tables.emplace_back(costs::kCostsTable);
  tables.emplace_back(flags::kFlagsTable);
  for (const std::string& name : tables) {
    const auto page = (*process.store.table(name))->query(kCtx, {});
    for (const storage::Entity& row : page->entities) {
      text += "\nkey=" + row.key.partition + "=" + row.key.row + "=";
      for (const auto& [column, value] : row.values)
        if (const auto* words = std::get_if<std::string>(&value)) text += *words + "=";
    }
  }
  for (const std::string& name : all_places().queues) {
    const auto messages = (*process.store.queue(name))->peek(kCtx, 32);
    for (const storage::Message& message : *messages) text += "\n" + message.body;
  }
  durable::QueryFilter filter;
  filter.include = durable::Include::payloads;
  const auto page = process.instances->query(kCtx, filter, 1'000);
  for (const durable::OrchestrationState& state : page->instances)
    text += "\nkey=" + state.instance.str() + "=" + state.input;
  return text;
}

std::size_t count_of(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
    ++count;
  return count;
}

json::Object receipt_of(const Result<std::string>& text) {
  EXPECT_TRUE(text.ok()) << text.error().message();
  return text ? *json::parse_object(*text) : json::Object();
}

struct Backend {
  std::string name;
  std::function<std::unique_ptr<storage::Storage>(const std::filesystem::path&, const Clock&)> open;
};

class TenantErasureTest : public ::testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "erasure-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    store = GetParam().open(folder / "store", clock);
    if (!store) GTEST_SKIP() << "skipped: the emulator of Azure Storage cannot be had";
    process.emplace(*store, folder, clock);
  }
  void TearDown() override {
    process.reset();
    store.reset();
    std::filesystem::remove_all(folder);
  }

  SystemClock clock;
  std::filesystem::path folder;
  std::unique_ptr<storage::Storage> store;
  std::optional<Process> process;
};

TEST_P(TenantErasureTest, nothing_of_the_tenant_is_left_and_everything_of_the_other) {
  fill(*process, kAdam);
  const std::string others = all_text(*process);
  fill(*process, kAda);
  EXPECT_GE(count_of(all_text(*process), marker_of(kAda)), 15u);
  TenantErasure erasure = process->erasure();
  const json::Object receipt = receipt_of(erasure.run(kCtx, kAda));
  const std::string left = all_text(*process);
  EXPECT_EQ(count_of(left, marker_of(kAda)), 0u);
  for (const char* end : {"=", ":", "/", "_"})
    for (const char* begin : {"=", ":", "/", "_"})
      EXPECT_EQ(count_of(left, begin + kAda.str() + end), 0u) << begin << "ada" << end;
  EXPECT_EQ(count_of(left, marker_of(kAdam)), count_of(others, marker_of(kAdam)));
  EXPECT_TRUE(erasure.scan(kCtx, kAda)->nothing());
  const json::Object* removed = json::find_object(receipt, "removed");
  ASSERT_NE(removed, nullptr);
  EXPECT_GE(*json::find_int(*removed, "blobs"), 15);
  EXPECT_GT(*json::find_int(*removed, "blob_bytes"), 500);
  EXPECT_EQ(*json::find_int(*removed, "messages"), 2);
  EXPECT_EQ(*json::find_int(*removed, "instances"), 2);
  EXPECT_EQ(json::find_string(receipt, "proof")->size(), 64u);
  // Asked again it says the same, and does nothing.
  EXPECT_EQ(receipt_of(erasure.run(kCtx, kAda)), receipt);
}

TEST_P(TenantErasureTest, who_writes_meanwhile_brings_nothing_back) {
  fill(*process, kAda);
  std::atomic<bool> stop = false;
  std::atomic<int> refused = 0;
  std::vector<std::thread> writers;
  for (int i = 0; i < 3; ++i)
    writers.emplace_back([&, i] {
      const cache::TenantCache entries = process->cache->open(kAda);
      for (std::uint64_t n = 0; !stop || n < 20; ++n) {
        const auto index = entries.write_index(kCtx, n, marker_of(kAda));
        const auto state = entries.write_sync_state(kCtx, "{\"n\":" + std::to_string(i) + "}");
        refused += (index ? 0 : 1) + (state ? 0 : 1);
      }
    });
  const json::Object receipt = receipt_of(process->erasure().run(kCtx, kAda));
  stop = true;
  for (std::thread& writer : writers) writer.join();
  EXPECT_GT(refused, 0);
  EXPECT_TRUE(process->erasure().scan(kCtx, kAda)->nothing());
  EXPECT_EQ(count_of(all_text(*process), marker_of(kAda)), 0u);
}

std::vector<Backend> backends() {
  std::vector<Backend> all;
  all.push_back({"memory", [](const std::filesystem::path&, const Clock& clock) {
                   return storage::open_memory(clock);
                 }});
  all.push_back({"embedded", [](const std::filesystem::path& folder, const Clock& clock) {
                   storage::embedded::Options options;
                   options.directory = folder;
                   auto opened = storage::embedded::open(options, clock);
                   return opened ? *std::move(opened) : nullptr;
                 }});
  all.push_back(
      {"azure",
       [](const std::filesystem::path&, const Clock&) -> std::unique_ptr<storage::Storage> {
         auto azurite = storage::azure::Azurite::shared();
         if (!azurite) return nullptr;
         storage::azure::Options options;
         options.account = (*azurite)->next_account();
         auto opened = storage::azure::open(std::move(options), (*azurite)->clock());
         return opened ? *std::move(opened) : nullptr;
       }});
  return all;
}

INSTANTIATE_TEST_SUITE_P(backends, TenantErasureTest, ::testing::ValuesIn(backends()),
                         [](const auto& one) { return one.param.name; });

// === kill -9 ===

class KilledErasure : public ::testing::Test {
 protected:
  static std::unique_ptr<storage::Storage> open(const std::filesystem::path& folder,
                                                const Clock& clock) {
    storage::embedded::Options options;
    options.directory = folder / "store";
    auto opened = storage::embedded::open(options, clock);
    return opened ? *std::move(opened) : nullptr;
  }
  // A process of its own that fills the store and is killed after the n-th removal.
  static bool delete_and_die(const std::filesystem::path& folder, int removals) {
    const pid_t child = fork();
    if (child == 0) {
      const SystemClock clock;
      const auto store = open(folder, clock);
      Process process(*store, folder, clock);
      fill(process, kAda);
      int left = removals;
      (void)process
          .erasure([&left](const std::string&) {
            if (--left == 0) ::raise(SIGKILL);
          })
          .run(kCtx, kAda);
      _exit(0);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status);
  }
};

TEST_F(KilledErasure, a_killed_deletion_goes_on_and_its_receipt_counts_everything_once) {
  std::string whole;
  for (const int removals : {1'000, 1, 7, 15}) {
    SCOPED_TRACE(removals);
    std::string pattern = testing::TempDir() + "killed-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    const std::filesystem::path folder = pattern;
    EXPECT_EQ(delete_and_die(folder, removals), removals < 1'000);
    const SystemClock clock;
    {
      const auto store = open(folder, clock);
      Process process(*store, folder, clock);
      const json::Object receipt = receipt_of(process.erasure().run(kCtx, kAda));
      const std::string removed = json::write(*json::find(receipt, "removed"));
      if (whole.empty()) whole = removed;
      EXPECT_EQ(removed, whole);
      EXPECT_TRUE(process.erasure().scan(kCtx, kAda)->nothing());
      EXPECT_EQ(count_of(all_text(process), marker_of(kAda)), 0u);
      EXPECT_EQ(process.desk->directory().find(kCtx, kAda)->state, tenancy::TenantState::deleted);
    }
    std::filesystem::remove_all(folder);
  }
}

TEST(TenantErasureRules, a_message_or_a_run_is_a_tenants_by_its_whole_name) {
  EXPECT_TRUE(is_message_of(kAda, R"({"login":"ADA"})"));
  EXPECT_TRUE(is_message_of(kAda, "eyJ0ZW5hbnQiOiJhZGEifQ=="));
  EXPECT_FALSE(is_message_of(kAda, R"({"login":"adam","note":"ada"})"));
  EXPECT_FALSE(is_message_of(kAda, "ada"));
  durable::OrchestrationState state;
  for (const char* id : {"refresh:ada", "train:ada:9f", "index:ada"}) {
    state.instance = InstanceId(id);
    EXPECT_TRUE(is_instance_of(kAda, state)) << id;
  }
  for (const char* id : {"refresh:adam", "train:a:ada", "ada", "refresh:ada-b"}) {
    state.instance = InstanceId(id);
    EXPECT_FALSE(is_instance_of(kAda, state)) << id;
  }
}

}  // namespace
}  // namespace cloudfolio::roles

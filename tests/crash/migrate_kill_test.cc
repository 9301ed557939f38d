// kill -9 of `cloudfolio migrate run` at random moments, while both sides are written: the next run
// goes on, everything arrives once, nothing of the destination's own is lost, and a rollback leaves
// what was there before.

#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <thread>

#include "base/random.h"
#include "json/json.h"
#include "process.h"
#include "storage/embedded/embedded.h"

namespace cloudfolio::system_test {
namespace {

constexpr int kBlobsCount = 1'500;
constexpr int kKills = 12;
constexpr char kContainer[] = "github-cache";
constexpr char kTable[] = "RepoMetadata";
const Context kCtx;

std::string key(int i) {
  return "repo_level_bundle_octocat_" + std::to_string(100'000 + i);
}

// A few are large enough to be files of their own in the store.
std::string bytes_of(int i, int version) {
  const std::size_t size = i % 50 == 0 ? 200'000 : 500 + static_cast<std::size_t>(i % 700);
  return std::string(size, static_cast<char>('a' + i % 26)) + std::to_string(version);
}

std::uint64_t test_seed() {
  if (const char* text = std::getenv("CLOUDFOLIO_TEST_SEED"))
    return std::strtoull(text, nullptr, 10);
  return Random::from_system().next();
}

class MigrateKill : public testing::Test {
 protected:
  std::unique_ptr<storage::Storage> open(const std::string& name) {
    storage::embedded::Options options;
    options.directory = folder.path() / name;
    return *storage::embedded::open(options, clock);
  }
  Process::Options command(const std::string& verb) const {
    Process::Options options;
    options.arguments = {"migrate",
                         verb,
                         "--json",
                         "--from",
                         "embedded:" + (folder.path() / "from").string(),
                         "--to",
                         "embedded:" + (folder.path() / "to").string(),
                         "--journal",
                         (folder.path() / "journal").string(),
                         "--container",
                         kContainer,
                         "--table",
                         kTable,
                         "--at-once",
                         "4"};
    return options;
  }
  json::Value answer(const std::string& verb, int exit_code) const {
    const Finished finished = run(command(verb));
    EXPECT_EQ(finished.exit_code, exit_code) << finished.output << finished.errors;
    auto parsed = json::parse(finished.output);
    EXPECT_TRUE(parsed.ok()) << finished.output;
    return parsed ? *parsed : json::Value();
  }
  static std::int64_t count(const json::Value& answer, const std::string& outcome) {
    const auto* found = json::find_path(answer, "counts." + outcome);
    return found ? json::as_int(*found).value_or(-1) : 0;
  }

  SystemClock clock;
  TemporaryFolder folder;
};

TEST_F(MigrateKill, a_migration_killed_at_any_moment_goes_on_and_is_taken_back_whole) {
  const std::uint64_t seed = test_seed();
  SCOPED_TRACE("CLOUDFOLIO_TEST_SEED=" + std::to_string(seed));
  Random random(seed);
  const auto from = open("from");
  const auto to = open("to");
  storage::BlobStore& source = **from->blobs(kContainer);
  storage::BlobStore& destination = **to->blobs(kContainer);
  for (int i = 0; i < kBlobsCount; ++i)
    ASSERT_TRUE(source.put(kCtx, storage::BlobKey(key(i)), bytes_of(i, 0), {}).ok());
  for (int i = 0; i < 50; ++i)
    ASSERT_TRUE((*from->table(kTable))
                    ->insert(kCtx, {{"octocat", "r" + std::to_string(i)}, {{"n", std::int64_t(i)}}})
                    .ok());
  ASSERT_TRUE(destination.put(kCtx, storage::BlobKey("own"), "of the destination", {}).ok());
  ASSERT_TRUE(destination.put(kCtx, storage::BlobKey(key(7)), "theirs", {}).ok());

  int killed_count = 0;
  for (int kill = 0; kill < kKills; ++kill) {
    Process::Options slow = command("run");
    slow.arguments.insert(slow.arguments.end(), {"--rate", "3000"});  // Not done before the kill.
    Process running(slow);
    // Both systems serve meanwhile.
    for (int i = 0; i < 5; ++i) {
      const int changed = 100 + static_cast<int>(random.below(1'000));
      ASSERT_TRUE(
          source.put(kCtx, storage::BlobKey(key(changed)), bytes_of(changed, kill + 1), {}).ok());
    }
    // The moment of the kill is chance; nothing waits for something to happen in this time.
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + random.below(120)));
    running.signal(SIGKILL);
    if (running.wait() == 128 + SIGKILL) ++killed_count;
    EXPECT_EQ(destination.get(kCtx, storage::BlobKey(key(7)))->bytes, "theirs");
  }
  EXPECT_GT(killed_count, 0);

  const json::Value done = answer("run", 1);  // One conflict is left to a person.
  EXPECT_EQ(count(done, "conflict"), 1) << json::write(done);
  const json::Value verified = answer("verify", 1);
  EXPECT_EQ(count(verified, "equal"), kBlobsCount - 1 + 50) << json::write(verified);
  EXPECT_EQ(count(verified, "conflict"), 1);
  EXPECT_EQ(count(verified, "only_there"), 1);

  ASSERT_TRUE(destination.put(kCtx, storage::BlobKey(key(8)), "changed since", {}).ok());
  Process back(command("rollback"));
  std::this_thread::sleep_for(std::chrono::milliseconds(20 + random.below(120)));
  back.signal(SIGKILL);
  back.wait();
  const json::Value undone = answer("rollback", 0);
  EXPECT_EQ(count(undone, "changed_there"), 1) << json::write(undone);
  const auto left = destination.list(kCtx, {});
  ASSERT_TRUE(left.ok());
  std::vector<std::string> keys;
  for (const auto& entry : left->entries) keys.push_back(entry.key.str());
  EXPECT_EQ(keys, (std::vector<std::string>{"own", key(7), key(8)}));
  EXPECT_EQ((*to->table(kTable))->query(kCtx, {})->entities.size(), 0u);
}

}  // namespace
}  // namespace cloudfolio::system_test

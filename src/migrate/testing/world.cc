#include "migrate/testing/world.h"

#include <stdlib.h>

namespace cloudfolio::migrate {

World::World() {
  // Thousands of journals with a sync each: in memory where the machine has such a folder.
  const std::filesystem::path memory = "/dev/shm";
  const auto parent =
      std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path();
  std::string name = (parent / "migrate-XXXXXX").string();
  folder_ = ::mkdtemp(name.data());
  options.journal = folder_ / "journal";
  options.containers = {"things"};
  options.tables = {"Rows"};
  options.copies_at_once = 3;
  options.retry_pause = std::chrono::milliseconds(0);
}

World::~World() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void World::fill(int count) {
  for (int i = 0; i < count; ++i)
    put_from("blob-" + std::to_string(i), "content of " + std::to_string(i));
}

void World::put_from(const std::string& key, const std::string& bytes) {
  EXPECT_TRUE(from_blobs().put(kCtx, storage::BlobKey(key), bytes, {}).ok());
}

void World::put_to(const std::string& key, const std::string& bytes) {
  EXPECT_TRUE(to_blobs().put(kCtx, storage::BlobKey(key), bytes, {}).ok());
}

std::string World::here(const std::string& key) {
  const auto blob = from_blobs().get(kCtx, storage::BlobKey(key));
  return blob ? blob->bytes : "NONE";
}

std::string World::there(const std::string& key) {
  const auto blob = to_blobs().get(kCtx, storage::BlobKey(key));
  return blob ? blob->bytes : "NONE";
}

std::size_t World::count_there() {
  return to_blobs().list(kCtx, {})->entries.size();
}

Result<std::unique_ptr<Migration>> World::open() {
  const Ends ends{*from, "memory:from", *to, to_name};
  return Migration::open(ends, options, clock, [this](const Context&, Clock::Instant until) {
    if (until > clock.now()) clock.advance(until - clock.now());
    return Status(Done{});
  });
}

Status World::run_status() {
  CF_TRY(const auto migration, open());
  report_ = std::make_unique<Report>();
  return migration->run(kCtx, {}, *report_);
}

const Report& World::perform(Verb verb) {
  report_ = std::make_unique<Report>();
  const auto migration = open();
  EXPECT_TRUE(migration.ok());
  const Status done = ((**migration).*verb)(kCtx, {}, *report_);
  EXPECT_TRUE(done.ok()) << done.error().message();
  return *report_;
}

const Report& World::plan() {
  return perform(&Migration::plan);
}
const Report& World::run() {
  return perform(&Migration::run);
}
const Report& World::verify() {
  return perform(&Migration::verify);
}
const Report& World::rollback() {
  return perform(&Migration::rollback);
}

}  // namespace cloudfolio::migrate

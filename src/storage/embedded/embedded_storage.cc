
#include <algorithm>
#include <map>
#include <system_error>

#include "base/guarded.h"
#include "sqlite/database.h"
#include "storage/embedded/blob_rows.h"
#include "storage/embedded/embedded.h"
#include "storage/embedded/embedded_blob_store.h"
#include "storage/embedded/embedded_queue.h"
#include "storage/embedded/embedded_table.h"
#include "storage/embedded/place_rows.h"
#include "storage/embedded/schema.h"
#include "storage/embedded/store.h"
#include "storage/rules.h"

namespace cloudfolio::storage::embedded {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kOpenSweepFiles = 10'000;
constexpr std::size_t kSweepFiles = 1'000;
// Every sync writes whole pages, and small ones carry less that did not change.
constexpr std::size_t kPageBytes = 4 * kKiB;
// Pages written again before the log is copied back are copied once.
constexpr std::size_t kCheckpointBytes = 64 * kMiB;
// Below this much free space the store is called unhealthy.
constexpr std::uintmax_t kFreeBytesMin = 128 * kMiB;

// Objects by name, made on first use.
template <class Object>
class ByName {
 public:
  Result<Object*> get(Store& store, PlaceKind kind, const std::string& name) {
    {
      auto objects = objects_.lock();
      const auto found = objects->find(name);
      if (found != objects->end()) return found->second.get();
    }
    // Not under the lock: it may write.
    CF_TRY(const std::int64_t place, place_of(store, kind, name));
    auto objects = objects_.lock();
    auto& object = (*objects)[name];
    if (!object) object = std::make_unique<Object>(store, place);
    return object.get();
  }
  std::vector<Object*> all() {
    std::vector<Object*> list;
    auto objects = objects_.lock();
    for (const auto& [name, object] : *objects) list.push_back(object.get());
    return list;
  }

 private:
  Guarded<std::map<std::string, std::unique_ptr<Object>>> objects_;
};

sqlite::Options database_of(const Options& options) {
  return {.file = options.directory / kDatabaseFile,
          .page_bytes = kPageBytes,
          .checkpoint_bytes = kCheckpointBytes};
}

class EmbeddedStorage final : public Storage {
 public:
  EmbeddedStorage(Store store, std::int64_t lease_place)
      : store_(std::move(store)),
        lease_blobs_(store_, lease_place),
        leases_(lease_blobs_, store_.clock) {}

  Result<BlobStore*> blobs(std::string_view container) override {
    CF_CHECK(check_container_name(container));
    CF_TRY(auto* const found,
           containers_.get(store_, PlaceKind::container, std::string(container)));
    return found;
  }
  Result<Queue*> queue(std::string_view name) override {
    CF_CHECK(check_queue_name(name));
    CF_TRY(auto* const found, queues_.get(store_, PlaceKind::queue, std::string(name)));
    return found;
  }
  Result<Table*> table(std::string_view name) override {
    CF_CHECK(check_table_name(name));
    std::string folded(name);
    std::transform(folded.begin(), folded.end(), folded.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? char(c | 32) : c; });
    CF_TRY(auto* const found, tables_.get(store_, PlaceKind::table, folded));
    return found;
  }
  LeaseBook& leases() override { return leases_; }

  Status check(const Context& ctx) override {
    CF_CHECK(check_context(ctx, store_.clock.now()));
    CF_CHECK(store_.writer->apply([](sqlite::Database& db) { return read_places(db); }));
    std::error_code error;
    const auto space = fs::space(store_.options.directory, error);
    if (error || space.available >= kFreeBytesMin) return Done{};
    return Error(Code::unavailable,
                 "disk nearly full: free space in " + store_.options.directory.string());
  }

  Status maintain(const Context& ctx) override {
    CF_CHECK(check_context(ctx, store_.clock.now()));
    for (EmbeddedQueue* queue : queues_.all()) {
      CF_CHECK(queue->maintain());
    }
    CF_CHECK(sweep(kSweepFiles));
    // What was removed is then in no file: neither in the database, which overwrites it, nor in
    // its log.
    CF_TRY(const auto database, sqlite::Database::open(database_of(store_.options)));
    return database->empty_log();
  }

  Status sweep(std::size_t files_max) {
    const auto in_use = [this](const std::string& name) {
      return is_file_named(*store_.readers->borrow(), name);
    };
    return store_.files->sweep(in_use, store_.clock.wall_time() - store_.options.leftover_age,
                               files_max);
  }

 private:
  Store store_;
  ByName<EmbeddedBlobStore> containers_;
  ByName<EmbeddedQueue> queues_;
  ByName<EmbeddedTable> tables_;
  EmbeddedBlobStore lease_blobs_;
  LeaseBook leases_;
};

Status make_directory(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (!error) return Done{};
  const Code code =
      error == std::errc::permission_denied ? Code::permission_denied : Code::unavailable;
  return Error(code, "make folder " + directory.string() + ": " + error.message() +
                         ": choose a folder that can be written, or change its rights");
}

}  // namespace

Result<std::unique_ptr<Storage>> open(const Options& options, const Clock& clock) {
  CF_CHECK(make_directory(options.directory));
  sqlite::Options database = database_of(options);
  database.cache_bytes = options.writer_cache_bytes;
  CF_TRY(auto writer, sqlite::Database::open(database));
  CF_CHECK(sqlite::migrate(*writer, kSchema));
  database.cache_bytes = options.reader_cache_bytes;
  CF_TRY(auto readers, sqlite::Readers::open(database, options.readers_count));
  CF_TRY(auto files, BlobFiles::open(options.directory / "blobs"));
  Store store{.options = options,
              .clock = clock,
              .files = std::move(files),
              .random = Random::from_system(),
              .writer = std::make_unique<sqlite::GroupCommit>(std::move(writer)),
              .readers = std::move(readers)};
  CF_TRY(const std::int64_t lease_place,
         place_of(store, PlaceKind::container, std::string(kLeaseContainer)));
  auto storage = std::make_unique<EmbeddedStorage>(std::move(store), lease_place);
  CF_CHECK(storage->sweep(kOpenSweepFiles));
  return std::unique_ptr<Storage>(std::move(storage));
}

}  // namespace cloudfolio::storage::embedded

#pragma once
// Storage in a folder of this machine: one SQLite file, and large blobs as files beside it. The
// format is in docs/formats/embedded-store.md.
//
// Promises: those of the interfaces, through `kill -9` at any moment and through power loss on a
// disk
//   that keeps what it synced. A full disk is `unavailable` and loses nothing; writes work again
//   once there is space. Several processes may have the folder open at once: they see each other's
//   writes at once, take turns writing, and a crash of one leaves nothing that blocks another. A
//   message sent by another process is noticed within Queue::kForeignRecheck.
// The folder must be on a local file system: SQLite's log needs shared memory.
// Lifetime: `clock` outlives the store. Destroying it finishes what was begun.
// Errors:   of open: invalid_argument: the folder belongs to a newer version or to something else;
//   corrupt: the database is damaged (the message names the file and the remedy);
//   permission_denied.

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>

#include "base/clock.h"
#include "base/limits.h"
#include "base/result.h"
#include "storage/storage.h"

namespace cloudfolio::storage::embedded {

struct Options {
  std::filesystem::path directory;  // Made if missing.
  // Blobs above this become files. Smaller ones are faster in the database.
  std::size_t inline_bytes_max = 64 * kKiB;
  // Threads that may read at the same moment; each costs a connection.
  std::size_t readers_count = 8;
  std::size_t writer_cache_bytes = 32 * kMiB;
  std::size_t reader_cache_bytes = 8 * kMiB;  // Each.
  // How long a file without a row is left alone: its put may be about to commit.
  std::chrono::seconds leftover_age{3'600};
};

Result<std::unique_ptr<Storage>> open(const Options& options, const Clock& clock);

// The database's name in the folder.
inline constexpr const char* kDatabaseFile = "store.db";

}  // namespace cloudfolio::storage::embedded

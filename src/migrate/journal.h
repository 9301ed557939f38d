#pragma once
// Journal: what a migration did to the destination, so that it can go on after a crash, be verified
// and be undone.
//
// A folder of this machine: one SQLite file, and backups of what was replaced. Nothing is put or
// removed at the destination before the journal says so on the disk; the outcome follows.
//
// Promises: what returned is on the disk. One process at a time has a journal open: a second open
//   is unavailable.
// Threads:  intend(), note() and save_backup() from any thread; the others from one at a time.
// Errors:   invalid_argument: the journal belongs to another pair of stores, or to a newer version.
//   unavailable: disk full. corrupt.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace cloudfolio::sqlite {
class Database;
class GroupCommit;
}  // namespace cloudfolio::sqlite

namespace cloudfolio::migrate {

enum class State : std::uint8_t {
  intended = 1,  // A put is about to happen, or happened and its answer was lost.
  written = 2,   // The destination has what we wrote, under `etag`.
  same = 3,      // The destination had the same content before; nothing was written.
  conflict = 4,  // Both sides differ and the destination's is not ours: left alone.
  removing = 5,  // As intended, for a removal that follows one at the source.
  removed = 6,
  undone = 7,   // Rolled back.
  changed = 8,  // We wrote it; somebody changed it at the destination since: theirs now.
};

struct Row {
  std::string key;
  State state = State::intended;
  std::string source_etag;  // That was copied, or compared.
  std::string digest;       // Of that content.
  std::uint64_t size_bytes = 0;
  std::string there;   // The destination's ETag before the write; "": nothing was there.
  std::string etag;    // The destination's ETag after our last write, or as compared; "": none yet.
  std::string backup;  // Name of what stood there before our first write; "": nothing did.
};

class Journal {
 public:
  // Makes the folder where it is missing. `from` and `to` name the stores; an existing journal must
  // be of the same two.
  static Result<std::unique_ptr<Journal>> open(const std::filesystem::path& folder,
                                               const std::string& from, const std::string& to);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Durable when it returns.
  Status intend(const std::string& place, const Row& row);
  // Durable when settle() returns; a crash before leaves the intent.
  void note(const std::string& place, const Row& row);

  // The rows of `place` from key `first` to `last`.
  Result<std::map<std::string, Row>> rows(const std::string& place, const std::string& first,
                                          const std::string& last);
  // At most `count` rows after `after`, in order of their keys.
  Result<std::vector<Row>> rows_after(const std::string& place, const std::string& after,
                                      std::size_t count);
  // Likewise, only those whose key was not listed in `pass`, and that the destination has from us.
  Result<std::vector<Row>> unseen_after(const std::string& place, std::int64_t pass,
                                        const std::string& after, std::size_t count);
  // Every place that has rows.
  Result<std::vector<std::string>> places();

  // Passes count from 1; a pass that a crash ended is gone on with.
  Result<std::int64_t> begin_pass();
  Status end_pass(std::int64_t pass);
  struct Checkpoint {
    std::string continuation;  // Where listing of the source goes on.
    bool finished = false;     // The place is done in this pass.
  };
  Result<Checkpoint> checkpoint(const std::string& place, std::int64_t pass);
  // Waits for every note before it, marks `keys` as listed in this pass, and moves the checkpoint.
  Status settle(const std::string& place, std::int64_t pass, const std::vector<std::string>& keys,
                const Checkpoint& checkpoint);

  // Waits for every note before it.
  Status flush();

  // Returns the name to put into Row::backup; the bytes are on the disk.
  Result<std::string> save_backup(const std::string& place, const std::string& key,
                                  const std::string& bytes);
  Result<std::string> read_backup(const std::string& name) const;

 private:
  Journal(std::filesystem::path folder, int lock, std::unique_ptr<sqlite::Database> reader,
          std::unique_ptr<sqlite::Database> writer);

  const std::filesystem::path folder_;
  const int lock_;
  std::unique_ptr<sqlite::Database> reader_;
  struct Failed;  // The first note that could not be written.
  std::shared_ptr<Failed> failed_;
  std::unique_ptr<sqlite::GroupCommit> writer_;
};

}  // namespace cloudfolio::migrate

#pragma once
// The local peer: plain SQLite with the same settings, one commit a turn, storage only. What
// somebody gets who writes each step of a workflow to a database by hand.

#include <filesystem>

namespace cloudfolio::bench {

// Runs `count` five-step sequences, one after the other: start, five times (result, next step),
// end: each turn a transaction of its own. Seconds, or negative if the database failed.
double raw_sqlite_sequences(const std::filesystem::path& directory, int count);

}  // namespace cloudfolio::bench

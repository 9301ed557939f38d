#pragma once
// What SQLite answered, as our codes. Only this room's sources call it.

#include <string_view>

#include "base/error.h"

struct sqlite3;

namespace cloudfolio::sqlite {

// The Error for `answer` (an SQLite result code that is not OK, ROW or DONE) of connection
// `handle`, which may be null. `what` says what was tried, `file` which database.
//
//  - full disk             → unavailable: nothing was lost, and the call succeeds once there is
//  space
//  - busy, locked          → unavailable: another process holds the write lock for too long
//  - damaged, no database  → corrupt, with the way out
//  - out of the I/O layer  → unavailable; a broken constraint → conflict; anything else → internal
Error error_from(sqlite3* handle, int answer, std::string_view what, std::string_view file);

}  // namespace cloudfolio::sqlite

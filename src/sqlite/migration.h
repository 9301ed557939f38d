#pragma once
// Numbered steps that make and change a database's tables.
//
// The list only grows: a released step is never edited, renumbered or removed, because files exist
// that ran it. Versions count up from 1; static_assert(numbered_from_one(kMigrations)).

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"

namespace cloudfolio::sqlite {

class Database;

struct Migration {
  int version = 0;
  std::string_view sql;  // One or more statements.
  // The oldest version whose program may go on reading and writing a file at this one, so that both
  // run side by side while one replaces the other; 0: this version's. An additive step (tables that
  // older programs do not know, columns with a default) names an older one.
  int readable_by = 0;
};

struct Schema {
  std::string_view name;            // For messages: "embedded store".
  std::int32_t application_id = 0;  // Written into the file's header: whose file it is. Not 0.
  std::span<const Migration> steps;
};

consteval bool numbered_from_one(std::span<const Migration> steps) {
  int expected = 1;
  for (const Migration& step : steps) {
    if (step.readable_by < 0 || step.readable_by > step.version) return false;
    if (step.version != expected++) return false;
  }
  return true;
}

// Brings the file up to the last step; a new file runs them all. Each step is one transaction with
// the note that it ran, so a crash in between leaves either; several processes may open at once.
// A file of a newer version is left as it is, and is good where its steps were `readable_by` this
// program's last one; which the file itself says (table schema_reader).
// Errors: invalid_argument if the file is from a newer version that this one cannot work with, or
// belongs to another program.
Status migrate(Database& database, const Schema& schema);

}  // namespace cloudfolio::sqlite

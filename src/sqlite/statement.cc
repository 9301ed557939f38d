#include "sqlite/statement.h"

#include <sqlite3.h>

#include <cerrno>
#include <utility>

#include "base/ensure.h"
#include "sqlite/database.h"
#include "sqlite/error.h"

namespace cloudfolio::sqlite {

namespace {

// An empty string_view may have no address, which SQLite would bind as NULL.
const char* address(std::string_view view) {
  return view.data() ? view.data() : "";
}

int bind_one(sqlite3_stmt* raw, int position, const Binding& value, sqlite3_destructor_type life) {
  switch (value.kind()) {
    case Binding::Kind::null:
      return sqlite3_bind_null(raw, position);
    case Binding::Kind::integer:
      return sqlite3_bind_int64(raw, position, value.integer());
    case Binding::Kind::real:
      return sqlite3_bind_double(raw, position, value.real());
    case Binding::Kind::text:
      return sqlite3_bind_text64(raw, position, address(value.view()), value.view().size(), life,
                                 SQLITE_UTF8);
    case Binding::Kind::bytes:
      return sqlite3_bind_blob64(raw, position, address(value.view()), value.view().size(), life);
  }
  return SQLITE_MISUSE;
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), raw_(std::exchange(other.raw_, nullptr)) {}

Statement::~Statement() {
  if (raw_) database_->give_back(raw_);
}

void Statement::reset() {
  sqlite3_reset(raw_);
  sqlite3_clear_bindings(raw_);
}

Error Statement::failed(int answer) {
  Error error = error_from(sqlite3_db_handle(raw_), answer, "run statement", database_->file());
  reset();
  return error;
}

Status Statement::bind_all(std::initializer_list<Binding> values, Copy copy) {
  sqlite3_reset(raw_);
  CF_ENSURE(int(values.size()) == sqlite3_bind_parameter_count(raw_), values.size(),
            sqlite3_sql(raw_));
  const auto life = copy == Copy::yes ? SQLITE_TRANSIENT : SQLITE_STATIC;
  int position = 0;
  for (const Binding& value : values) {
    const int answer = bind_one(raw_, ++position, value, life);
    if (answer != SQLITE_OK) return failed(answer);
  }
  return Done{};
}

Result<bool> Statement::step() {
  errno = 0;  // For error_from().
  const int answer = sqlite3_step(raw_);
  if (answer == SQLITE_ROW) return true;
  if (answer != SQLITE_DONE) return failed(answer);
  reset();
  return false;
}

Result<std::int64_t> Statement::run_bound() {
  int answer = SQLITE_ROW;
  errno = 0;  // For error_from().
  while (answer == SQLITE_ROW) answer = sqlite3_step(raw_);
  if (answer != SQLITE_DONE) return failed(answer);
  const std::int64_t changed_count =
      sqlite3_stmt_readonly(raw_) ? 0 : sqlite3_changes64(sqlite3_db_handle(raw_));
  reset();
  return changed_count;
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(raw_, column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(raw_, column);
}

double Statement::real(int column) const {
  return sqlite3_column_double(raw_, column);
}

std::string_view Statement::text(int column) const {
  const auto* text = sqlite3_column_text(raw_, column);
  if (!text) return {};
  return {reinterpret_cast<const char*>(text), std::size_t(sqlite3_column_bytes(raw_, column))};
}

std::string_view Statement::bytes(int column) const {
  const void* bytes = sqlite3_column_blob(raw_, column);
  if (!bytes) return {};
  return {static_cast<const char*>(bytes), std::size_t(sqlite3_column_bytes(raw_, column))};
}

std::optional<std::int64_t> Statement::optional_integer(int column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}

std::optional<std::string> Statement::optional_text(int column) const {
  if (is_null(column)) return std::nullopt;
  return std::string(text(column));
}

}  // namespace cloudfolio::sqlite

#pragma once
// One prepared statement, borrowed from its Database for as long as this object lives.
//
//   CF_TRY(auto find, db.statement("SELECT id, name FROM thing WHERE kind = ?1"));
//   CF_CHECK(find.bind(kind));
//   while (true) {
//     CF_TRY(const bool row, find.step());
//     if (!row) break;
//     use(find.integer(0), find.text(1));
//   }
//
//   CF_TRY(const auto changed_count, insert.run(1, "text", Bytes{blob}, nullptr));
//
// Promises: parameters are bound by position (?1 is the first), so no text ever becomes SQL. After
// an
//   error or the last row the statement is reset and may be bound again.
// Threads:  as its Database: one thread at a time.
// Lifetime: the Database outlives its statements. Views from text() and bytes() live until the next
//   step(), bind(), run() or the end of the statement.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3_stmt;

namespace cloudfolio::sqlite {

class Database;

// Marks what is stored as a BLOB; plain strings are stored as TEXT. A view: it owns nothing.
struct Bytes {
  std::string_view bytes;
};

// A value on its way into a statement. A view: it owns nothing.
class Binding {
 public:
  enum class Kind : std::uint8_t { null, integer, real, text, bytes };

  Binding(std::nullptr_t) {}
  template <std::integral Integer>
  Binding(Integer value) : kind_(Kind::integer), integer_(static_cast<std::int64_t>(value)) {}
  Binding(double value) : kind_(Kind::real), real_(value) {}
  Binding(const char* text) : Binding(std::string_view(text)) {}
  Binding(const std::string& text) : Binding(std::string_view(text)) {}
  Binding(std::string_view text) : kind_(Kind::text), view_(text) {}
  Binding(Bytes bytes) : kind_(Kind::bytes), view_(bytes.bytes) {}
  template <class Value>
  Binding(const std::optional<Value>& value)
      : Binding(value ? Binding(*value) : Binding(nullptr)) {}

  Kind kind() const { return kind_; }
  std::int64_t integer() const { return integer_; }
  double real() const { return real_; }
  std::string_view view() const { return view_; }

 private:
  Kind kind_ = Kind::null;
  std::int64_t integer_ = 0;
  double real_ = 0;
  std::string_view view_;
};

class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Starts over with these parameters; their bytes are copied.
  template <class... Values>
  Status bind(const Values&... values) {
    return bind_all({Binding(values)...}, Copy::yes);
  }
  // True: a row is there to be read. False: that was all.
  Result<bool> step();
  // Binds and runs to the end; the number of rows inserted, changed or deleted.
  template <class... Values>
  Result<std::int64_t> run(const Values&... values) {
    CF_CHECK(bind_all({Binding(values)...}, Copy::no));
    return run_bound();
  }

  // Columns of the current row, from 0.
  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;
  std::string_view bytes(int column) const;
  std::optional<std::int64_t> optional_integer(int column) const;
  std::optional<std::string> optional_text(int column) const;

 private:
  friend class Database;
  enum class Copy : std::uint8_t { no, yes };
  Statement(Database& database, sqlite3_stmt* raw) : database_(&database), raw_(raw) {}
  Status bind_all(std::initializer_list<Binding> values, Copy copy);
  Result<std::int64_t> run_bound();
  void reset();
  Error failed(int answer);

  Database* database_;
  sqlite3_stmt* raw_;
};

}  // namespace cloudfolio::sqlite

#include "sqlite/error.h"

#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>

namespace cloudfolio::sqlite {

namespace {

std::string folder_of(std::string_view file) {
  const auto folder = std::filesystem::path(file).parent_path().string();
  return folder.empty() ? "." : folder;
}

Error disk_full(std::string_view file) {
  return Error(Code::unavailable, "disk full: free space in " + folder_of(file) +
                                      "; nothing was lost, and the same call succeeds afterwards");
}

Error damaged(const std::string& detail, std::string_view file) {
  const std::string name(file);
  return Error(Code::corrupt,
               name + " is damaged or is no database (" + detail +
                   "): stop the program, keep a copy of the file, and restore it from a backup; "
                   "without one, `sqlite3 " +
                   name + " .recover` saves what can be read, and an empty folder starts afresh");
}

Error input_output(sqlite3* handle, int system_errno, const std::string& detail,
                   std::string_view file) {
  // SQLite keeps the cause of some failures only; of a failing commit it is what the system said
  // last.
  const int kept = handle ? sqlite3_system_errno(handle) : 0;
  const int cause = kept != 0 ? kept : system_errno;
  if (cause == ENOSPC || cause == EDQUOT || cause == EFBIG) return disk_full(file);
  std::string message = std::string(file) + ": " + detail;
  if (cause != 0) message += std::string(" (") + std::strerror(cause) + ")";
  return Error(Code::unavailable,
               message + ": check the disk and the rights on " + folder_of(file));
}

Error plain(sqlite3* handle, int answer, int system_errno, std::string_view file) {
  const std::string detail = handle ? sqlite3_errmsg(handle) : sqlite3_errstr(answer);
  switch (answer & 0xff) {
    case SQLITE_FULL:
      return disk_full(file);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return damaged(detail, file);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(Code::unavailable, std::string(file) + " is held by another process: " + detail +
                                          "; the same call succeeds once that has finished");
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return input_output(handle, system_errno, detail, file);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return Error(Code::permission_denied,
                   std::string(file) + ": " + detail + ": check the rights on " + folder_of(file));
    case SQLITE_CONSTRAINT:
      return Error(Code::conflict, detail);
    case SQLITE_TOOBIG:
      return Error(Code::invalid_argument, detail);
    default:
      return Error(Code::internal, std::string(file) + ": " + detail);
  }
}

}  // namespace

Error error_from(sqlite3* handle, int answer, std::string_view what, std::string_view file) {
  const int system_errno = errno;
  return plain(handle, answer, system_errno, file).while_doing(what);
}

}  // namespace cloudfolio::sqlite

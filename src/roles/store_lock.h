#pragma once
// StoreLock: which process runs the orchestrations of an embedded store, and where it can be asked.
//
// One process at a time owns a store's scheduler. It holds a lock on DATA/owner for as long as it
// lives (the system takes it back when the process dies, however it dies) and writes there who it
// is; a server also writes its address, so that the command line talks to it instead.

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"

namespace cloudfolio::roles {

struct StoreOwner {
  long process_id = 0;
  std::string url;  // Empty: not a server.
};

class StoreLock {
 public:
  // What of a store one process owns: its orchestrations, or the address at which a gateway that
  // runs apart from them serves.
  enum class Of { orchestrations, gateway };

  // Creates the folder where it is missing. Errors: unavailable where another process owns the
  // store (read_owner says who), permission_denied or invalid_argument where the folder cannot be
  // used.
  static Result<StoreLock> acquire(const std::filesystem::path& data, Of what = Of::orchestrations);
  // Who owns the store now; nullopt where nobody does.
  static std::optional<StoreOwner> read_owner(const std::filesystem::path& data,
                                              Of what = Of::orchestrations);

  StoreLock(StoreLock&& other) noexcept;
  StoreLock& operator=(StoreLock&& other) noexcept;
  ~StoreLock();

  // Says under which address this process serves.
  Status announce(const std::string& url);

 private:
  explicit StoreLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace cloudfolio::roles

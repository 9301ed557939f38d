#pragma once
// Makes shared access signatures, which the program itself only ever gets from outside ("Create an
// account SAS", "Create a service SAS", learn.microsoft.com/rest/api/storageservices).

#include <string>

#include "storage/azure/account.h"

namespace cloudfolio::storage::azure {

struct SharedAccessOptions {
  std::string permissions;
  std::string expiry;  // "2026-11-22T18:00:00Z"
};

// The account with its key exchanged for a signature over all services and resource types.
Account with_account_signature(const Account& account, const SharedAccessOptions& options);
// For one container, queue or table; the signature is good for that service alone.
Account with_container_signature(const Account& account, const std::string& container,
                                 const SharedAccessOptions& options);
Account with_queue_signature(const Account& account, const std::string& queue,
                             const SharedAccessOptions& options);
Account with_table_signature(const Account& account, const std::string& table,
                             const SharedAccessOptions& options);

}  // namespace cloudfolio::storage::azure

#pragma once
// Sending a large blob as blocks ("Put Block", "Put Block List").

#include <memory>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "storage/azure/service.h"

namespace cloudfolio::storage::azure {

// Sends `bytes` as blocks that nobody sees yet, and returns the body that makes them the blob.
// Their ids are this upload's own, so that two uploads of one blob do not mix. What is never
// committed is dropped by the service after a week, or by the next write of the blob. A reply that
// is no success is returned as its error; not_found: there is no such container.
Result<std::string> send_blocks(const Context& ctx, Service& service, const std::string& path,
                                const std::string& bytes, const http::Headers& lease);

}  // namespace cloudfolio::storage::azure

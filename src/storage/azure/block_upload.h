#pragma once
// Sending a large blob as blocks ("Put Block", "Put Block List").

#include <memory>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "storage/azure/service.h"

namespace cloudfolio::storage::azure {

// Names one upload, so that the blocks of two uploads of one blob do not mix.
std::string new_upload();
// Of the upload's block `number`, from 0.
std::string block_id(const std::string& upload, std::size_t number);
// Sends one block. not_found: there is no such container.
Status put_block(const Context& ctx, Service& service, const std::string& path,
                 const std::string& id, std::shared_ptr<const std::string> bytes,
                 const http::Headers& lease);
// The body that makes the blocks `ids`, in this order, the blob.
std::string block_list(const std::vector<std::string>& ids);

// Sends `bytes` as blocks that nobody sees yet, and returns the body that makes them the blob.
// What is never committed is dropped by the service after a week, or by the next write of the blob.
// A reply that is no success is returned as its error; not_found: there is no such container.
Result<std::string> send_blocks(const Context& ctx, Service& service, const std::string& path,
                                const std::string& bytes, const http::Headers& lease);

}  // namespace cloudfolio::storage::azure

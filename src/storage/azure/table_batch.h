#pragma once
// Batches of a Table service ("Performing entity group transactions"): a multipart request, and
// what its answer says.
//
// An answer of 202 may hold a refusal: then it has one part, whose message begins with the number
// of the action.

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "storage/azure/wire_request.h"
#include "storage/table.h"

namespace cloudfolio::storage::azure {

// `parts` as action_request() makes them; `url` is the service's.
WireRequest batch_request(const std::string& url, const std::vector<WireRequest>& parts);

struct RefusedPart {
  std::size_t index = 0;
  Reply reply;
};
// The ETags in the order of the parts (empty after a removal), or the part that was refused.
using BatchReply = std::variant<std::vector<ETag>, RefusedPart>;

// Code::corrupt where the body is no answer to `part_count` parts.
Result<BatchReply> batch_reply_from(std::string_view body, std::size_t part_count);

}  // namespace cloudfolio::storage::azure

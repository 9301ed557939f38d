#pragma once
// Messages as the Queue service's XML, and back.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/queue.h"

namespace cloudfolio::storage::azure {

std::string message_xml(std::string_view body);

// What the service says of a message that it gave out, took in or showed. Without a receipt where
// it was only shown. Code::corrupt where something is missing or unreadable.
Result<std::vector<ReceivedMessage>> messages_from(std::string_view xml);

}  // namespace cloudfolio::storage::azure

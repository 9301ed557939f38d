#pragma once
// What the services say about a failure: XML from Blob and Queue, JSON from Table, XML from either
// where it was refused early, sometimes nothing; the header x-ms-error-code where there is one.

#include "storage/azure/wire_request.h"

namespace cloudfolio::storage::azure {

// The reply with its code and detail; never fails, whatever the body holds.
Reply read_reply(http::Response response);

}  // namespace cloudfolio::storage::azure

#pragma once
// Answers in JSON: two-space indent and "application/json; charset=utf-8", as the original wrote
// them.

#include <string_view>

#include "base/error.h"
#include "http/message.h"
#include "json/json_fwd.h"

namespace cloudfolio::http {

Response json_response(int status, const json::Value& value);
// {"error": message}
Response error_response(int status, std::string_view message);
// The status that a code stands for; internal and corrupt are both 500.
int status_of(Code code);

}  // namespace cloudfolio::http

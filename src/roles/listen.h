#pragma once
// HOST:PORT as it is written on the command line and in the configuration.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cloudfolio::roles {

struct Listen {
  std::string address;     // Without brackets.
  std::uint16_t port = 0;  // 0: a free one.
};

// "127.0.0.1:7071", "localhost:0", "[::1]:7071". Errors: invalid_argument, saying what is expected.
Result<Listen> parse_listen(std::string_view text);

}  // namespace cloudfolio::roles

#include "roles/listen.h"

#include <charconv>

namespace cloudfolio::roles {

Result<Listen> parse_listen(std::string_view text) {
  const Error wrong(Code::invalid_argument,
                    "'" + std::string(text) +
                        "' is no HOST:PORT; write 127.0.0.1:7071, or port 0 "
                        "for a free one");
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return wrong;
  std::string_view address = text.substr(0, colon);
  if (address.front() == '[' && address.back() == ']') {
    address = address.substr(1, address.size() - 2);
  }
  const std::string_view digits = text.substr(colon + 1);
  Listen listen{std::string(address), 0};
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), listen.port);
  if (error != std::errc() || end != digits.data() + digits.size() || address.empty()) return wrong;
  return listen;
}

}  // namespace cloudfolio::roles

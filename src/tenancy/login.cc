#include "tenancy/login.h"

#include <string>

namespace cloudfolio::tenancy {

namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string shown(std::string_view login) {
  constexpr std::size_t kShownMax = 60;
  std::string text;
  for (const char c : login.substr(0, kShownMax)) text += (c >= 0x20 && c < 0x7f) ? c : '?';
  return login.size() > kShownMax ? text + "…" : text;
}

Error wrong(std::string_view login, std::string_view what) {
  return Error(Code::invalid_argument, "'" + shown(login) +
                                           "' is not a GitHub login: " + std::string(what) +
                                           "; give the name as in github.com/NAME");
}

}  // namespace

Result<TenantId> tenant_from_login(std::string_view login) {
  if (login.empty()) return wrong(login, "it is empty");
  if (login.size() > kLoginLengthMax) return wrong(login, "it is longer than 39 characters");
  bool has_name = false;
  std::string folded;
  folded.reserve(login.size());
  for (const char c : login) {
    if (!is_letter_or_digit(c) && c != '-' && c != '_')
      return wrong(login, "only letters, digits, '-' and '_' may be in it");
    has_name = has_name || is_letter_or_digit(c);
    folded += (c >= 'A' && c <= 'Z') ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if (!has_name) return wrong(login, "it has no letter or digit");
  if (folded.front() == '_') return wrong(login, "it begins with '_'");
  return TenantId(std::move(folded));
}

}  // namespace cloudfolio::tenancy

#include "storage/azure/wire_request.h"

namespace cloudfolio::storage::azure {

std::string_view to_string(ServiceKind kind) {
  switch (kind) {
    case ServiceKind::blob:
      return "blob";
    case ServiceKind::queue:
      return "queue";
    case ServiceKind::table:
      return "table";
  }
  return "";
}

std::string lower_case(std::string_view name) {
  std::string folded(name);
  for (char& c : folded) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c;
  return folded;
}

std::string Reply::header(std::string_view name) const {
  return std::string(response.headers.find(name).value_or(std::string_view()));
}

}  // namespace cloudfolio::storage::azure

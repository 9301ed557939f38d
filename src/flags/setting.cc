#include "flags/setting.h"

#include <algorithm>

namespace cloudfolio::flags {
namespace {

constexpr std::size_t kShareLengthMax = 7;  // "100.00%"

Error not_a_share(std::string_view text) {
  return Error(Code::invalid_argument,
               "'" + std::string(text.substr(0, 40)) +
                   "' is no value of a flag: on, off, default, or a share from 0% to 100% in steps "
                   "of 0.01%, such as 25%");
}

std::optional<std::uint32_t> digits(std::string_view text) {
  if (text.empty() || text.size() > kShareLengthMax) return std::nullopt;
  std::uint32_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return number;
}

}  // namespace

Result<Share> share_from(std::string_view text) {
  if (text == "on") return Share(kEverybody);
  if (text == "off") return Share(0);
  if (text == "default") return Share();
  if (!text.ends_with('%') || text.size() > kShareLengthMax) return not_a_share(text);
  const std::string_view number = text.substr(0, text.size() - 1);
  const std::size_t point = number.find('.');
  const auto whole = digits(number.substr(0, point));
  if (!whole) return not_a_share(text);
  std::uint32_t basis_points = *whole * 100;
  if (point != std::string_view::npos) {
    const std::string_view fraction = number.substr(point + 1);
    const auto hundredths = digits(fraction);
    if (!hundredths || fraction.size() > 2) return not_a_share(text);
    basis_points += fraction.size() == 1 ? *hundredths * 10 : *hundredths;
  }
  if (basis_points > kEverybody) return not_a_share(text);
  return Share(basis_points);
}

std::string to_string(const Share& share) {
  if (!share) return "default";
  if (*share == 0) return "off";
  if (*share == kEverybody) return "on";
  std::string text = std::to_string(*share / 100);
  if (const std::uint32_t hundredths = *share % 100; hundredths != 0) {
    text += '.';
    text += static_cast<char>('0' + hundredths / 10);
    if (hundredths % 10 != 0) text += static_cast<char>('0' + hundredths % 10);
  }
  return text + "%";
}

std::string_view to_string(Decision::Why why) {
  switch (why) {
    case Decision::Why::standard:
      return "default";
    case Decision::Why::share:
      return "share";
    case Decision::Why::tenant:
      return "tenant";
    case Decision::Why::turned_back:
      return "turned back";
    case Decision::Why::stale:
      return "stale";
  }
  return "default";
}

Decision decide(std::string_view flag, bool standard, const Setting& setting,
                const TenantId& tenant) {
  Decision decision{std::string(flag), standard, setting.version, Decision::Why::standard};
  if (!tenant.empty()) {
    if (const auto own = setting.tenants.find(tenant); own != setting.tenants.end()) {
      decision.value = own->second;
      decision.why = Decision::Why::tenant;
      return decision;
    }
  }
  if (!setting.share) return decision;
  const std::uint32_t share = std::min(*setting.share, kEverybody);
  if (share != 0 && share != kEverybody && tenant.empty()) return decision;
  decision.why = setting.armed ? Decision::Why::share : Decision::Why::turned_back;
  decision.value = share == kEverybody || (share != 0 && bucket_of(flag, tenant.str()) < share);
  return decision;
}

}  // namespace cloudfolio::flags

#include "telemetry/trace.h"

#include <algorithm>

namespace cloudfolio::telemetry {
namespace {

constexpr std::size_t kTraceDigits = 32;
constexpr std::size_t kSpanDigits = 16;

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_id(std::string_view text) {
  return is_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

std::string hex_of(std::uint64_t number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t at = 16; at-- > 0; number >>= 4) text[at] = kDigits[number & 15];
  return text;
}

// Never all zero, which the recommendation forbids.
std::string fresh_span(SharedRandom& random) {
  std::uint64_t number = 0;
  while (number == 0) number = random.next();
  return hex_of(number);
}

}  // namespace

std::optional<TraceParent> parse_traceparent(std::string_view header) {
  constexpr std::size_t kLength = 2 + 1 + kTraceDigits + 1 + kSpanDigits + 1 + 2;
  if (header.size() < kLength) return std::nullopt;
  const std::string_view version = header.substr(0, 2);
  const std::string_view trace = header.substr(3, kTraceDigits);
  const std::string_view span = header.substr(36, kSpanDigits);
  const std::string_view flags = header.substr(53, 2);
  const bool dashes = header[2] == '-' && header[35] == '-' && header[52] == '-';
  if (!dashes || !is_hex(version) || version == "ff" || !is_hex(flags)) return std::nullopt;
  if (!is_id(trace) || !is_id(span)) return std::nullopt;
  if (version == "00" && header.size() != kLength) return std::nullopt;
  if (header.size() > kLength && header[kLength] != '-') return std::nullopt;
  const int low = flags[1] <= '9' ? flags[1] - '0' : flags[1] - 'a' + 10;
  return TraceParent{TraceId(std::string(trace)), std::string(span), (low & 1) != 0};
}

std::string to_text(const TraceParent& parent) {
  return "00-" + parent.trace.str() + "-" + parent.span + (parent.sampled ? "-01" : "-00");
}

TraceParent make_trace(SharedRandom& random) {
  const std::string high = fresh_span(random);
  return {TraceId(high + hex_of(random.next())), fresh_span(random), true};
}

TraceParent child_of(const TraceParent& parent, SharedRandom& random) {
  return {parent.trace, fresh_span(random), parent.sampled};
}

}  // namespace cloudfolio::telemetry

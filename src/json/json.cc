#include "json/json.h"

#include <algorithm>
#include <boost/json/stream_parser.hpp>
#include <string>

namespace cloudfolio::json {
namespace {

// "line 3, column 14", both from 1, columns in bytes.
std::string place_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto line_start = before.rfind('\n');
  const std::size_t column =
      line_start == std::string_view::npos ? before.size() + 1 : before.size() - line_start;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

Error not_json(std::string_view text, std::size_t offset, std::string_view what) {
  return Error(Code::invalid_argument,
               "not JSON: " + place_of(text, offset) + ": " + std::string(what));
}

std::string explain(const boost::system::error_code& code, const ParseLimits& limits) {
  if (code == boost::json::error::too_deep)
    return "nested deeper than " + std::to_string(limits.depth_max) + " levels";
  if (code == boost::json::error::incomplete) return "the text ends too early";
  return code.message();
}

}  // namespace

Result<Value> parse(std::string_view text, ParseLimits limits) {
  if (text.size() > limits.bytes_max)
    return Error(Code::invalid_argument, "not read as JSON: " + std::to_string(text.size()) +
                                             " bytes, at most " + std::to_string(limits.bytes_max) +
                                             " are allowed");
  boost::json::parse_options options;
  options.max_depth = limits.depth_max;
  boost::json::stream_parser parser({}, options);
  boost::system::error_code failed;
  const std::size_t read = parser.write_some(text.data(), text.size(), failed);
  if (failed) return not_json(text, read, explain(failed, limits));
  if (read < text.size()) return not_json(text, read, "more text after the end of the value");
  parser.finish(failed);
  if (failed) return not_json(text, text.size(), explain(failed, limits));
  return parser.release();
}

Result<Object> parse_object(std::string_view text, ParseLimits limits) {
  CF_TRY(Value value, parse(text, limits));
  if (!value.is_object())
    return Error(Code::invalid_argument,
                 "expected a JSON object, found " + std::string(type_name(value)));
  return std::move(value.get_object());
}

}  // namespace cloudfolio::json

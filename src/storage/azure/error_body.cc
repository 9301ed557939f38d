#include "storage/azure/error_body.h"

#include "json/json.h"
#include "storage/azure/xml.h"

namespace cloudfolio::storage::azure {
namespace {

// A longer body is no error message.
constexpr std::size_t kErrorBytesMax = 64 * kKiB;
constexpr std::size_t kDetailBytesMax = 300;

// Without the request's id and the time, which follow on their own lines.
std::string first_line(std::string_view text) {
  return std::string(text.substr(0, std::min(text.find('\n'), kDetailBytesMax)));
}

void read_xml(std::string_view body, Reply& reply) {
  const auto document = XmlDocument::parse(body);
  if (!document) return;
  const XmlElement error = document->root();
  if (reply.code.empty()) reply.code = error.text_of("Code");
  reply.detail = first_line(error.text_of("Message"));
  if (const std::string more = error.text_of("AuthenticationErrorDetail"); !more.empty())
    reply.detail += " (" + first_line(more) + ")";
}

void read_json(std::string_view body, Reply& reply) {
  const auto object = json::parse_object(body);
  if (!object) return;
  const json::Object* error = json::find_object(*object, "odata.error");
  if (!error) return;
  if (reply.code.empty()) reply.code = json::find_string(*error, "code").value_or("");
  if (const json::Object* message = json::find_object(*error, "message"))
    reply.detail = first_line(json::find_string(*message, "value").value_or(""));
}

}  // namespace

Reply read_reply(http::Response response) {
  Reply reply;
  reply.response = std::move(response);
  if (reply.status() < 400) return reply;
  reply.code = reply.header("x-ms-error-code");
  const std::string_view body = reply.response.body.view();
  if (body.size() > kErrorBytesMax) return reply;
  const std::size_t first = body.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (first == std::string_view::npos) return reply;
  if (body[first] == '<') read_xml(body, reply);
  if (body[first] == '{') read_json(body.substr(first), reply);
  return reply;
}

}  // namespace cloudfolio::storage::azure

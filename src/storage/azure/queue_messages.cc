#include "storage/azure/queue_messages.h"

#include <charconv>

#include "storage/azure/wire_time.h"
#include "storage/azure/xml.h"

namespace cloudfolio::storage::azure {
namespace {

// A message without an end is said to end with the year 9999.
constexpr Clock::WallTime kNeverFrom{std::chrono::sys_days(std::chrono::year(9999) / 1 / 1)};

Error unreadable(std::string_view what) {
  return Error(Code::corrupt, "the queue service's answer has no readable " + std::string(what));
}

Result<ReceivedMessage> message_from(const XmlElement& element) {
  ReceivedMessage received;
  Message& message = received.message;
  message.id = MessageId(element.text_of("MessageId"));
  if (message.id.empty()) return unreadable("MessageId");
  message.body = element.text_of("MessageText");
  const auto inserted = wire_time_from(element.text_of("InsertionTime"));
  const auto expires = wire_time_from(element.text_of("ExpirationTime"));
  if (!inserted || !expires) return unreadable("time");
  message.inserted_at = *inserted;
  if (*expires < kNeverFrom) message.expires_at = *expires;
  const std::string count = element.text_of("DequeueCount");
  std::from_chars(count.data(), count.data() + count.size(), message.dequeue_count);
  received.receipt = PopReceipt(element.text_of("PopReceipt"));
  if (const auto visible = wire_time_from(element.text_of("TimeNextVisible")))
    received.visible_at = *visible;
  return received;
}

}  // namespace

std::string message_xml(std::string_view body) {
  return "<?xml version=\"1.0\" encoding=\"utf-8\"?><QueueMessage><MessageText>" +
         xml_escaped(body) + "</MessageText></QueueMessage>";
}

Result<std::vector<ReceivedMessage>> messages_from(std::string_view xml) {
  CF_TRY(const XmlDocument document, XmlDocument::parse(xml));
  std::vector<ReceivedMessage> messages;
  for (const XmlElement& element : document.root().children()) {
    if (element.name() != "QueueMessage") continue;
    CF_TRY(ReceivedMessage message, message_from(element));
    messages.push_back(std::move(message));
  }
  return messages;
}

}  // namespace cloudfolio::storage::azure

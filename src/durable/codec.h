#pragma once
// Histories as bytes: Durable Task's HistoryEvent and HistoryChunk messages
// (docs/formats/history.md).
//
// Promises: decode(encode(e)) == e; bytes written by any release are read by every later one; an
// event of an unknown kind survives unchanged. Field numbers are the protocol's: never renumber.
// Errors: corrupt, where bytes are no such message.

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "durable/history.h"

namespace cloudfolio::durable {

std::string encode(const HistoryEvent& event);
Result<HistoryEvent> decode_event(std::string_view bytes);

// Several events in one message, in order.
std::string encode_chunk(std::span<const HistoryEvent> events);
// Appends the chunk's events to `history`.
Status decode_chunk(std::string_view bytes, History& history);

// TaskFailureDetails.
std::string encode(const Failure& failure);
Result<Failure> decode_failure(std::string_view bytes);
// A map<string, string> as field 1.
std::string encode(const Tags& tags);
Result<Tags> decode_tags(std::string_view bytes);

}  // namespace cloudfolio::durable

#pragma once
// The only code that knows table `message`.
//
// Threads: as the Database of each call. Errors: as sqlite/database.h.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/queue.h"

namespace cloudfolio::sqlite {
class Database;
}

namespace cloudfolio::storage::embedded {

struct MessageRow {
  std::int64_t id = 0;
  Message message;
  std::int64_t receipt = 0;
};

struct NewMessage {
  std::string body;
  Clock::WallTime inserted_at;
  Clock::WallTime visible_at;
  std::optional<Clock::WallTime> expires_at;
  std::int64_t receipt = 0;
};

struct MessageHold {
  std::int64_t receipt = 0;
  Clock::WallTime visible_at;
  std::uint32_t dequeue_count = 0;
};

// The new message's id.
Result<std::int64_t> insert_message(sqlite::Database& db, std::int64_t place,
                                    const NewMessage& message);
// The first `count` visible ones that have not expired.
Result<std::vector<MessageRow>> visible_messages(sqlite::Database& db, std::int64_t place,
                                                 Clock::WallTime now, std::size_t count);
// Deletes up to `count` expired ones among the first visible ones; how many.
Result<std::int64_t> delete_expired(sqlite::Database& db, std::int64_t place, Clock::WallTime now,
                                    std::size_t count);
// Nothing if it is gone or has expired.
Result<std::optional<MessageRow>> find_message(sqlite::Database& db, std::int64_t place,
                                               std::int64_t id, Clock::WallTime now);
Status hold_message(sqlite::Database& db, std::int64_t id, const MessageHold& hold,
                    const std::optional<std::string>& body);
Status delete_message(sqlite::Database& db, std::int64_t id);
Status delete_messages(sqlite::Database& db, std::int64_t place);
Result<std::int64_t> count_messages(sqlite::Database& db, std::int64_t place);
Result<std::optional<Clock::WallTime>> next_visible(sqlite::Database& db, std::int64_t place);

}  // namespace cloudfolio::storage::embedded

#include "storage_crash_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/clock.h"
#include "sqlite/database.h"
#include "storage/embedded/embedded.h"

namespace cloudfolio::crash {

namespace {

using namespace storage;

std::unique_ptr<Storage> open_store(const std::filesystem::path& directory, const Clock& clock) {
  auto opened =
      embedded::open({.directory = directory, .leftover_age = std::chrono::seconds(0)}, clock);
  EXPECT_TRUE(opened) << opened.error().message();
  return opened ? *std::move(opened) : nullptr;
}

std::unique_ptr<sqlite::Database> open_database(const std::filesystem::path& directory) {
  auto opened = sqlite::Database::open({.file = directory / embedded::kDatabaseFile});
  EXPECT_TRUE(opened) << opened.error().message();
  return opened ? *std::move(opened) : nullptr;
}

}  // namespace

void Model::hear(const Report& report) {
  ++heard_count_;
  const Message message{report.worker, report.number};
  switch (report.said) {
    case Said::put:
      blobs_[{report.worker, report.number % kSlots}] = report.number;
      break;
    case Said::sent:
      sent_.insert(message);
      break;
    case Said::removing:
      removing_.insert(message);
      return;
    case Said::removed:
      sent_.erase(message);
      removing_.erase(message);
      return;
    case Said::booked:
      booked_[report.worker].insert(report.number);
      break;
  }
  highest_[report.worker] = std::max(highest_[report.worker], report.number);
}

bool Model::may_have_happened(std::uint32_t worker, std::uint64_t number) const {
  return number == highest_[worker] || number == highest_[worker] + 1;
}

void Model::check(const std::filesystem::path& directory) {
  const auto database = open_database(directory);
  ASSERT_TRUE(database);
  const auto whole = database->check_integrity();
  ASSERT_TRUE(whole) << whole.error().message();
  check_blobs(directory);
  check_messages(directory);
  check_bookings(directory);
  check_files(directory);
  for (std::uint64_t& highest : highest_)
    ++highest;  // The step that was cut off is not taken again.
}

void Model::check_blobs(const std::filesystem::path& directory) {
  const SystemClock clock;
  const auto storage = open_store(directory, clock);
  ASSERT_TRUE(storage);
  BlobStore& blobs = **storage->blobs(kContainer);
  for (std::uint32_t w = 0; w < kWorkers; ++w) {
    for (std::uint64_t slot = 0; slot < kSlots; ++slot) {
      const bool known = blobs_.contains({w, slot});
      const auto blob = blobs.get(Context(), BlobKey(blob_key(w, slot)));
      if (!blob) {
        EXPECT_EQ(blob.error().code(), Code::not_found) << blob.error().message();
        EXPECT_FALSE(known) << "lost: worker " << w << " slot " << slot;
        continue;
      }
      const std::uint64_t number = std::stoull(blob->bytes);
      EXPECT_TRUE((known && blobs_[{w, slot}] == number) || may_have_happened(w, number))
          << "worker " << w << " slot " << slot << " holds step " << number;
      EXPECT_TRUE(blob->bytes == blob_bytes(w, number)) << "half written: step " << number;
      blobs_[{w, slot}] = number;
    }
  }
}

void Model::check_messages(const std::filesystem::path& directory) {
  const auto database = open_database(directory);
  auto select = database->statement("SELECT body FROM message");
  ASSERT_TRUE(select) << select.error().message();
  std::set<Message> found;
  while (*select->step()) {
    const std::string body(select->text(0));
    const auto colon = body.find(':');
    const Message message(std::stoul(body), std::stoull(body.substr(colon + 1)));
    EXPECT_TRUE(found.insert(message).second) << "twice: " << body;
    EXPECT_TRUE(sent_.contains(message) || may_have_happened(message.first, message.second))
        << "removed, or never sent: " << body;
  }
  for (const Message& message : sent_) {
    EXPECT_TRUE(found.contains(message) || removing_.contains(message))
        << "lost: " << message.first << ":" << message.second;
  }
  sent_ = std::move(found);
  removing_.clear();
}

void Model::check_bookings(const std::filesystem::path& directory) {
  const SystemClock clock;
  const auto storage = open_store(directory, clock);
  ASSERT_TRUE(storage);
  Table& table = **storage->table(kTable);
  for (std::uint32_t w = 0; w < kWorkers; ++w) {
    const std::string partition = std::to_string(w);
    std::set<std::uint64_t> events;
    TableQuery query{.partition = partition, .row_from = "event-", .row_before = "event."};
    do {
      const auto page = table.query(Context(), query);
      ASSERT_TRUE(page) << page.error().message();
      for (const Entity& entity : page->entities)
        events.insert(std::stoull(entity.key.row.substr(6)));
      query.continuation = page->continuation;
    } while (!query.continuation.empty());
    for (const std::uint64_t number : booked_[w])
      EXPECT_TRUE(events.contains(number)) << "lost: " << number;
    for (const std::uint64_t number : events) {
      EXPECT_TRUE(booked_[w].contains(number) || may_have_happened(w, number)) << number;
    }
    const auto sum = table.get(Context(), {partition, "sum"});
    const auto count = sum ? std::get<std::int64_t>(sum->values.at("count")) : 0;
    EXPECT_EQ(std::size_t(count), events.size()) << "half a batch: worker " << w;
    booked_[w] = std::move(events);
  }
}

// Every row's file is there and, after the sweep at opening, no other.
void Model::check_files(const std::filesystem::path& directory) {
  std::set<std::string> on_disk;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory / "blobs")) {
    if (entry.is_regular_file()) on_disk.insert(entry.path().filename().string());
  }
  std::set<std::string> in_rows;
  const auto database = open_database(directory);
  auto select = database->statement("SELECT file FROM blob WHERE file IS NOT NULL");
  ASSERT_TRUE(select);
  while (*select->step()) in_rows.insert(std::string(select->text(0)));
  EXPECT_EQ(on_disk, in_rows);
}

}  // namespace cloudfolio::crash

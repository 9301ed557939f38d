#pragma once
// The process that is killed: several threads that write to an embedded store and say so.

#include <cstdint>
#include <filesystem>
#include <string>

namespace cloudfolio::crash {

inline constexpr std::uint32_t kWorkers = 4;
inline constexpr std::uint64_t kSlots = 8;  // Blob keys of each worker, used in turn.

// On the pipe: worker `worker` got the answer for its step `number`. `removing` is said before.
enum class Said : std::uint32_t { put, sent, removing, removed, booked };
struct Report {
  Said said = Said::put;
  std::uint32_t worker = 0;
  std::uint64_t number = 0;  // removing and removed: the message's number, `worker` its sender.
};

// What step `number` of a worker writes; every fifth is large enough to become a file.
std::string blob_key(std::uint32_t worker, std::uint64_t number);
std::string blob_bytes(std::uint32_t worker, std::uint64_t number);
std::string message_body(std::uint32_t worker, std::uint64_t number);

inline constexpr const char* kContainer = "crash";
inline constexpr const char* kQueue = "crash";
inline constexpr const char* kTable = "Crash";

// Opens the store and works, from step first[w] on for worker w, until it is killed; a report on
// `pipe` follows every answer. Returns only if something failed.
int work_until_killed(const std::filesystem::path& directory,
                      const std::uint64_t (&first)[kWorkers], int pipe);

}  // namespace cloudfolio::crash

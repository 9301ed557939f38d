#include "encoder/checkpoint.h"

#include <algorithm>
#include <cstring>

namespace cloudfolio::encoder {
namespace {

constexpr char kMagic[] = {'C', 'F', 'C', 'K', 'P', 'T', '0', '1'};

Error damaged() {
  return Error(Code::corrupt, "the checkpoint is damaged, cut, or of another version");
}

}  // namespace

void Checksum::add(const void* data, std::size_t bytes_count) {
  constexpr std::uint64_t kPrime = 0x100000001b3U;
  const auto* at = static_cast<const unsigned char*>(data);
  while (bytes_count > 0) {
    std::uint64_t word = 0;
    const std::size_t count = std::min(bytes_count, sizeof word);
    std::memcpy(&word, at, count);
    value_ = (value_ ^ word) * kPrime;
    value_ ^= value_ >> 29;
    at += count;
    bytes_count -= count;
  }
}

CheckpointWriter::CheckpointWriter(const CheckpointSink& sink) : sink_(sink) {
  write(kMagic, sizeof kMagic);
}

void CheckpointWriter::write(const void* data, std::size_t bytes_count) {
  if (!so_far_ || bytes_count == 0) return;
  checksum_.add(data, bytes_count);
  so_far_ = sink_({static_cast<const char*>(data), bytes_count});
}

void CheckpointWriter::section(const void* data, std::size_t bytes_count) {
  const auto length = static_cast<std::uint64_t>(bytes_count);
  write(&length, sizeof length);
  write(data, bytes_count);
}

Status CheckpointWriter::finish() {
  const std::uint64_t sum = checksum_.value();
  write(&sum, sizeof sum);
  return so_far_;
}

Status CheckpointReader::begin() {
  char magic[sizeof kMagic];
  CF_CHECK(read(magic, sizeof magic));
  return std::memcmp(magic, kMagic, sizeof magic) == 0 ? Status(Done{}) : damaged();
}

Status CheckpointReader::read(void* data, std::size_t bytes_count) {
  auto* to = static_cast<char*>(data);
  for (std::size_t done = 0; done < bytes_count;) {
    if (at_ == piece_.size()) {
      CF_TRY(piece_, source_());
      at_ = 0;
      if (piece_.empty()) return damaged();
    }
    const std::size_t count = std::min(bytes_count - done, piece_.size() - at_);
    std::memcpy(to + done, piece_.data() + at_, count);
    done += count;
    at_ += count;
  }
  checksum_.add(data, bytes_count);
  return Done{};
}

Result<std::size_t> CheckpointReader::length() {
  std::uint64_t length = 0;
  CF_CHECK(read(&length, sizeof length));
  return static_cast<std::size_t>(length);
}

Status CheckpointReader::section(void* data, std::size_t bytes_count) {
  CF_TRY(const std::size_t count, length());
  if (count != bytes_count) return damaged();
  return read(data, bytes_count);
}

Result<std::string> CheckpointReader::text(std::size_t bytes_max) {
  CF_TRY(const std::size_t count, length());
  if (count > bytes_max) return damaged();
  std::string bytes(count, '\0');
  CF_CHECK(read(bytes.data(), count));
  return bytes;
}

Status CheckpointReader::finish() {
  const std::uint64_t expected = checksum_.value();
  std::uint64_t sum = 0;
  CF_CHECK(read(&sum, sizeof sum));
  return sum == expected ? Status(Done{}) : damaged();
}

}  // namespace cloudfolio::encoder

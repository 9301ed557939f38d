#include "encoder/checkpoint.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "base/limits.h"

namespace cloudfolio::encoder {

void Checksum::add(const void* data, std::size_t bytes_count) {
  constexpr std::uint64_t kPrime = 0x100000001b3U;
  const auto* at = static_cast<const unsigned char*>(data);
  while (bytes_count > 0) {
    std::uint64_t word = 0;
    const std::size_t count = bytes_count < sizeof word ? bytes_count : sizeof word;
    std::memcpy(&word, at, count);
    value_ = (value_ ^ word) * kPrime;
    value_ ^= value_ >> 29;
    at += count;
    bytes_count -= count;
  }
}

namespace checkpoint {
namespace fs = std::filesystem;
namespace {

constexpr char kMagic[] = {'C', 'F', 'C', 'K', 'P', 'T', '0', '1'};
constexpr std::size_t kPieceBytes = kMiB;

fs::path unfinished(const fs::path& path) {
  return path.string() + ".part";
}

Error damaged() {
  return Error(Code::corrupt, "the checkpoint is damaged, cut, or of another version");
}

}  // namespace

Writer::Writer(fs::path path, File file) : path_(std::move(path)), file_(std::move(file)) {}

Result<Writer> Writer::create(fs::path path) {
  File file(std::fopen(unfinished(path).c_str(), "wb"));
  if (!file) {
    return Error(Code::unavailable, "cannot write " + path.string() + ": " + std::strerror(errno));
  }
  Writer writer(std::move(path), std::move(file));
  writer.write(kMagic, sizeof kMagic);
  return writer;
}

Writer::~Writer() {
  if (!file_) return;
  std::error_code ignored;
  fs::remove(unfinished(path_), ignored);
}

void Writer::write(const void* data, std::size_t bytes_count) {
  if (failed_ || bytes_count == 0) return;
  checksum_.add(data, bytes_count);
  failed_ = std::fwrite(data, 1, bytes_count, file_.get()) != bytes_count;
}

void Writer::section(const void* data, std::size_t bytes_count) {
  const auto length = static_cast<std::uint64_t>(bytes_count);
  write(&length, sizeof length);
  write(data, bytes_count);
}

Status Writer::finish() {
  const std::uint64_t sum = checksum_.value();
  failed_ = failed_ || std::fwrite(&sum, 1, sizeof sum, file_.get()) != sizeof sum;
  failed_ = failed_ || std::fflush(file_.get()) != 0 || ::fsync(::fileno(file_.get())) != 0;
  file_.reset();
  std::error_code error;
  if (!failed_) fs::rename(unfinished(path_), path_, error);
  if (!failed_ && !error) return Done{};
  std::error_code ignored;
  fs::remove(unfinished(path_), ignored);
  return Error(Code::unavailable, "writing " + path_.string() + " failed: is the disk full?");
}

Result<Reader> Reader::open(const fs::path& path) {
  File file(std::fopen(path.c_str(), "rb"));
  if (!file) return Error(Code::not_found, path.string() + ": " + std::strerror(errno));
  // The sections must be walked as they were written: the checksum goes over their pieces.
  Reader reader(std::move(file));
  char magic[sizeof kMagic];
  CF_CHECK(reader.read(magic, sizeof magic));
  if (std::memcmp(magic, kMagic, sizeof magic) != 0) return damaged();
  std::error_code failed;
  const auto size = fs::file_size(path, failed);
  if (failed || size < sizeof kMagic + sizeof(std::uint64_t)) return damaged();
  Checksum checksum;
  checksum.add(magic, sizeof magic);
  std::uint64_t left = size - sizeof kMagic - sizeof(std::uint64_t);
  std::vector<char> bytes;
  while (left > 0) {
    std::uint64_t length = 0;
    if (left < sizeof length) return damaged();
    CF_CHECK(reader.read(&length, sizeof length));
    left -= sizeof length;
    if (length > left) return damaged();
    left -= length;
    checksum.add(&length, sizeof length);
    // In pieces of whole words, so that the sum is that of the section as one.
    for (std::uint64_t rest = length; rest > 0;) {
      bytes.resize(static_cast<std::size_t>(rest < kPieceBytes ? rest : kPieceBytes));
      CF_CHECK(reader.read(bytes.data(), bytes.size()));
      checksum.add(bytes.data(), bytes.size());
      rest -= bytes.size();
    }
  }
  std::uint64_t sum = 0;
  CF_CHECK(reader.read(&sum, sizeof sum));
  if (sum != checksum.value()) return damaged();
  std::fseek(reader.file_.get(), sizeof kMagic, SEEK_SET);
  return reader;
}

Status Reader::read(void* data, std::size_t bytes_count) {
  if (bytes_count == 0 || std::fread(data, 1, bytes_count, file_.get()) == bytes_count)
    return Done{};
  return damaged();
}

Result<std::size_t> Reader::length() {
  std::uint64_t length = 0;
  CF_CHECK(read(&length, sizeof length));
  return static_cast<std::size_t>(length);
}

Status Reader::section(void* data, std::size_t bytes_count) {
  CF_TRY(const std::size_t count, length());
  if (count != bytes_count) return damaged();
  return read(data, bytes_count);
}

Result<std::string> Reader::text(std::size_t bytes_max) {
  CF_TRY(const std::size_t count, length());
  if (count > bytes_max) return damaged();
  std::string bytes(count, '\0');
  CF_CHECK(read(bytes.data(), count));
  return bytes;
}

}  // namespace checkpoint
}  // namespace cloudfolio::encoder

#pragma once
// A file from which an interrupted training goes on: the trainer's whole state, whole or not at
// all.
//
// Layout (numbers little-endian, as this processor has them): "CFCKPT01", then sections, each a
// 64-bit length and as many bytes, then a 64-bit checksum of all before it. It serves the machine
// type that wrote it, and is not an interface: a file of another layout is `corrupt`, and training
// starts over.
//
// Threads: one caller at a time. Errors: unavailable (the disk refuses: nothing is left under the
// file's name, or what was there before), not_found, corrupt.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"

namespace cloudfolio::encoder {

// FNV-1a over words of eight bytes: finds damage, does not stand against an attacker.
class Checksum {
 public:
  void add(const void* data, std::size_t bytes_count);
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325U;
};

namespace checkpoint {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

class Writer {
 public:
  static Result<Writer> create(std::filesystem::path path);
  Writer(Writer&&) = default;
  ~Writer();

  // After an error the rest is ignored; finish() says it.
  void section(const void* data, std::size_t bytes_count);
  template <class T>
  void section(std::span<const T> values) {
    section(values.data(), values.size_bytes());
  }
  // Synced, and under its name.
  Status finish();

 private:
  Writer(std::filesystem::path path, File file);
  void write(const void* data, std::size_t bytes_count);

  std::filesystem::path path_;
  File file_;
  Checksum checksum_;
  bool failed_ = false;
};

class Reader {
 public:
  // Reads the file once to check it.
  static Result<Reader> open(const std::filesystem::path& path);

  // The next section, which must have exactly this length.
  Status section(void* data, std::size_t bytes_count);
  template <class T>
  Status section(std::span<T> values) {
    return section(values.data(), values.size_bytes());
  }
  // One whose length is not known; at most `bytes_max`.
  Result<std::string> text(std::size_t bytes_max);

 private:
  explicit Reader(File file) : file_(std::move(file)) {}
  Result<std::size_t> length();
  Status read(void* data, std::size_t bytes_count);

  File file_;
};

}  // namespace checkpoint
}  // namespace cloudfolio::encoder

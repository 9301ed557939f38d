#pragma once
// The trainer's whole state as a stream of bytes, from which an interrupted training goes on.
//
// Layout (numbers little-endian, as this processor has them): "CFCKPT01", then sections, each a
// 64-bit length and as many bytes, then a 64-bit checksum of all before it. It serves the machine
// type that wrote it, and is not an interface: bytes of another layout are `corrupt`, and training
// starts over.
//
// Threads: one caller at a time. Errors: corrupt; the sink's and the source's own.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

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

// Takes the stream's bytes in their order, in pieces of any length.
using CheckpointSink = std::function<Status(std::string_view bytes)>;
// Gives the stream's next bytes, as many as it likes; none at its end.
using CheckpointSource = std::function<Result<std::string>()>;

class CheckpointWriter {
 public:
  explicit CheckpointWriter(const CheckpointSink& sink);

  // After an error the rest is ignored; finish() says it.
  void section(const void* data, std::size_t bytes_count);
  template <class T>
  void section(std::span<const T> values) {
    section(values.data(), values.size_bytes());
  }
  Status finish();

 private:
  void write(const void* data, std::size_t bytes_count);

  const CheckpointSink& sink_;
  Checksum checksum_;
  Status so_far_ = Done{};
};

class CheckpointReader {
 public:
  explicit CheckpointReader(const CheckpointSource& source) : source_(source) {}

  // Before the first section.
  Status begin();
  // The next section, which must have exactly this length.
  Status section(void* data, std::size_t bytes_count);
  template <class T>
  Status section(std::span<T> values) {
    return section(values.data(), values.size_bytes());
  }
  // One whose length is not known; at most `bytes_max`.
  Result<std::string> text(std::size_t bytes_max);
  // After the last section. Until it succeeded, nothing that was read may be relied on.
  Status finish();

 private:
  Result<std::size_t> length();
  Status read(void* data, std::size_t bytes_count);

  const CheckpointSource& source_;
  std::string piece_;
  std::size_t at_ = 0;  // In piece_.
  Checksum checksum_;
};

}  // namespace cloudfolio::encoder

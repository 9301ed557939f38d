#include "crypto/random_bytes.h"

#include <openssl/rand.h>

#include "base/ensure.h"
#include "crypto/encoding.h"

namespace cloudfolio::crypto {

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  const int ok = RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), int(count));
  CF_ENSURE(ok == 1, "the system has no randomness");
  return bytes;
}

std::string random_hex(std::size_t byte_count) {
  return to_hex(random_bytes(byte_count));
}

std::string random_uuid() {
  std::string bytes = random_bytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  std::string text = to_hex(bytes);
  for (const std::size_t position : {20u, 16u, 12u, 8u}) text.insert(position, 1, '-');
  return text;
}

}  // namespace cloudfolio::crypto

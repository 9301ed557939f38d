#pragma once
// Digests and keyed digests of bytes in memory, and of streams.
//
// SHA-256 (FIPS 180-4) names and checks our own content; HMAC-SHA-256 (RFC 2104) signs requests and
// checks webhooks. MD5 (RFC 1321) and SHA-1 are here only because others' formats ask for them (the
// original cache's fingerprints, Content-MD5, Git's object ids): never use them for safety.
//
// Threads: thread-safe; a Sha256 object serves one thread at a time.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/secret.h"

struct evp_md_ctx_st;

namespace cloudfolio::crypto {

using Md5Digest = std::array<std::uint8_t, 16>;
using Sha1Digest = std::array<std::uint8_t, 20>;
using Sha256Digest = std::array<std::uint8_t, 32>;

Sha256Digest sha256(std::string_view bytes);
Sha1Digest sha1(std::string_view bytes);
Md5Digest md5(std::string_view bytes);
Sha256Digest hmac_sha256(std::string_view key, std::string_view bytes);
Sha256Digest hmac_sha256(const Secret& key, std::string_view bytes);

// Lower-case hex, as names and headers want them.
std::string sha256_hex(std::string_view bytes);
std::string sha1_hex(std::string_view bytes);
std::string md5_hex(std::string_view bytes);

// SHA-256 of what arrives in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void add(std::string_view bytes);
  // The digest of everything added; afterwards the object starts anew.
  Sha256Digest finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// Whether two byte strings are equal, in a time that depends only on their lengths. For anything
// that an attacker may guess at: signatures, tokens, keys.
bool equal_in_constant_time(std::string_view one, std::string_view other);

// A digest's bytes as text-like view, for encoding.h and for storing.
template <std::size_t kCount>
std::string_view as_view(const std::array<std::uint8_t, kCount>& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace cloudfolio::crypto
